#!/usr/bin/env bash
# What a run leaves reads in other tools: the capture in tshark, the report by its schema.
. "$(dirname "$0")/lib.sh"

can_capture || skip "capturing needs root"

# sip FIELD...: of each SIP message of the capture, tab-separated.
sip()
{
    local fields=() field
    for field; do fields+=(-e "$field"); done
    tshark -r "$work/out/$folder/capture.pcap" -d "udp.port==$(home_port),sip" -Y sip -T fields "${fields[@]}" \
        2>"$work/tshark.log" || fail "tshark: $(cat "$work/tshark.log")"
}

# The port of the proxy: tshark takes only 5060 for SIP by itself.
home_port()
{
    python3 -c 'import json, sys
print([s["sip"].rsplit(":", 1)[1] for s in json.load(open(sys.argv[1]))["seats"] if s["role"] == "proxy"][0])' \
        "$work/out/$folder/run.json"
}

test_tshark_lists_the_flow()
{
    command -v tshark >/dev/null || { skip_test "there is no tshark"; return; }
    play 0
    sip sip.Method sip.Status-Code sip.Proxy-Authorization |
        awk -F '\t' '{ print ($1 != "" ? $1 : $2) ($3 != "" && $1 == "INVITE" ? " with Proxy-Authorization" : "") }' \
            >"$work/flow"
    printf '%s\n' INVITE 407 ACK "INVITE with Proxy-Authorization" 180 200 ACK BYE 200 |
        diff - "$work/flow" >"$work/differs" || fail "tshark shows another flow: $(cat "$work/differs")"
}

# Frame numbers and times of the report are those of the capture.
test_frames_and_times_are_the_captures()
{
    command -v tshark >/dev/null || { skip_test "there is no tshark"; return; }
    play 0
    sip frame.number frame.time_epoch >"$work/tshark"
    python3 - "$work/out/report.json" "$work/tshark" >"$work/differs" 2>&1 <<'PY' || fail "$(cat "$work/differs")"
import json, sys
from decimal import Decimal
messages = json.load(open(sys.argv[1]))["scenarios"][0]["messages"]
rows = [line.split("\t") for line in open(sys.argv[2])]
zero = Decimal(rows[0][1])
assert [m["frame"] for m in messages] == [int(frame) for frame, _ in rows], (messages, rows)
for m, (frame, time) in zip(messages, rows):
    assert abs(Decimal(time) - zero - Decimal(m["time_s"])) < Decimal("0.000001"), (m, time)
PY
}

test_the_capture_has_nanoseconds()
{
    play 0
    [ "$(od -An -tx4 -N4 "$work/out/$folder/capture.pcap" | tr -d ' ')" = a1b23c4d ] ||
        fail "the magic number is another than that of nanoseconds"
    python3 - "$work/out/$folder/capture.pcap" <<'PY' || fail "all stamps are whole microseconds"
import struct, sys
data, at, odd = open(sys.argv[1], "rb").read(), 24, 0
while at < len(data):
    seconds, fraction, length, _ = struct.unpack_from("<IIII", data, at)
    odd += fraction % 1000 != 0
    at += 16 + length
sys.exit(not odd)
PY
}

test_the_secrets_are_the_owners_alone()
{
    umask 000
    play 0
    umask 022
    [ "$(stat -c %a "$work/out/$folder/secrets.json")" = 600 ] || fail "others may read secrets.json"
    local password
    password=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["secrets"][0]["password"])' \
        "$work/out/$folder/secrets.json")
    [ ${#password} -ge 8 ] || fail "no password is in secrets.json"
    ! grep -rlF "$password" "$work/out" --exclude=secrets.json ||
        fail "the password stands in other files as well"
}

test_the_report_is_as_its_schema_says()
{
    has_schema_checker || { skip_test "python3-jsonschema is missing"; return; }
    play 0
    report_is_valid
    expect True "r['phones'][0]['reference'] and r['format'] == 'offhook-report/1'"
    play 1 --phone-param mutant=ack-new-branch
    report_is_valid
    expect "['ack.branch']" "broken()"
    play 1 --phone-param mutant=ack-new-branch --no-capture
    report_is_valid
    # the schema can tell
    python3 - "$work/out/report.json" >"$work/bad.json" <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))
r["scenarios"][0]["verdict"] = "fine"
json.dump(r, sys.stdout)
PY
    ! schema_says "$work/bad.json" >/dev/null || fail "the schema takes any verdict"
}

run_tests
