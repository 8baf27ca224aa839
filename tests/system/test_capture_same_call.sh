#!/usr/bin/env bash
# One call of a phone with five faults, captured by several programs at several places at once, as whole
# datagrams, in fragments and over TCP: whoever captured it, the same is found.
. "$(dirname "$0")/lib.sh"

for program in tcpdump dumpcap ip nsenter unshare; do
    command -v "$program" >/dev/null || skip "$program is not installed"
done
unshare -n true 2>/dev/null || skip "no right to make a network namespace"
unshare -n ip link add left type veth peer name right 2>/dev/null || skip "there are no veth interfaces"

# What is told of one finding: where in which message it is, not how the bytes of this playing read.
place='(f["id"], f["level"], f["method"], f["direction"], f["field"])'
faults="[('ack.branch', 'must', 'ACK', 'from-phone', 'via.branch'), "
faults+="('digest.response', 'must', 'INVITE', 'from-phone', 'proxy-authorization.response'), "
faults+="('media.after-own-bye', 'must', 'RTP', 'from-phone', None), "
faults+="('media.payload-type', 'must', 'RTP', 'from-phone', None), "
faults+="('retry.cseq', 'must', 'INVITE', 'from-phone', 'cseq.number')]"
# All that is said of what is found in messages: with bytes and values.
words='sorted((f["id"], f["bytes"], f["expected"], f["observed"], f["text"]) for f in s["findings"] if f["message"] is not None)'

# same_findings TRANSPORT MTU: plays the call, and judges each capture of it.
same_findings()
{
    local capture said= now
    printf 'credentials:\n  - username: mira\n    password: apple-tree-4\n' >"$work/credentials.yaml"
    timeout 60 unshare -n "$python" "$OFFHOOK_SOURCE/tests/support/mutant_call.py" \
        "$OFFHOOK_BUILD/offhook-reference-phone" "$work" "$1" "$2" >"$work/played" 2>&1 ||
        { fail "the call was not played: $(cat "$work/played" "$work"/*.log)"; return; }
    for capture in phone.pcap peer.pcapng any.pcap; do
        offhook 1 check "$work/$capture" --phone-address 192.0.2.7 --credentials "$work/credentials.yaml" \
            -o "$work/out" --color never
        report_is_valid
        expect "$faults" "sorted($place for f in s['findings'])"
        expect "[1, 0]" "[s['capture']['calls'], len(s['capture']['missing'])]"
        now=$(report "$words")
        [ -z "$said" ] || [ "$now" = "$said" ] || fail "$capture: $now, before it was $said"
        said=$now
    done
}

test_as_whole_datagrams()
{
    same_findings udp 1500
    expect "0" "sum(r['captures'][0]['skipped'][k] for k in ('cut_frames', 'unfinished_datagrams'))"
}

test_in_fragments()
{
    same_findings udp 400
    "$python" -c 'import sys
data = open(sys.argv[1], "rb").read()  # an IPv4 header with More Fragments, of UDP
sys.exit(not any(data[i:i + 1] == b"E" and data[i + 6] & 0x20 and data[i + 9] == 17 for i in range(len(data) - 20)))' \
        "$work/phone.pcap" || fail "nothing was sent in fragments"
}

test_over_tcp()
{
    same_findings tcp 1500
    expect "['tcp']" "[p['transport'] for p in r['phones']]"
}

test_over_tcp_in_small_segments()
{
    same_findings tcp 400
}

run_tests
