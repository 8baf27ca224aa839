#!/usr/bin/env bash
# Trouble with the phone's program in mid-call: what it does by itself is its finding, what is done to it
# from outside is nobody's; never a cascade, and nothing is left running.
. "$(dirname "$0")/lib.sh"

# What a phone does by itself is its own fault: no other finding stands beside it.
died()
{
    report_says fail "['phone.died']"
    reason_says "$1"
    expect True "'$2' in s['findings'][0]['observed']"
    expect "['must']" "[f['level'] for f in s['findings']]"
}

# The phone's program is bash; the reference phone is its child.
passing_on='exec 3<&0
ulimit -c 0
while read -r line; do
    printf "%s\n" "$line"
    case $line in *"\"event\":\"$when\""*) echo "it is $when: giving up" >&2; sleep 0.2; eval "$then" ;; esac
done < <("$@" <&3)'

test_a_phone_that_crashes_in_the_call()
{
    adapter crash <<<"when=established then='kill -SEGV \$\$'; $passing_on"
    play 1 --phone "$work/crash.yaml"
    died "SIGSEGV" "it is established: giving up"
    expect "{'not-reached'}" "set(x['verdict'] for x in s['steps'][9:])"
}

test_a_phone_that_aborts_when_it_rings()
{
    adapter abort <<<"when=calling then='kill -ABRT \$\$'; $passing_on"
    play 1 --phone "$work/abort.yaml"
    died "SIGABRT" "it is calling: giving up"
}

test_a_phone_that_exits_in_the_call()
{
    adapter leave <<<"when=established then='exit 0'; $passing_on"
    play 1 --phone "$work/leave.yaml"
    died "status 0" "it is established: giving up"
}

test_the_next_scenario_has_a_fresh_phone()
{
    mkdir "$work/flows"
    cp "$scenario" "$work/flows/1.yaml"
    cp "$scenario" "$work/flows/2.yaml"
    adapter once <<<"when=established then='[ -e $work/once ] || { >$work/once; kill -SEGV \$\$; }'; $passing_on"
    flow=$work/flows
    play 1 --phone "$work/once.yaml"
    report_is_valid
    expect "['fail', 'pass']" "[s['verdict'] for s in r['scenarios']]"
    expect "['phone.died']" "[f['id'] for s in r['scenarios'] for f in s['findings']]"
}

# from_outside SIGNAL: sent to the phone in mid-call.
from_outside()
{
    adapter outside <<'SCRIPT'
say "pid $$"
exec "$@" > >(tee -a "${0%.sh}.says")
SCRIPT
    begin --phone "$work/outside.yaml"
    until_said outside '"established"' || { finish 3 "$1"; return; }
    sleep 0.2
    kill "-$1" "$(sed -n 's/^pid //p' "$work/outside.says")" || fail "the phone is not there"
    finish 3 "a phone with $1 from outside"
    [ "$took_ms" -lt 9000 ] || fail "it takes $took_ms ms to end after $1"
    report_says inconclusive "[]"
    reason_says "from outside"
}

# It hangs up and un-registers before it goes: no fault of the phone's.
test_a_phone_told_to_end_from_outside()
{
    from_outside TERM
}

# It has the call, but takes no more orders.
test_a_phone_that_hangs()
{
    adapter hang <<'SCRIPT'
while read -r line; do
    case $line in *hangup*) say hung; sleep 1000 ;; esac
    printf '%s\n' "$line"
done | "$@"
SCRIPT
    play 1 --phone "$work/hang.yaml"
    grep -q hung "$work/hang.says" || fail "the phone was not asked to hang up"
    report_says fail "['phone.hung']"
    [ "$took_ms" -lt 20000 ] || fail "it takes $took_ms ms"
}

# What it prints is kept up to a limit, and what of it is no text makes no report invalid.
test_a_phone_that_prints_noise_and_dies()
{
    adapter noise <<<"when=established then='head -c 3000000 /dev/urandom >&2; echo bye >&2; sleep 0.2; kill -SEGV \$\$'; $passing_on"
    play 1 --phone "$work/noise.yaml"
    report_says fail "['phone.died']"
    reason_says SIGSEGV
    [ "$(stat -c %s "$work/out/$folder/run.json")" -lt 2000000 ] || fail "run.json is very long"
    offhook 1 check "$work/out"
}

test_a_phone_that_talks_a_lot_is_a_good_phone()
{
    adapter chatter <<'SCRIPT'
yes 'all is well' | head -c 20000000 >&2 &
printf 'no JSON\n\n{"event"\n[1,2]\n\377\376\n'
exec "$@"
SCRIPT
    play 0 --phone "$work/chatter.yaml"
    report_says pass "[]"
}

run_tests
