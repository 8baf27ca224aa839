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

# recorded CAPTURE NAME [OPTION...]: the scenario of it in $work/NAME.yaml.
recorded()
{
    local capture=$1 file=$work/$2.yaml
    shift 2
    mkdir -p "$(dirname "$file")"
    "$OFFHOOK" record "$capture" -o "$file" "$@" >"$work/said" 2>&1 ||
        { fail "$capture cannot be recorded: $(head -2 "$work/said")"; return 1; }
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

# passed: the captures of flows in which nothing was found of the phone: "CAPTURE<tab>PHONE'S ADDRESS".
passed()
{
    "$python" -ES -c 'import glob, json, sys
for path in sorted(glob.glob(sys.argv[2] + "/*/report.json")):
    for s in json.load(open(path))["scenarios"]:
        if s["verdict"] == "pass" and not any(f["result"] == "fail" for f in s["findings"]):
            folder = sys.argv[1] + "/" + s["folder"]
            seat = next(x for x in json.load(open(folder + "/run.json"))["seats"] if x["name"] == "A")
            print(folder + "/capture.pcap", seat["sip"].rsplit(":", 1)[0], sep="\t")' "$captures" "$played"
}

# wrong_verdicts <"NAME<tab>REPORT": of each the first entry, its own capture, is to pass, and all others,
# four at least, are to fail. What is not so is printed.
wrong_verdicts()
{
    "$python" -ES -c 'import collections, json, sys
for line in sys.stdin:
    name, report = line.rstrip("\n").split("\t")
    own, *edited = [s["verdict"] for s in json.load(open(report))["scenarios"]]
    if own != "pass":
        print(name + " on its own capture: " + own)
    if len(edited) < 4 or set(edited) != {"fail"}:
        print(name + " on its edits:", dict(collections.Counter(edited)),
              [i for i, verdict in enumerate(edited) if verdict != "fail"])'
}

# keeps_its_promises EVERY-SECOND: of the captures of the tree, the even or the odd ones.
keeps_its_promises()
{
    local capture name seat edited
    passed | awk "NR % 2 == $1" >"$work/chosen"
    while IFS=$'\t' read -r capture seat; do
        name=${capture#"$captures"/}
        name=${name%/capture.pcap}
        recorded "$capture" "$name" --phone-address "$seat" || continue
        mkdir -p "$work/edited/$name"
        printf '%s\t%s\t%s\n' "$capture" "$seat" "$work/edited/$name" >>"$work/to-edit"
        printf '%s\t%s\n' "$name" "$work/$name.json" >>"$work/to-judge"
    done <"$work/chosen"
    "$python" -ES "$helpers/edit_capture.py" 10 <"$work/to-edit" >"$work/counts" || fail "the edits fail"
    while IFS=$'\t' read -r capture seat edited; do
        name=${edited#"$work/edited/"}
        "$OFFHOOK" check "$capture" "$edited"/*.pcap --scenario "$work/$name.yaml" --json -o "$work/out" \
            --phone-address "$seat" >"$work/$name.json" 2>"$work/why"
    done <"$work/to-edit"
    wrong_verdicts <"$work/to-judge" >"$work/wrong" || fail "a report cannot be read"
    while read -r name; do
        fail "$name"
    done <"$work/wrong"
    [ "$(wc -l <"$work/to-judge")" -gt 35 ] || fail "only $(wc -l <"$work/to-judge") captures"
    hold
}

# hold: all files that were recorded are free of mistakes and consistent.
hold()
{
    local files
    readarray -t files < <(find "$work" -name '*.yaml')
    [ "${#files[@]}" -gt 0 ] || fail "nothing was recorded"
    "$OFFHOOK" lint "${files[@]}" >"$work/said" 2>&1 ||
        fail "what was recorded has mistakes: $(head -n 6 "$work/said")"
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
# What these hold no scenario can say, which is told below; the last is not consistent, because its peer
# replaces a call by a Call-ID of its own.
unwritable="phone-invite-while-pending sipp-subscribe-uac sipp-subscribe-uas phone-replaced"

test_captures_of_other_phones_are_recorded_and_pass()
{
    local text name address found wanted
    for text in "$OFFHOOK_SOURCE"/tests/data/kills/captures/*.txt; do
        name=$(basename "$text" .txt)
        address=$("$python" "$helpers/text_to_pcap.py" "$text" "$work/$name.pcap")
        [[ " $unwritable " != *" $name "* ]] || continue
        local named=(--phone-address "$address")
        [ "$name" != linphone-call-out-tcp ] || named=() # its connection comes from another address
        recorded "$work/$name.pcap" "$name" "${named[@]}" || continue
        wanted="1 pass"
        [[ " $faulty " != *" $name "* ]] || wanted="1 fail"
        found=$(verdicts "$work/$name.yaml" "$work/$name.pcap")
        [ "$found" = "$wanted" ] || fail "$name on its own capture: $found"
    done
    hold
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
    says "this capture's flow cannot be written as a scenario: frame "
    [ ! -e "$work/x.yaml" ] || fail "it was written all the same"
}

test_what_was_left_out_of_a_capture_is_told_with_its_frame()
{
    local capture=$captures/$folder/capture.pcap seat
    seat=$(passed | grep -F "$capture" | cut -f 2)
    # the same capture without the ACK to the 407
    "$python" -ES -c 'import struct, sys
data, at, out = open(sys.argv[1], "rb").read(), 24, []
while at < len(data):
    end = at + 16 + struct.unpack("<I", data[at + 8:at + 12])[0]
    out.append(data[at:end])
    at = end
ack = next(p for p in out if b"ACK sip:" in p)
open(sys.argv[2], "wb").write(data[:24] + b"".join(p for p in out if p is not ack))' "$capture" "$work/x.pcap"
    offhook 2 record "$work/x.pcap" --phone-address "$seat" -o "$work/x.yaml"
    says "the phone's ACK to frame"
    says "(407 to INVITE) is not there"
    [ ! -e "$work/x.yaml" ] || fail "it was written all the same"
}

test_a_dialog_without_a_call_has_no_scenario()
{
    "$python" "$helpers/text_to_pcap.py" \
        "$OFFHOOK_SOURCE/tests/data/kills/captures/sipp-subscribe-uac.txt" "$work/x.pcap" >"$work/address"
    offhook 2 record "$work/x.pcap" --phone-address "$(cat "$work/address")"
    says "is a NOTIFY in a dialog that no INVITE made"
}

# covers NAME: what is suggested for the capture of that scenario.
covers()
{
    recorded "$captures/$1/capture.pcap" "$1" --phone-address "$(passed | grep -F "/$1/capture" | cut -f 2)"
    sed -n 's/^covers: //p' "$work/$1.yaml"
}

test_only_requirements_that_the_flow_shows_are_suggested()
{
    local name wanted
    while read -r name wanted; do
        [ "$(covers "$name")" = "$wanted" ] || fail "$name: $(sed -n 's/^covers: //p' "$work/$name.yaml")"
    done <<'SUGGESTED'
cisco-7960/call-out-busy [call.out.busy]
cisco-7960/call-in [call.in.basic, bye.in]
dialog/answered-again [call.out.basic, bye.out]
dialog/called-cancelled [call.in.cancel]
dialog/call-in-direct [call.in.basic, bye.callee-out]
dialog/cancel-487 [call.out.487-after-cancel, call.out.no-answer, lint.cancel.match]
dialog/hold-by-phone [call.out.basic, mod.hold.out-sendonly, mod.hold.resume, bye.in]
dialog/recvonly-by-peer [call.in.basic, mod.hold.recvonly-offer, bye.in]
dialog/unavailable-503 [call.out.500-503]
registration/forbidden-403 [reg.403]
SUGGESTED
    grep -q 'sdp.audio.direction: \[sendonly, inactive\]' "$work/dialog/recvonly-by-peer.yaml" ||
        fail "the answer to recvonly is not wanted as RFC 3264 6.1 has it"
}

test_a_file_that_is_there_is_written_over_only_by_force()
{
    local capture=$captures/$folder/capture.pcap
    echo kept >"$work/x.yaml"
    offhook 2 record "$capture" -o "$work/x.yaml"
    says "x.yaml is there already"
    [ "$(cat "$work/x.yaml")" = kept ] || fail "it was written over"
    offhook 0 record "$capture" -o "$work/x.yaml" --force
    grep -q '^format: 1' "$work/x.yaml" || fail "--force does not write"
    cp "$capture" "$work/x.pcap"
    offhook 2 record "$work/x.pcap" -o "$work/x.pcap" --force
    says "is the capture itself"
    cmp -s "$capture" "$work/x.pcap" || fail "the capture was written over"
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
