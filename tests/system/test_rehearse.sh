#!/usr/bin/env bash
# 'offhook rehearse' from outside: the tree's scenarios are consistent and each check in them can fail;
# a file that is not is told with its line; nothing is left.
. "$(dirname "$0")/lib.sh"

# flow LINES: a scenario of these flow lines.
flow()
{
    cat >"$work/flow.yaml" <<END
format: 1
title: A flow of a test
source: RFC 3261 13
needs: [dial, hangup, rtp]
parties:
  A: phone
  P: proxy
  B: {behind: P, number: "5551234"}
flow:
$1
END
}

test_all_scenarios_are_consistent_and_each_of_their_checks_can_fail()
{
    start rehearse --break all "$OFFHOOK_SOURCE/scenarios"
    finish 0 "rehearse --break all scenarios"
    says ", 0 inconsistent"
    says ", 0 unnoticed"
    says "no more"
}

test_a_smoke_set_goes_over_real_sockets()
{
    start rehearse --sockets "$OFFHOOK_SOURCE/scenarios/cisco-7960" \
        "$OFFHOOK_SOURCE/scenarios/rfc3665" "$OFFHOOK_SOURCE/scenarios/dialog/call-in-tcp.yaml"
    finish 0 "rehearse --sockets"
    says ", 0 inconsistent"
}

test_a_check_that_cannot_fail_is_named()
{
    flow "  - A dials B
  - A -> P: INVITE
  - P -> A: 200
  - A -> P: ACK
  - P -> A: BYE
  - A -> P: 200
    must: {reason: {matches: \".*\"}, from.tag: present}"
    start rehearse --break all "$work/flow.yaml"
    finish 1 "a check that cannot fail"
    says "flow.yaml:16: reason is otherwise: no value was found that does not meet it"
    says "1 unnoticed"
}

test_a_flow_that_contradicts_itself_is_told_with_its_line()
{
    flow "  - A dials B
  - A -> P: INVITE
    must: {max-forwards: {above: 70, below: 60}}
  - P -> A: 486
  - A -> P: ACK"
    start rehearse "$work/flow.yaml"
    finish 1 "a contradiction"
    says "flow.yaml:12: what is wanted of max-forwards cannot be met"
    says "INCONSISTENT"
}

test_one_step_can_be_broken_alone()
{
    flow "  - A dials B
  - A -> P: INVITE
    must: {request-uri.user: \$B.number}
  - P -> A: 486
  - A -> P: ACK"
    start rehearse --verbose --break 14 "$work/flow.yaml"
    finish 0 "--break 14"
    says "flow.yaml:14: A -> P: ACK is left out: noticed by flow.missing"
    says "1 breaks, 0 unnoticed"
}

test_the_result_is_json_for_a_program()
{
    start rehearse --json --break all "$scenario"
    finish 0 "--json"
    "$python" - "$work/said" <<'END' || fail "the JSON is not as it should be"
import json, sys
r = json.load(open(sys.argv[1]))
assert r["format"] == "offhook-rehearsal/1" and "no more" in r["proves"]
assert r["summary"]["scenarios"] == 1 and r["summary"]["unnoticed"] == 0
s = r["scenarios"][0]
assert s["consistent"] and s["id"] == "cisco-7960/authentication-407"
assert len(s["breaks"]) == r["summary"]["breaks"] > 5
assert all(b["noticed"] and b["by"] and b["line"] > 0 for b in s["breaks"])
END
}

test_a_recording_that_is_kept_is_judged_again()
{
    start rehearse -o "$work/out" "$scenario"
    finish 0 "-o"
    start check "$work/out/$folder"
    finish 0 "check of a rehearsal"
    says "rehearsed phone"
}

test_wrong_usage_and_mistaken_files_are_told()
{
    start rehearse
    finish 2 "no file"
    start rehearse --break nothing "$scenario"
    finish 2 "--break nothing"
    start rehearse "$work/none.yaml"
    finish 2 "a file that is not there"
    flow "  - A dails B"
    start rehearse "$work/flow.yaml"
    finish 2 "a mistaken file"
}

run_tests
