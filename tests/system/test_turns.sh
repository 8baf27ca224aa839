#!/bin/bash
# Several scenarios in one run: what befalls the phone in one is no fault of the next. Needs the right to capture.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

scenarios=$OFFHOOK_SOURCE/scenarios/cisco-7960

# phone_pid: the reference phone's process; waits until there is one.
phone_pid()
{
    local tries pid
    for ((tries = 0; tries < 500; tries++)); do
        for pid in $(marked); do
            [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != offhook-referen ] || { echo "$pid"; return; }
        done
        sleep 0.01
    done
    fail "the phone never starts"
}

test_a_phone_stopped_in_one_scenario_begins_afresh_in_the_next()
{
    start run "$scenarios/call-out.yaml" "$scenarios/call-out-busy.yaml" -o "$work/out" --color never --phone "$phone"
    kill -STOP "$(phone_pid)"
    finish 3 "run with a stopped phone"
    expect "['inconclusive', 'pass']" '[x["verdict"] for x in r["scenarios"]]'
}

test_a_phone_killed_in_one_scenario_begins_afresh_in_the_next()
{
    start run "$scenarios/call-out.yaml" "$scenarios/call-out-busy.yaml" -o "$work/out" --color never --phone "$phone"
    kill -KILL "$(phone_pid)"
    finish 3 "run with a killed phone"
    expect "pass" 'r["scenarios"][1]["verdict"]'
}

test_one_scenario_given_many_times_has_a_folder_for_each()
{
    local busy=$scenarios/call-out-busy.yaml
    offhook 0 run "$busy" "$busy" "$busy" -o "$work/out//" --json --phone "$phone"
    expect "['cisco-7960/call-out-busy', 'cisco-7960/call-out-busy~2', 'cisco-7960/call-out-busy~3']" \
        '[x["folder"] for x in r["scenarios"]]'
    python3 -m json.tool "$work/said" >/dev/null || fail "--json prints something else besides: $(cat "$work/said")"
    report_is_valid
}

test_a_wrong_option_is_told_with_the_command_and_nothing_is_played()
{
    offhook 2 run --bogus
    says "offhook run: there is no option '--bogus'"
    offhook 2 lint --bogus "$scenarios"
    says "offhook lint: there is no option '--bogus'"
    offhook 2 run "$scenarios" -o "$work/out" --phone "A=$phone" --phone "A=$phone"
    says "seat 'A' is given two phones"
    [ ! -e "$work/out" ] || fail "an output folder was made"
}

can_capture || skip "needs the right to capture"
run_tests
