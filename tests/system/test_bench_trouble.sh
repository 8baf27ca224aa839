#!/usr/bin/env bash
# Trouble with the bench or the phone's program: who is to blame is told rightly, the report is whole,
# and nothing is left running.
. "$(dirname "$0")/lib.sh"

# report_says VERDICT FINDINGS: of the only scenario; FINDINGS are the ids of the failed ones.
report_says()
{
    report_is_valid
    expect "['$1']" "[s['verdict'] for s in r['scenarios']]"
    expect "$2" "broken()"
}

reason_says()
{
    local reason
    reason=$(report "s['reason']")
    [[ $reason == *"$1"* ]] || fail "the reason should say: $1"$'\n'"but is: $reason"
}

test_a_program_that_is_missing()
{
    sed "s,\${programs}/offhook-reference-phone,$work/no-such-phone,
         s,^install:.*,install: buy one," "$phone" >"$work/missing.yaml"
    play 3 --phone "$work/missing.yaml"
    says "$work/no-such-phone cannot be started"
    says "buy one"
    report_says error "[]"
    reason_says "No such file or directory; buy one"
}

test_a_program_that_may_not_be_executed()
{
    echo '#!/bin/true' >"$work/no-program"
    sed "s,\${programs}/offhook-reference-phone,$work/no-program," "$phone" >"$work/closed.yaml"
    play 3 --phone "$work/closed.yaml"
    report_says error "[]"
    reason_says "Permission denied"
}

test_a_missing_program_and_several_scenarios()
{
    sed "s,\${programs}/offhook-reference-phone,$work/no-such-phone," "$phone" >"$work/missing.yaml"
    flow=$OFFHOOK_SOURCE/scenarios
    play 3 --phone "$work/missing.yaml"
    report_is_valid
    expect "{'error'}" "set(s['verdict'] for s in r['scenarios'])"
    expect True "len(r['scenarios']) >= 5"
}

# The wrapper's own phone sits at the address first.
test_a_port_that_is_taken()
{
    adapter taken <<'SCRIPT'
sleep 60 | "$@" | { read -r _; say first; cat >/dev/null; } &
while ! grep -q first "${0%.sh}.says"; do sleep 0.01; done
exec "$@"
SCRIPT
    play 3 --phone "$work/taken.yaml"
    report_says error "[]"
    reason_says "ended before it was ready"
    reason_says "cannot listen on"
}

test_a_phone_that_ends_before_it_is_ready()
{
    adapter ends <<'SCRIPT'
echo 'no licence found' >&2
exit 7
SCRIPT
    play 3 --phone "$work/ends.yaml"
    report_says error "[]"
    reason_says "status 7"
    reason_says "no licence found"
}

test_a_phone_that_is_never_ready()
{
    adapter never <<'SCRIPT'
sleep 1000
SCRIPT
    sed -i 's/^  within: 5 s/  within: 700 ms/' "$work/never.yaml"
    play 3 --phone "$work/never.yaml"
    report_says error "[]"
    reason_says "was not ready within 700 ms"
}

# unprivileged: what follows is run without any right, from a copy that everybody may read.
unprivileged()
{
    mkdir -p "$work/bin" "$work/out"
    cp "$OFFHOOK" "$OFFHOOK_BUILD/offhook-reference-phone" "$work/bin"
    cp "$phone" "$scenario" "$work"
    chmod 711 "$scratch"
    chmod 777 "$work/out"
    before=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    "${before[@]}" true 2>/dev/null || before=(setpriv --bounding-set=-all --inh-caps=-all)
    "${before[@]}" true 2>/dev/null
}

test_no_right_to_capture()
{
    unprivileged || { skip_test "no right to drop rights"; return; }
    local own=$OFFHOOK
    OFFHOOK=$work/bin/offhook flow=$work/authentication-407.yaml
    echo '{"of": "an older run"}' >"$work/out/report.json"
    chmod 666 "$work/out/report.json"
    play 3 --phone "$work/reference-phone.yaml"
    says "no right to capture on lo"
    says "sudo setcap cap_net_raw+ep $work/bin/offhook"
    says "--no-capture"
    [ ! -e "$work/out/report.json" ] || fail "the report of an older run is still there"

    play 0 --phone "$work/reference-phone.yaml" --no-capture
    report_says pass "[]"
    expect tap "s['evidence']['source']"
    [ ! -e "$work/out/$folder/capture.pcap" ] || fail "a capture was written"

    play 1 --phone "$work/reference-phone.yaml" --no-capture --phone-param mutant=ack-new-branch
    report_says fail "['ack.branch']"
    OFFHOOK=$own
}

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

test_a_phone_killed_from_outside()
{
    from_outside KILL
    reason_says "SIGKILL"
}

test_a_phone_terminated_from_outside()
{
    from_outside STOP
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

test_a_phone_that_will_not_end()
{
    adapter deaf <<'SCRIPT'
trap '' TERM INT HUP
grep --line-buffered -v quit | "$@"
while :; do sleep 0.1; done
SCRIPT
    play 0 --phone "$work/deaf.yaml"
    report_says pass "[]"
    [ "$took_ms" -gt 3000 ] || fail "the phone ended by itself: $took_ms ms"
    [ "$took_ms" -lt 9000 ] || fail "it takes $took_ms ms"
}

run_tests
