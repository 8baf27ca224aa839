#!/usr/bin/env bash
# SIP over TCP: flows, the phones that carry them, and what is recorded of them.
. "$(dirname "$0")/lib.sh"

can_capture || skip "capturing needs root"
scenarios=$OFFHOOK_SOURCE/scenarios
registration=$scenarios/rfc3665/registration-401.yaml
call_in=$scenarios/dialog/call-in-tcp.yaml

# all_by TRANSPORT: every message of every scenario.
all_by()
{
    expect "{'$1'}" "{m['transport'] for s in r['scenarios'] for m in s['messages']}"
}

# healthy VERDICT...: of the scenarios, in their order, with no finding but what is known of the phone, and nothing
# lost of the recording.
healthy()
{
    report_is_valid
    expect "$*" "' '.join(s['verdict'] for s in r['scenarios'])"
    expect "[]" "[f['id'] for s in r['scenarios'] for f in s['findings'] if f['result'] in ('fail', 'warn') and 'known' not in f]"
    expect "True" "all(json.load(open('$work/out/' + s['folder'] + '/run.json'))['capture']['complete'] for s in r['scenarios'])"
}

test_the_407_flow()
{
    play 0 --transport tcp
    healthy pass
    all_by tcp
    expect "tcp" "json.load(open('$work/out/$folder/run.json'))['phones'][0]['transport']"
    # what of ours keeps the phone on TCP (RFC 3261 16.6 item 4)
    expect "True" "all('Contact: <sip:' in m['text'] and ';transport=tcp' in m['text'].split('Contact: ')[1].split('\r\n')[0] for m in s['messages'] if m['from'] == 'P' and m['start_line'].startswith('SIP/2.0 200') and 'INVITE' in m['text'].split('CSeq: ')[1].split('\r\n')[0])"
    expect "True" "all(';transport=tcp' in m['text'].split('Record-Route: ')[1].split('\r\n')[0] for m in s['messages'] if 'Record-Route: ' in m['text'])"
    expect "1" "len({m['source'] for m in s['messages'] if m['from'] == 'A'})"
}

test_registration_and_an_incoming_call()
{
    flow=$registration play 0 --transport tcp
    healthy pass
    all_by tcp
    flow=$call_in play 0 # it says so itself
    healthy pass
    all_by tcp
}

test_tshark_reads_sip_over_tcp()
{
    command -v tshark >/dev/null || { skip_test "there is no tshark"; return; }
    play 0 --transport tcp
    local port
    port=$(report "s['messages'][0]['destination'].rsplit(':', 1)[1]")
    tshark -r "$work/out/$folder/capture.pcap" -d "tcp.port==$port,sip" -Y "sip and tcp" -T fields -e sip.Method \
        -e sip.Status-Code 2>"$work/tshark.log" | tr -d '\t' >"$work/flow"
    printf '%s\n' INVITE 407 ACK INVITE 180 200 ACK BYE 200 |
        diff - "$work/flow" >"$work/differs" || fail "tshark shows another flow: $(cat "$work/differs")"
}

# A phone that was started for the other transport is started anew.
test_udp_and_tcp_in_one_run()
{
    offhook 0 run "$scenario" "$call_in" "$scenarios/cisco-7960/call-out.yaml" -o "$work/out" --color never \
        --phone "$phone"
    healthy pass pass pass
    expect "[['udp'], ['tcp'], ['udp']]" "[sorted({m['transport'] for m in s['messages']}) for s in r['scenarios']]"
}

test_a_fault_is_found_over_tcp_too()
{
    play 1 --transport tcp --phone-param mutant=ack-new-branch
    expect "['ack.branch']" "broken()"
    all_by tcp
}

test_a_phone_without_tcp_is_passed_over()
{
    sed '/^  - tcp$/d; s/^reference: true$//' "$phone" >"$work/plain.yaml"
    flow=$call_in play 3 --phone "$work/plain.yaml"
    report_is_valid
    expect "skip" "s['verdict']"
    reason_says "'tcp'"
    play 3 --phone "$work/plain.yaml" --transport tcp
    expect "skip" "s['verdict']"
}

test_a_wrong_word_is_told()
{
    offhook 2 run "$scenario" --transport sctp
    says "--transport has no 'sctp': udp or tcp"
    says "udp or tcp"
}

test_without_the_right_to_capture()
{
    play 0 --transport tcp --no-capture
    report_is_valid
    expect "pass" "s['verdict']"
    all_by tcp
}

test_half_a_message_and_silence_disturbs_nobody()
{
    hostile fault=half-tcp
    play 0 "${hostile[@]}"
    grep -q "half sent" "$work/hostile.says" || fail "no half was sent"
    report_is_valid
    expect "pass" "s['verdict']"
}

# It connects from an address that its host chooses, and not from its own.
test_baresip()
{
    command -v baresip >/dev/null || { skip_test "baresip is not installed"; return; }
    local baresip=$OFFHOOK_SOURCE/dut-adapters/baresip.yaml known=$OFFHOOK_SOURCE/dut-adapters/baresip.known.yaml
    play 0 --transport tcp --phone "$baresip" --baseline "$known"
    report_is_valid
    expect "['ack2xx.credentials']" "broken()"
    all_by tcp
    expect "['A', 'P']" "sorted({m['from'] for m in s['messages']} | {m['to'] for m in s['messages']})"
    offhook 0 run "$registration" "$call_in" -o "$work/out" --color never --transport tcp --phone "$baresip" --baseline "$known"
    healthy pass pass
    expect "['supported.answer']" "[f['id'] for s in r['scenarios'] for f in s['findings'] if 'known' in f]"
    all_by tcp
}

run_tests
