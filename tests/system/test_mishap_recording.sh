#!/usr/bin/env bash
# Mishaps 12 and 15 of README.md: the clock is set, frames are lost. Shown on recordings that are edited. What needs times or absences is void then, and what was seen stands; a healthy phone is not accused.
. "$(dirname "$0")/lib.sh"

can_capture || skip "capturing needs root"
mishaps=$OFFHOOK_SOURCE/tests/data/mishaps
bound=30

# recorded NAME WORD...: a recording of the 407 flow at $work/NAME; WORDs are more arguments of run.
recorded()
{
    local name=$1 status=$2
    shift 2
    rm -rf "$work/out"
    play "$status" "$@"
    mv "$work/out" "$work/$name"
}

# recorded_without_bye: the phone says that it hangs up, and sends no BYE; at $work/silent. What is edited must be a
# recording in which offhook itself was never late: one that was is no better than what is to be shown.
recorded_without_bye()
{
    sed 's/^  - A -> P: BYE/&\n    within: 1 s/' "$mishaps/talk-short.yaml" >"$work/silent.yaml"
    hostile never=bye
    flow=$work/silent.yaml folder=silent
    local tries status=3
    for ((tries = 0; status == 3 && tries < 5; tries++)); do
        rm -rf "$work/silent" "$work/out"
        begin "${hostile[@]}"
        status=0
        wait "$pid" || status=$?
        [ "$status" -ne 3 ] || expect True "s['evidence']['timers_late_s'] > 0.2"
    done
    [ "$status" -eq 1 ] || fail "a phone without BYE: exit status $status: $(tail -n 20 "$work/said")"
    nothing_is_left "a phone without BYE"
    mv "$work/out" "$work/silent"
}

# edited NAME OPERATION...: a copy of it to which that was done, at $work/out.
edited()
{
    local name=$1
    shift
    rm -rf "$work/out"
    cp -r "$work/$name" "$work/out"
    "$python" "$OFFHOOK_SOURCE/tests/support/edit_recording.py" "$work/out/$folder" "$@" >"$work/edited" ||
        fail "the recording could not be edited"
    [ "$(cat "$work/edited")" -gt 0 ] || fail "nothing was edited"
}

# judged STATUS: what is there, into $work/out/report.json.
judged()
{
    rm -f "$work/out/report.json"
    offhook "$1" check "$work/out" --json
    cp "$work/said" "$work/out/report.json"
    ends_within 10000
    report_is_valid
}

test_12_the_clock_is_set()
{
    recorded healthy 0
    edited healthy set-clock 3600 # all that is awaited was seen, at whatever time
    judged 0
    expect "pass 3600.0" "f\"{s['verdict']} {s['evidence']['clock_step_s']}\""
    edited healthy set-clock -3600 # the second of RTP lies in no second of the clock
    judged 3
    expect "inconclusive []" "s['verdict'] + ' ' + str(broken())"
    reason_says "the machine's clock was set meanwhile, so that its times prove nothing"
}

# A player that did not notice it: stamps that go back tell it.
test_12_the_clock_is_set_and_nobody_noticed()
{
    recorded healthy 0
    UNNOTICED=yes edited healthy set-clock -3600
    judged 3
    expect "[]" "broken()"
    reason_says "the machine's clock was set meanwhile"
}

# What is on the wire is on the wire; what never came may have had no time to.
test_12_the_clock_is_set_and_the_phone_is_at_fault()
{
    hostile fault=ack-branch
    recorded branch 1 "${hostile[@]}"
    edited branch set-clock 3600
    judged 1
    expect "['ack.branch']" "broken()"
    recorded_without_bye
    edited silent set-clock 3600
    judged 3
    reason_says "the machine's clock was set meanwhile, so that its times prove nothing"
}

# By seed the lost frames are messages, RTP, or both.
test_15_frames_are_lost()
{
    local seed
    recorded healthy 0
    hostile fault=ack-branch
    recorded branch 1 "${hostile[@]}"
    for seed in 1 2; do
        edited healthy lose "$seed" 8
        judged 3
        expect "inconclusive []" "s['verdict'] + ' ' + str(broken())"
        edited branch lose "$seed" 8
        judged 1
        expect "fail ['ack.branch']" "s['verdict'] + ' ' + str(broken())"
    done
    recorded_without_bye
    for seed in 1 2; do
        edited silent lose "$seed" 8
        judged 3
        expect "inconclusive []" "s['verdict'] + ' ' + str(broken())"
        reason_says "frames were lost in the capture, so that an absence proves nothing"
    done
}

test_15_frames_of_media_are_lost()
{
    recorded_without_bye
    edited silent lose-rtp 3
    judged 3
    reason_says "frames were lost in the capture, so that an absence proves nothing"
}

run_tests
