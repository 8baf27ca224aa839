#!/usr/bin/env bash
# Mishaps 4, 5, 6, 7 and 19 of README.md: what the phone itself does wrong, or too much of. A broken must is one
# finding and a fail; noise is noise; nothing that it sends or prints makes offhook slow or large.
. "$(dirname "$0")/lib.sh"

can_capture || skip "capturing needs root"
mishaps=$OFFHOOK_SOURCE/tests/data/mishaps
bound=60

test_the_hostile_phone_is_healthy_without_a_fault()
{
    hostile
    play 0 "${hostile[@]}"
    report_says pass "[]"
    expect "[]" "s['findings']"
}

test_04_answers_a_different_call()
{
    hostile fault=other-call
    flow=$mishaps/answer.yaml
    play 1 "${hostile[@]}"
    ends_within 5000
    report_says fail "['flow.other-call']"
    expect "['must']" "[f['level'] for f in s['findings']]"
    expect True "'RFC 3261' in s['findings'][0]['clause'] and len(s['findings'][0]['frames']) == 1"
    reason_says "answers none of the requests that were sent to the phone"
}

test_05_floods_ten_thousand_messages()
{
    local count=10000
    ! grep -qa __asan_init "$OFFHOOK" || count=1000 # sanitizers take ten times as long, and time is not measured
    hostile fault=flood flood=$count
    measured
    flow=$mishaps/talk-short.yaml
    play 0 "${hostile[@]}"
    computes_within 15000
    needs_at_most 400
    grep -q flooded "$work/hostile.says" || fail "it did not send them all"
    report_says pass "[]"
    expect "20 True" "f\"{len(s['findings'])} {s['findings'][-1]['text'].endswith('(And $((count - 20)) more like this.)')}\""
    expect "{('flow.unexpected', 'should')}" "set((f['id'], f['level']) for f in s['findings'])"
    says "And $((count - 20)) more like this."
    [ "$(stat -c %s "$work/out/report.json")" -lt 30000000 ] || fail "the report is too long"
}

test_06_sends_what_is_no_sip()
{
    hostile fault=junk
    measured
    play 0 "${hostile[@]}"
    computes_within 4000
    needs_at_most 150
    grep -q "junk sent" "$work/hostile.says" || fail "it did not send it all"
    report_says pass "[]"
    expect "['flow.noise']" "[f['id'] for f in s['findings']]"
    says "207 datagrams of the phone to a SIP port are no SIP messages"
}

# What begins as SIP is held to it.
test_06_sends_what_begins_as_sip()
{
    hostile fault=half-sip
    play 1 "${hostile[@]}"
    ends_within 10000
    report_is_valid
    expect "fail True" "s['verdict'] + ' ' + str(set(len(f['frames']) for f in s['findings']) == {1})"
    expect "{'pass'}" "set(x['verdict'] for x in s['steps'])"
}

# talker SCRIPT: of the phone's program, which has time to print it all.
talker()
{
    adapter talker
    sed -i 's/within: [0-9]* s/within: 40 s/' "$work/talker.yaml"
    flow=$mishaps/talk-short.yaml
    measured
    play 0 --phone "$work/talker.yaml"
    computes_within 15000
    needs_at_most 150
    grep -q printed "$work/talker.says" || fail "it did not print it all"
    report_says pass "[]"
    [ "$(stat -c %s "$work/out/talk-short/run.json")" -lt 2000000 ] || fail "run.json is very long"
}

# The connection stays open and silent; the call goes on over UDP.
test_07_sends_half_a_message_over_tcp()
{
    hostile fault=half-tcp
    flow=$mishaps/talk-short.yaml
    play 0 "${hostile[@]}"
    grep -q "half sent" "$work/hostile.says" || fail "it did not send the half: $(cat "$work/hostile.says")"
    ends_within 10000
    report_says pass "[]"
    says "PASS 0 must broken, 0 should"
    expect "[]" "s['findings']"
    expect "{'pass'}" "set(x['verdict'] for x in s['steps'])"
    # it is in the capture, it is no message, and it is not taken for evidence that was lost
    grep -aq 'SIP/2.0/TCP' "$work/out/talk-short/capture.pcap" || fail "the half is not in the capture"
    expect "[]" "[m['start_line'] for m in s['messages'] if m['start_line'].startswith('OPTIONS')]"
    expect "(True, 0)" "s['evidence']['complete'], s['evidence']['lost']"
    offhook 0 check "$work/out" # and nobody waits for its end when it is judged again
    ends_within 2000
}

test_19_prints_a_gigabyte()
{
    talker <<'SCRIPT'
{ yes 'all is well' | head -c 1000000000 >&2; say printed; } &
"$@"
wait
SCRIPT
}

# Less than a gigabyte here and below saves time, and is twice what memory is allowed. Under sanitizers, where each
# byte costs more and memory is not measured, a tenth of it.
much=299999232
! grep -qa __asan_init "$OFFHOOK" || much=29999104

test_19_prints_very_many_lines_where_its_answers_are_awaited()
{
    talker <<SCRIPT
line=\$(printf %4095s) # whole lines in whole pages: what else is printed stands between them
{ yes "\$line" | head -c $much; say printed; } &
"\$@"
wait
SCRIPT
}

test_19_prints_one_line_that_is_very_long()
{
    talker <<SCRIPT
tr '\\0' x </dev/zero | head -c $much
echo
say printed
exec "\$@"
SCRIPT
}

run_tests
