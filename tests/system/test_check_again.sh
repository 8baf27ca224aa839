#!/usr/bin/env bash
# A run folder is all that a verdict needs: moved elsewhere, with scenarios, adapters and the tree gone,
# it is judged again to the same id, verdict, reason, steps and findings.
. "$(dirname "$0")/lib.sh"

# bare: from now on a copy of the binary that finds no tree, run in an empty folder.
bare()
{
    mkdir -p "$work/elsewhere/bin" "$work/elsewhere/cwd"
    cp "$OFFHOOK" "$work/elsewhere/bin/offhook"
    before=(env -C "$work/elsewhere/cwd" "PATH=/usr/bin:/bin")
    OFFHOOK=$work/elsewhere/bin/offhook
}

# record ARGUMENT...: a run of copies of some scenarios and the adapter that are gone afterwards; what it
# left is at $work/moved.
record()
{
    local status=$1
    shift
    mkdir -p "$work/scenarios/dialog"
    cp -r "$OFFHOOK_SOURCE"/scenarios/{cisco-7960,rfc3665} "$work/scenarios"
    cp "$OFFHOOK_SOURCE"/scenarios/dialog/{call-out-tcp,cancel-487,hold-by-phone}.yaml "$work/scenarios/dialog"
    cp "$phone" "$work/reference-phone.yaml"
    flow=${flows:-$work/scenarios}
    play "$status" --phone "$work/reference-phone.yaml" "$@"
    rm -r "$work/scenarios" "$work/reference-phone.yaml"
    mv "$work/out" "$work/moved"
}

# same ORIGINAL AGAIN [FOLDER]: both reports say the same of each scenario, or of that in FOLDER.
same()
{
    python3 - "$@" <<'PY' || fail "judged again it is another: $(cat "$work/differs")"
import json, sys
original, again = (json.load(open(f))["scenarios"] for f in sys.argv[1:3])
if len(sys.argv) > 3:
    original = [s for s in original if s["folder"] == sys.argv[3]]
keys = ("id", "title", "verdict", "reason", "steps", "findings", "messages")
part = lambda s: {k: s[k] for k in keys}
differs = [(a["id"], k, a[k], b[k]) for a, b in zip(original, again) for k in keys if a[k] != b[k]]
if len(original) != len(again) or not original:
    differs.append(("scenarios", len(original), len(again)))
open(sys.argv[1].rsplit("/", 2)[0] + "/differs", "w").write(str(differs)[:2000])
sys.exit(bool(differs))
PY
}

# again STATUS: the moved folder as a whole, and each scenario's folder in it.
again()
{
    local one own=$OFFHOOK
    bare
    offhook "$1" check "$work/moved" --json
    same "$work/moved/report.json" "$work/said"
    report_is_valid "$work/said"
    while read -r one; do
        start check "$work/moved/$one" --json
        finish "$(report "{'pass': 0, 'fail': 1}[[s for s in r['scenarios'] if s['folder'] == '$one'][0]['verdict']]" \
            "$work/moved/report.json")" "check $one"
        same "$work/moved/report.json" "$work/said" "$one"
    done < <(cd "$work/moved" && find . -name run.json -printf '%P\n' | sed 's,/run.json,,')
    OFFHOOK=$own
}

test_a_healthy_phone()
{
    record 0
    expect 8 "len(r['scenarios'])" "$work/moved/report.json"
    again 0
}

test_a_phone_with_a_fault()
{
    record 1 --phone-param mutant=ack-new-branch
    expect "True" "r['summary']['fail'] >= 1 and 'ack.branch' in broken([s for s in r['scenarios'] if '407' in s['id']][0])" \
        "$work/moved/report.json"
    again 1
}

test_a_run_without_capture()
{
    flows=$work/scenarios/cisco-7960/authentication-407.yaml
    record 1 --no-capture --phone-param mutant=wrong-response
    flows=
    again 1
}

test_the_text_form_is_the_same()
{
    flows=$work/scenarios/cisco-7960/authentication-407.yaml
    record 1 --phone-param mutant=ack-new-branch
    flows=
    cp "$work/said" "$work/first"
    bare
    offhook 1 check "$work/moved" --color never
    grep -v '^report: ' "$work/first" | diff - "$work/said" >"$work/differs" ||
        fail "run and check do not print the same: $(cat "$work/differs")"
    OFFHOOK=$own_offhook
}

test_a_report_of_its_own()
{
    flows=$work/scenarios/cisco-7960/authentication-407.yaml
    record 0
    flows=
    offhook 0 check "$work/moved" -o "$work/new"
    report_is_valid "$work/new/report.json"
    same "$work/moved/report.json" "$work/new/report.json"
    cp -r "$work/moved" "$work/closed" # judging leaves a run folder as it is
    offhook 0 check "$work/closed"
    diff -r "$work/moved" "$work/closed" >"$work/differs" || fail "check changes the run folder: $(cat "$work/differs")"
}

test_without_the_secrets()
{
    flows=$work/scenarios/cisco-7960/authentication-407.yaml
    record 1 --phone-param mutant=wrong-response
    flows=
    expect "['digest.response']" "broken()" "$work/moved/report.json"
    rm "$work/moved/$folder/secrets.json"
    offhook 3 check "$work/moved" --json # the must 'proxy-authorization: valid' cannot be told
    expect "('inconclusive', [])" "(s['verdict'], broken())" "$work/said"
    expect "['not-checkable']" "[f['result'] for f in s['findings']]" "$work/said"
    expect True "s['rules']['not_checkable'] > 0" "$work/said"
    offhook 3 check "$work/moved"
    says "the account's password is not known here"
}

test_without_the_capture()
{
    flows=$work/scenarios/cisco-7960/authentication-407.yaml
    record 0
    flows=
    rm "$work/moved/$folder/capture.pcap"
    offhook 2 check "$work/moved"
    says "$work/moved/$folder/capture.pcap"
    : >"$work/moved/$folder/capture.pcap"
    offhook 2 check "$work/moved"
    says "$work/moved/$folder/capture.pcap"
}

# damaged SCRIPT SENTENCE: run.json changed by Python code on its text, t.
damaged()
{
    local file=$work/moved/$folder/run.json
    cp "$file" "$work/whole.json"
    python3 -c "import sys, json; t = open(sys.argv[1]).read(); $1; open(sys.argv[1], 'w').write(t)" "$file"
    cmp -s "$file" "$work/whole.json" && fail "'$1' changes nothing"
    offhook 2 check "$work/moved"
    says "$file"
    says "$2"
    cp "$work/whole.json" "$file"
}

test_a_damaged_run_file()
{
    flows=$work/scenarios/cisco-7960/authentication-407.yaml
    record 0
    flows=
    damaged 't = ""' "error:"
    damaged 't = t[:len(t) // 2]' "error:"
    damaged 't = "[]"' "error:"
    damaged 't = t.replace("offhook-run/1", "offhook-run/9")' "offhook-run/1"
    damaged 'd = json.loads(t); del d["seats"]; t = json.dumps(d)' "seats"
    damaged 'd = json.loads(t); d["tap"] = 7; t = json.dumps(d)' "tap"
    damaged 'd = json.loads(t); d["journal"][0]["step"] = 4000; t = json.dumps(d)' "step"
    damaged 'd = json.loads(t); d["scenario"]["text"] = "flow: 7"; t = json.dumps(d)' "the scenario has no 'title'"
    offhook 0 check "$work/moved" # as it was
}

# An output folder holds what older runs left, too; a run is what its report lists.
test_what_the_report_lists_is_judged()
{
    flows=$work/scenarios/cisco-7960
    record 0
    flows=
    expect "True" "len(r['scenarios']) > 2" "$work/moved/report.json"
    python3 - "$work/moved/report.json" <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))
r["scenarios"] = r["scenarios"][1::-1]
json.dump(r, open(sys.argv[1], "w"))
PY
    offhook 0 check "$work/moved" --json
    same "$work/moved/report.json" "$work/said"
    expect 0 "r['exit_status']" "$work/said"
    rm "$work/moved/report.json"
    offhook 0 check "$work/moved" --json
    expect "True" "len(r['scenarios']) > 2" "$work/said"
    : >"$work/moved/report.json"
    offhook 2 check "$work/moved"
    says "all recordings below $work/moved are judged"
}

test_one_bad_recording_does_not_stop_the_others()
{
    flows=$work/scenarios/cisco-7960
    record 0
    flows=
    : >"$work/moved/$folder/run.json"
    "$OFFHOOK" check "$work/moved" --json >"$work/json" 2>"$work/said"
    [ $? -eq 3 ] || fail "the exit status is not 3"
    says "$work/moved/$folder/run.json"
    report_is_valid "$work/json"
    expect "(3, 0)" "r['exit_status'], r['summary']['fail']" "$work/json"
    expect "True" "len(r['scenarios']) > 1 and not any('407' in s['id'] for s in r['scenarios'])" "$work/json"
    rm -r "$work/moved/$folder"
    offhook 3 check "$work/moved"
    says "$work/moved/$folder"
    find "$work/moved" -name run.json -delete
    offhook 2 check "$work/moved"
}

test_a_report_is_found_in_its_folder()
{
    flows=$work/scenarios/cisco-7960/call-out-busy.yaml
    record 0
    flows=
    offhook 0 report "$work/moved"
    cp "$work/said" "$work/first"
    offhook 0 report "$work/moved/report.json" --text
    cmp -s "$work/first" "$work/said" || fail "folder and file are not the same report"
    says "PASS"
}

test_what_is_no_run_folder()
{
    mkdir "$work/empty"
    offhook 2 check "$work/empty"
    says "is no run folder"
    offhook 2 check "$work/missing"
    says "$work/missing"
    offhook 2 check "$scenario"
    says "$scenario"
}

own_offhook=$OFFHOOK
run_tests
