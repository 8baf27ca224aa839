#!/usr/bin/env bash
# Mishap 17 of README.md: interrupted at any moment, offhook soon ends in order: with a valid report of what was done, and
# without a child or a temporary file. Killed, it takes its phone along.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/interrupted.sh"
bound=30

# before_ready SIGNAL
before_ready()
{
    adapter slow <<'SCRIPT'
say started
exec sleep 1000
SCRIPT
    begin --phone "$work/slow.yaml"
    until_said slow started
    interrupted "$1"
    expect 0 "len(s['messages'])"
    judged_again
}

test_17_sigint_before_the_phone_is_ready() { before_ready INT; }
test_17_sigterm_before_the_phone_is_ready() { before_ready TERM; }

test_17_sigint_while_a_registration_is_awaited()
{
    adapter away <<'SCRIPT'
exec 3<&0
exec "$@" < <(grep --line-buffered -v '"register"' <&3) > >(tee -a "${0%.sh}.says")
SCRIPT
    local folder=cisco-7960/call-in
    flow=$OFFHOOK_SOURCE/scenarios/$folder.yaml
    begin --phone "$work/away.yaml"
    until_said away ready
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
    until_said talk '"established"'
    interrupted "$1"
    expect True "sum(m['start_line'].startswith('INVITE') for m in s['messages']) == 2"
    expect 1 "sum(m['start_line'].startswith('BYE') for m in s['messages'])" # ours: the call is ended
    grep -q '"reason":"remote hangup"' "$work/talk.says" || fail "the phone was left in the call"
    judged_again
}

test_17_sigint_in_the_call() { in_the_call INT; }
test_17_sigterm_in_the_call() { in_the_call TERM; }
test_17_sighup_in_the_call() { in_the_call HUP; }

test_17_what_was_found_before_the_interruption_counts()
{
    hostile fault=ack-branch
    begin "${hostile[@]}"
    until_said hostile '"established"' && kill -INT "$pid"
    finish 1 "interrupted after a finding"
    report_is_valid
    expect "(True, 'fail', ['ack.branch'])" "r['interrupted'], s['verdict'], broken()"
}

test_17_the_other_scenarios_are_not_played()
{
    adapter talk <<'SCRIPT'
exec "$@" > >(tee -a "${0%.sh}.says")
SCRIPT
    mkdir "$work/flows"
    cp "$scenario" "$work/flows/1.yaml"
    cp "$scenario" "$work/flows/2.yaml"
    flow=$work/flows
    begin --phone "$work/talk.yaml"
    until_said talk '"established"'
    kill -INT "$pid"
    finish 3 "the first of two interrupted"
    report_is_valid
    expect "(True, ['inconclusive'])" "r['interrupted'], [s['verdict'] for s in r['scenarios']]"
}

test_17_a_phone_that_will_not_end_delays_little()
{
    adapter deaf <<'SCRIPT'
trap '' TERM INT HUP
say started
grep --line-buffered -v quit | "$@" | tee -a "${0%.sh}.says"
while :; do sleep 0.1; done
SCRIPT
    begin --phone "$work/deaf.yaml"
    until_said deaf '"established"'
    interrupted INT
}

test_17_a_second_signal_ends_it_without_waiting()
{
    adapter deaf <<'SCRIPT'
trap '' TERM INT HUP
say started
while :; do sleep 0.1; done
SCRIPT
    begin --phone "$work/deaf.yaml"
    until_said deaf started
    kill -INT "$pid"
    while grep -q '^ShdPnd:.*[1-9a-f]' "/proc/$pid/status"; do :; done # two at once would be one
    interrupted INT
    ends_within 900
}

test_17_the_phone_dies_with_a_killed_offhook()
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

# A folder that nobody holds; one that somebody holds stays.
test_17_what_a_killed_run_left_is_removed_by_the_next()
{
    local left=$work/tmp/offhook-phone-aaaaaa held=$work/tmp/offhook-phone-bbbbbb
    mkdir -p "$work/tmp"
    mkdir -m 700 "$left" "$held"
    >"$left/config"
    touch -d '2 minutes ago' "$left" "$held"
    exec 9<"$held"
    flock -x 9
    leftovers=expected
    start run "$scenario" -o "$work/out" --phone "$phone"
    until_wire 1 'INVITE'
    [ ! -e "$left" ] || fail "the folder of a run that is gone is still there"
    [ -e "$held" ] || fail "the folder of a run that lives was removed"
    finish 0 "a run beside what another left"
    leftovers=
    exec 9<&-
}

run_tests
