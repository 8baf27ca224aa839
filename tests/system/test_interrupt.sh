#!/usr/bin/env bash
# Interrupted at any moment, offhook soon ends in order: with a valid report of what was done, and
# without a child or a temporary file. Killed, it takes its phone along.
. "$(dirname "$0")/lib.sh"

# interrupted SIGNAL...: sends the signals and expects an orderly end within 5 s.
interrupted()
{
    local signal
    for signal; do
        kill "-$signal" "$pid" || fail "offhook is not there"
    done
    finish 3 "interrupted by $1"
    [ "$took_ms" -lt 5000 ] || fail "it takes $took_ms ms to end"
    report_is_valid
    expect True "r['interrupted']"
    expect inconclusive "s['verdict']"
    expect "interrupted by the user" "s['reason']"
    expect "[]" "broken()"
    [ -s "$work/out/$folder/run.json" ] || fail "there is no run.json"
}

# What was recorded can be judged again.
judged_again()
{
    offhook 3 check "$work/out" --json
    expect "inconclusive interrupted by the user" "s['verdict'] + ' ' + s['reason']" "$work/said"
}

# before_ready SIGNAL
before_ready()
{
    adapter slow <<'SCRIPT'
say started
exec sleep 1000
SCRIPT
    begin --phone "$work/slow.yaml"
    until_said slow started && sleep 0.1
    interrupted "$1"
    expect 0 "len(s['messages'])"
    judged_again
}

test_sigint_before_the_phone_is_ready() { before_ready INT; }
test_sigterm_before_the_phone_is_ready() { before_ready TERM; }

test_sigint_while_a_registration_is_awaited()
{
    adapter away <<'SCRIPT'
exec 3<&0
exec "$@" < <(grep --line-buffered -v '"register"' <&3) > >(tee -a "${0%.sh}.says")
SCRIPT
    local folder=cisco-7960/call-in
    flow=$OFFHOOK_SOURCE/scenarios/$folder.yaml
    begin --phone "$work/away.yaml"
    until_said away ready && sleep 0.3
    interrupted INT
    expect 0 "len(s['messages'])"
}

# in_the_call SIGNAL
in_the_call()
{
    adapter talk <<'SCRIPT'
exec "$@" > >(tee -a "${0%.sh}.says")
SCRIPT
    begin --phone "$work/talk.yaml"
    until_said talk '"established"' && sleep 0.2
    interrupted "$1"
    expect True "sum(m['start_line'].startswith('INVITE') for m in s['messages']) == 2"
    expect 1 "sum(m['start_line'].startswith('BYE') for m in s['messages'])" # ours: the call is ended
    grep -q '"reason":"remote hangup"' "$work/talk.says" || fail "the phone was left in the call"
    judged_again
}

test_sigint_in_the_call() { in_the_call INT; }
test_sigterm_in_the_call() { in_the_call TERM; }
test_sighup_in_the_call() { in_the_call HUP; }

# waiting SIGNAL: for the INVITE that this mutant never sends. That it is missing is not told: its time
# was not up.
waiting()
{
    adapter mute <<'SCRIPT'
exec "$@" > >(tee -a "${0%.sh}.says")
SCRIPT
    begin --phone "$work/mute.yaml" --phone-param mutant=no-second-invite
    until_said mute '"calling"' && sleep 0.5
    interrupted "$1"
    expect True "sum(m['start_line'].startswith('INVITE') for m in s['messages']) == 1"
    judged_again
}

test_sigint_while_a_message_is_awaited() { waiting INT; }
test_sigterm_while_a_message_is_awaited() { waiting TERM; }

test_what_was_found_before_the_interruption_counts()
{
    adapter talk <<'SCRIPT'
exec "$@" > >(tee -a "${0%.sh}.says")
SCRIPT
    begin --phone "$work/talk.yaml" --phone-param mutant=ack-new-branch
    until_said talk '"established"' && sleep 0.2
    kill -INT "$pid"
    finish 1 "interrupted after a finding"
    report_is_valid
    expect "(True, 'fail', ['ack.branch'])" "r['interrupted'], s['verdict'], broken()"
}

test_the_other_scenarios_are_not_played()
{
    adapter talk <<'SCRIPT'
exec "$@" > >(tee -a "${0%.sh}.says")
SCRIPT
    mkdir "$work/flows"
    cp "$scenario" "$work/flows/1.yaml"
    cp "$scenario" "$work/flows/2.yaml"
    flow=$work/flows
    begin --phone "$work/talk.yaml"
    until_said talk '"established"' && sleep 0.2
    kill -INT "$pid"
    finish 3 "the first of two interrupted"
    report_is_valid
    expect "(True, ['inconclusive'])" "r['interrupted'], [s['verdict'] for s in r['scenarios']]"
}

test_a_phone_that_will_not_end_delays_little()
{
    adapter deaf <<'SCRIPT'
trap '' TERM INT HUP
say started
grep --line-buffered -v quit | "$@" | tee -a "${0%.sh}.says"
while :; do sleep 0.1; done
SCRIPT
    begin --phone "$work/deaf.yaml"
    until_said deaf '"established"' && sleep 0.2
    interrupted INT
}

test_a_second_signal_ends_it_without_waiting()
{
    adapter deaf <<'SCRIPT'
trap '' TERM INT HUP
say started
while :; do sleep 0.1; done
SCRIPT
    begin --phone "$work/deaf.yaml"
    until_said deaf started && sleep 0.1
    kill -INT "$pid"
    sleep 0.2
    interrupted INT
    [ "$took_ms" -lt 900 ] || fail "it takes $took_ms ms to end"
}

test_the_phone_dies_with_a_killed_offhook()
{
    adapter talk <<'SCRIPT'
exec "$@" > >(tee -a "${0%.sh}.says")
SCRIPT
    begin --phone "$work/talk.yaml"
    until_said talk '"established"'
    [ "$(marked | wc -l)" -ge 2 ] || fail "phone and offhook are not both seen running"
    kill -KILL "$pid"
    leftovers=expected # the phone's folder: nobody is there to remove it
    finish 137 "killed"
    leftovers=
}

run_tests
