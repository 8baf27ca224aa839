#!/usr/bin/env bash
# offhook record: what it writes of a capture reads without a mistake, passes on that capture, fails on
# it with one field changed, and is consistent where both sides are played from it.
. "$(dirname "$0")/lib.sh"

at_once=4
before_all=test_0_all_scenarios_are_played
helpers=$OFFHOOK_SOURCE/tests/system
captures=$scratch/captures # of the scenarios, with the reference phone
played=$scratch/played     # their reports

can_capture || skip "wants the right to capture"

# play_one FILE: the scenarios of one file, whose captures then lie below $captures by their ids.
play_one()
{
    local out
    out=$(mktemp -d -p "$played")
    timeout 60 "$OFFHOOK" run "$1" --phone "$phone" -o "$out" --color never >"$out/said" 2>&1
    (cd "$out" && find . -name capture.pcap -printf '%h\n') | while read -r one; do
        mkdir -p "$captures/${one%/*}"
        mv "$out/$one" "$captures/${one%/*}"
    done
}

# Most of the time each waits for its phone; those that wait 64*T1 for their schedule are left out.
test_0_all_scenarios_are_played()
{
    mkdir -p "$played" "$captures"
    export phone played captures
    export -f play_one
    find "$OFFHOOK_SOURCE/scenarios" -name '*.yaml' -not -path '*/requirements/*' -print0 |
        xargs -0 grep -LZ '^ *retransmits:' | xargs -0 -P 12 -I{} bash -c 'play_one {}'
    [ "$(find "$captures" -name capture.pcap | wc -l)" -gt 75 ] ||
        fail "too few captures: $(tail -qn 1 "$played"/*/said | sort | uniq -c)"
}

# recorded CAPTURE NAME [OPTION...]: the scenario of it, without a mistake, in $work/NAME.yaml.
recorded()
{
    local capture=$1 file=$work/$2.yaml
    shift 2
    mkdir -p "$(dirname "$file")"
    "$OFFHOOK" record "$capture" -o "$file" "$@" >"$work/said" 2>&1 ||
        { fail "$capture cannot be recorded: $(head -2 "$work/said")"; return 1; }
    "$OFFHOOK" lint "$file" >"$work/said" 2>&1 ||
        { fail "what was made of $capture has mistakes: $(head -4 "$work/said")"; return 1; }
}

# verdicts SCENARIO CAPTURE...: how often each verdict, "10 fail".
verdicts()
{
    local flow=$1
    shift
    "$OFFHOOK" check "$@" --scenario "$flow" --json -o "$work/out" >"$work/json" 2>"$work/why"
    "$python" -ES -c 'import collections, json, sys
print(*sorted("%d %s" % (n, v) for v, n in collections.Counter(
    s["verdict"] for s in json.load(open(sys.argv[1]))["scenarios"]).items()))' "$work/json"
}

# seat_of FOLDER: the phone's IP address in a run.
seat_of()
{
    "$python" -ES -c 'import json, sys
print(next(s for s in json.load(open(sys.argv[1]))["seats"] if s["name"] == "A")["sip"].rsplit(":", 1)[0])' \
        "$1/run.json"
}

# passed: the captures of flows in which nothing was found of the phone.
passed()
{
    "$python" -ES -c 'import glob, json, sys
for path in sorted(glob.glob(sys.argv[2] + "/*/report.json")):
    for s in json.load(open(path))["scenarios"]:
        if s["verdict"] == "pass" and not any(f["result"] == "fail" for f in s["findings"]):
            print(sys.argv[1] + "/" + s["folder"] + "/capture.pcap")' "$captures" "$played"
}

# keeps_its_promises EVERY-SECOND: of the captures of the tree, the even or the odd ones.
keeps_its_promises()
{
    local capture name seat count=0 edited found wanted
    while read -r capture; do
        count=$((count + 1))
        [ $((count % 2)) -eq "$1" ] || continue
        name=${capture#"$captures"/}
        name=${name%/capture.pcap}
        seat=$(seat_of "${capture%/*}")
        recorded "$capture" "$name" --phone-address "$seat" || continue
        found=$(verdicts "$work/$name.yaml" "$capture" --phone-address "$seat")
        [ "$found" = "1 pass" ] || fail "$name on its own capture: $found"
        edited=$work/edited
        rm -rf "$edited"
        mkdir "$edited"
        found=$("$python" -ES "$helpers/edit_capture.py" "$capture" "$seat" "$edited" 10)
        [ "$found" -ge 4 ] || fail "$name: only $found edits"
        [ "$found" -le 10 ] || found=10
        wanted="$found fail"
        found=$(verdicts "$work/$name.yaml" "$edited"/*.pcap --phone-address "$seat")
        [ "$found" = "$wanted" ] || fail "$name on ten edits: $found: $(ls "$edited" | tr '\n' ' ')"
    done < <(passed)
    rehearses
}

# rehearses: each of the files that were recorded is consistent.
rehearses()
{
    local files
    readarray -t files < <(find "$work" -name '*.yaml')
    [ "${#files[@]}" -gt 0 ] || fail "nothing was recorded"
    timeout 60 "$OFFHOOK" rehearse "${files[@]}" >"$work/said" 2>&1 ||
        fail "recorded, but not consistent: $(head -n 6 "$work/said")"
}

test_captures_of_the_tree_are_recorded_pass_and_fail_when_edited()
{
    keeps_its_promises 0
}

test_other_captures_of_the_tree_are_recorded_pass_and_fail_when_edited()
{
    keeps_its_promises 1
}

# These phones break rules of their own in these captures, whatever the flow.
faulty="baresip-authentication-407 linphone-call-in"

test_captures_of_other_phones_are_recorded_and_pass()
{
    local text name address found wanted
    for text in "$OFFHOOK_SOURCE"/tests/data/kills/captures/*.txt; do
        name=$(basename "$text" .txt)
        address=$("$python" "$helpers/text_to_pcap.py" "$text" "$work/$name.pcap")
        [ "$name" != phone-invite-while-pending ] || continue # told below
        local named=(--phone-address "$address")
        [ "$name" != linphone-call-out-tcp ] || named=() # its connection comes from another address
        recorded "$work/$name.pcap" "$name" "${named[@]}" || continue
        wanted="1 pass"
        [[ " $faulty " != *" $name "* ]] || wanted="1 fail"
        found=$(verdicts "$work/$name.yaml" "$work/$name.pcap")
        [ "$found" = "$wanted" ] || fail "$name on its own capture: $found"
    done
}

test_the_407_flow_reads_as_a_person_would_write_it()
{
    recorded "$captures/$folder/capture.pcap" 407
    diff <(grep -oE '^  - [^:]*(: [A-Z0-9]+)?' "$work/407.yaml") - <<'FLOW' >"$work/diff" || fail "$(cat "$work/diff")"
  - A dials B
  - A -> P: INVITE
  - P -> A: 407
  - A -> P: ACK
  - A -> P: INVITE
  - P -> A: 180
  - P -> A: 200
  - A -> P: ACK
  - A <-> B: RTP
  - A hangs up
  - A -> P: BYE
  - P -> A: 200
FLOW
    grep -q '^covers: \[.*auth.invite.407-retry' "$work/407.yaml" || fail "no requirement is suggested"
    grep -q 'proxy-authorization.nonce: \$challenge.proxy-authenticate.nonce' "$work/407.yaml" ||
        fail "the nonce is not tied to its challenge"
}

test_answers_that_cross_have_no_scenario()
{
    local address
    address=$("$python" "$helpers/text_to_pcap.py" \
        "$OFFHOOK_SOURCE/tests/data/kills/captures/phone-invite-while-pending.txt" "$work/x.pcap")
    offhook 2 record "$work/x.pcap" --phone-address "$address" -o "$work/x.yaml"
    says "this capture's flow cannot be written as a scenario: line "
    [ ! -e "$work/x.yaml" ] || fail "it was written all the same"
}

test_what_cannot_be_recorded_is_told()
{
    offhook 2 record "$work/none.pcap"
    offhook 2 record
    offhook 2 record "$OFFHOOK_SOURCE/README.md"
    offhook 2 record "$captures/$folder/capture.pcap" --phone-address 192.0.2.1
    says "holds no message sent by 192.0.2.1"
}

run_tests
