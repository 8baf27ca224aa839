#!/usr/bin/env bash
# Every scenario of the tree with the healthy reference phone: nothing is found, neither of the phone nor
# of a message of offhook's own, with the whole wire as evidence.
. "$(dirname "$0")/lib.sh"

can_capture || skip "capturing needs root"

# Why nothing can be said of some flows by their capture alone: it ends with the last message, so that
# no silence behind that is seen; and it does not tell which of several phones is which.
unseen='in this capture it was over sooner than the flow has it|a flow with several phones'

# What passed as a run is accused of nothing where its capture is all that there is. Prints what is.
accused()
{
    "$python" - "$OFFHOOK" "$work/out" "$OFFHOOK_SOURCE/scenarios" "$work/checked" "$unseen" <<'END'
import json, os, re, subprocess, sys
offhook, played, flows, out, unseen = sys.argv[1:]
for s in json.load(open(played + "/report.json"))["scenarios"]:
    folder = f"{played}/{s['folder']}"
    words = [offhook, "check", folder + "/capture.pcap", "--scenario",
             f"{flows}/{s['id'].split('[')[0]}.yaml", "--json", "-o", out]
    if os.path.exists(folder + "/secrets.json"):
        words += ["--credentials", folder + "/secrets.json"]
    found = json.loads(subprocess.run(words, capture_output=True, check=False).stdout)["scenarios"]
    for x in found:
        known = x["verdict"] == "inconclusive" and re.search(unseen, x["reason"])
        if x["verdict"] != "pass" and not known:
            print(s["id"], x["verdict"], x["reason"], [f["id"] for f in x["findings"]])
    if [x["id"].split("[")[0] for x in found] != [s["id"].split("[")[0]]: # rows may look alike
        print(s["id"], "is found as", [x["id"] for x in found])
END
}

every()
{
    flow=$OFFHOOK_SOURCE/scenarios/$1
    play 0
    expect "{'pass'}" "set(s['verdict'] for s in r['scenarios'])"
    expect "[]" "[(s['id'], f['id'], f['text']) for s in r['scenarios'] for f in s['findings']]"
    expect 0 "r['summary']['findings']['ours']"
    expect "{True}" "set(s['evidence']['complete'] for s in r['scenarios'])"
    local wrong
    wrong=$(accused) || fail "the captures could not be checked"
    [ -z "$wrong" ] || fail "by the captures alone: $wrong"
}

test_cisco_7960() { every cisco-7960; }
test_rfc3665() { every rfc3665; }
test_registration() { every registration; }
test_digest() { every digest; }
test_dialog() { every dialog; }
test_redirect() { every redirect; }
test_several() { every several; }

# So that a new folder is not forgotten here. requirements/ holds no flows.
test_all_folders()
{
    local folder
    for folder in "$OFFHOOK_SOURCE"/scenarios/*/; do
        [ "$(basename "$folder")" != requirements ] || continue
        declare -F "test_$(basename "$folder" | tr - _)" >/dev/null || fail "$folder is not played"
    done
}

run_tests
