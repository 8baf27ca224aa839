#!/usr/bin/env bash
# Mishaps 1, 2, 3 and 20 of README.md: the phone is killed or stopped from outside, or will not end.
# None of it is its fault: inconclusive, unless a must was broken before; its own stubbornness at the end is no
# message on the wire, and changes nothing.
. "$(dirname "$0")/lib.sh"

can_capture || skip "capturing needs root"
mishaps=$OFFHOOK_SOURCE/tests/data/mishaps
bound=30

# watched: the reference phone, whose id and events are said.
watched()
{
    adapter watched <<'SCRIPT'
say "pid $$"
exec "$@" > >(tee -a "${0%.sh}.says")
SCRIPT
}

phone_pid()
{
    sed -n 's/^pid //p' "$work/watched.says"
}

# until_stopped PID: what is continued before it stands still was never stopped. Without starting a program: offhook
# ends a phone that it sees standing still, and may be the faster one.
until_stopped()
{
    local tries state
    for ((tries = 0; tries < 100000; tries++)); do
        read -r _ _ state _ 2>/dev/null <"/proc/$1/stat" || return 0
        [[ $state != T ]] || return 0
    done
    fail "the phone does not stop"
}

# befalls SIGNAL... EVENT: the phone gets the signals when it says the event, in mishaps/$1.
befalls()
{
    local event=$2 signal stopped='' victim
    flow=$mishaps/$1.yaml
    folder=mishaps/$1
    shift 2
    watched
    begin --phone "$work/watched.yaml"
    until_said watched "\"$event\"" || return
    victim=$(phone_pid)
    for signal; do
        kill "-$signal" "$victim" 2>/dev/null || [ "$stopped" ] || fail "the phone is not there"
        [ "$signal" != STOP ] || { stopped=yes && until_stopped "$victim"; }
    done
    finish 3 "$flow with $*"
    ends_within 5000
    report_says inconclusive "[]"
    expect True "r['summary']['findings']['must'] == 0 and not r['interrupted']"
    expect "['not-reached', 'pass']" "sorted(set(x['verdict'] for x in s['steps']))"
}

test_01_killed_in_ringing()
{
    befalls ringing ringing KILL
    reason_says "the phone program was killed from outside: killed: SIGKILL"
    says "INCONCLUSIVE"
    befalls rung incoming KILL
    reason_says "the phone program was killed from outside: killed: SIGKILL"
}

test_02_killed_in_talk()
{
    befalls talk established KILL
    reason_says "the phone program was killed from outside: killed: SIGKILL"
    offhook 3 check "$work/out" --json
    expect "inconclusive" "s['verdict']" "$work/said"
}

# What it did before it was killed it did.
test_02_killed_in_talk_after_a_broken_must()
{
    flow=$mishaps/talk.yaml
    hostile fault=ack-branch
    begin "${hostile[@]}"
    until_said hostile '"established"' && kill -KILL "$(sed -n 's/^pid //p' "$work/hostile.says")"
    finish 1 "killed after a broken must"
    report_says fail "['ack.branch']"
}

test_03_stopped()
{
    befalls talk established STOP
    reason_says "the phone program was stopped from outside"
}

# However short it was stopped: its deadlines prove nothing.
test_03_stopped_and_continued()
{
    befalls talk established STOP CONT
    reason_says "the phone program was stopped from outside"
    befalls ringing ringing STOP CONT
    reason_says "the phone program was stopped from outside"
}

test_20_ignores_sigterm()
{
    adapter deaf <<'SCRIPT'
trap '' TERM INT HUP
grep --line-buffered -v quit | "$@"
while :; do sleep 0.1; done
SCRIPT
    play 0 --phone "$work/deaf.yaml"
    report_says pass "[]"
    [ "$took_ms" -gt 3000 ] || fail "the phone ended by itself: $took_ms ms"
    ends_within 9000
}

# Also a child that left the phone's session, and one that left its parent.
test_20_children_of_the_phone_end_with_it()
{
    adapter family <<'SCRIPT'
setsid bash -c 'trap "" TERM HUP; while :; do sleep 0.1; done' &
(setsid sleep 1000 &)
exec "$@"
SCRIPT
    play 0 --phone "$work/family.yaml"
    report_says pass "[]"
}

run_tests
