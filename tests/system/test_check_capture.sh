#!/usr/bin/env bash
# offhook check CAPTURE: captures that anyone made, judged without a phone.
. "$(dirname "$0")/lib.sh"

make() # make NAME WORD...: $work/NAME of texts of tests/data/captures and options; edits come from stdin
{
    local name=$1 word words=()
    shift
    for word in "$@"; do
        if [[ $word == *=* ]]; then
            words+=("$word")
        else
            sed "${edit:-}" "$OFFHOOK_SOURCE/tests/data/captures/$word.txt" >"$work/$word.edited"
            words+=("$work/$word.edited")
        fi
    done
    "$python" "$OFFHOOK_SOURCE/tests/support/make_capture.py" "${words[@]}" >"$work/$name" ||
        fail "no capture could be made"
}
edit=

check() # check STATUS ARGUMENT...: leaves the report in $work/out
{
    local expected=$1
    shift
    offhook "$expected" check "$@" -o "$work/out" --color never
    [ "$expected" -eq 2 ] || report_is_valid
}

# The ids of all that rules found about the phone at ADDRESS, with the first frame of each.
found='sorted((f["id"], f["frames"][0]) for x in r["scenarios"] for f in x["findings"] if f["by"] == "rule" and f["direction"] == "from-phone")'

# same_as_run FOLDER ADDRESS: what the run found by rules, check finds in its capture.
same_as_run()
{
    local run
    run=$(report "$found" "$work/played/report.json")
    check "$1" "$work/played/$folder/capture.pcap" --phone-address "$2" \
        --credentials "$work/played/$folder/secrets.json"
    expect "$run" "$found"
    [ "$1" -eq 0 ] || [ "$run" != "[]" ] || fail "the run found nothing"
}

play_it() # play_it STATUS ARGUMENT...: into $work/played
{
    play "$@"
    rm -rf "$work/played"
    mv "$work/out" "$work/played"
}

phones_address='r["phones"][0]["address"].rsplit(":", 1)[0]'

test_a_healthy_run_is_silent_as_a_capture()
{
    can_capture || { skip_test "wants the right to capture"; return; }
    play_it 0
    same_as_run 0 "$(report "$phones_address" "$work/played/report.json")"
    expect "[('capture/', 'pass')]" "[(s['id'][:8], s['verdict'])]"
    check 0 "$work/played/$folder/capture.pcap"
    expect "['proxy']" "[o['kind'] for c in r['captures'] for o in c['others']]"
    says "to judge one of those, or one phone alone: --phone-address"
}

test_a_faulty_phone_is_found_out_in_its_capture()
{
    local mutant
    can_capture || { skip_test "wants the right to capture"; return; }
    ! grep -qa __asan_init "$OFFHOOK" || { skip_test "no library is preloaded under sanitizers"; return; }
    for mutant in ack-new-branch same-cseq max-forwards-missing wrong-response; do
        play_it 1 --mutant "$mutant"
        same_as_run 1 "$(report "$phones_address" "$work/played/report.json")"
    done
}

test_each_user_agent_is_an_entry_of_its_own()
{
    make call.pcap call
    check 0 "$work/call.pcap"
    expect "['capture/192.0.2.7:5060', 'capture/192.0.2.8:5060']" "[x['id'] for x in r['scenarios']]"
    expect "[('Alicephone/1', 1, 3), ('Bobphone/2', 1, 4)]" \
        "[(x['phones'][0]['user_agent'], x['capture']['calls'], x['capture']['messages']) for x in r['scenarios']]"
    expect "{'ACK': 1, 'BYE': 1, 'INVITE': 1}" "dict(sorted(s['capture']['sent'].items()))"
}

test_a_proxy_on_both_sides_is_listed_and_not_judged()
{
    make call.pcap through-proxy
    check 0 "$work/call.pcap"
    expect "['capture/192.0.2.7:5060', 'capture/192.0.2.8:5060']" "[x['id'] for x in r['scenarios']]"
    expect "[('192.0.2.1:5060', 'proxy', 6)]" \
        "[(o['address'], o['kind'], o['messages']) for o in r['captures'][0]['others']]"
    expect "6" "r['captures'][0]['not_judged']"
}

test_a_proxy_seen_from_one_side_is_no_phone()
{
    local side
    for side in 192.0.2.7 192.0.2.8; do # where the Record-Route came from, and where the Vias did
        awk -v side="$side:" '/ -> /{keep = index($0, side)} keep' \
            "$OFFHOOK_SOURCE/tests/data/captures/through-proxy.txt" >"$work/$side.txt"
        "$python" "$OFFHOOK_SOURCE/tests/support/make_capture.py" "$work/$side.txt" >"$work/call.pcap"
        check 0 "$work/call.pcap"
        expect "['capture/$side:5060']" "[x['id'] for x in r['scenarios']]"
        expect "['proxy']" "[o['kind'] for o in r['captures'][0]['others']]"
    done
}

test_a_fault_behind_a_proxy_is_the_phones()
{
    edit='s/^CSeq: 2 BYE/CSeq: 1 BYE/' make call.pcap through-proxy
    check 1 "$work/call.pcap"
    expect "{'capture/192.0.2.7:5060': ['cseq.rising'], 'capture/192.0.2.8:5060': []}" \
        "{x['id']: broken(x) for x in r['scenarios']}"
}

test_a_wrong_call_id_is_told_of_the_call_that_its_message_is_of()
{
    # lines of call.txt (the message), the phone, the rule
    local row told='[f["id"] for x in r["scenarios"] for f in x["findings"] if f["level"] == "must"]'
    while read -r row; do
        set -- $row
        edit="$1s/^Call-ID: /&other-/" make "$3.pcap" call
        check 1 "$work/$3.pcap" --phone-address "$2"
        expect "['$3']" "$told"
        expect "[1]" "[x['capture']['calls'] for x in r['scenarios']]"
    done <<'END'
37,46 192.0.2.8 response.call-id
71,80 192.0.2.7 ack2xx.call-id
82,101 192.0.2.7 dialog.call-id
END
}

test_a_named_phone_alone_is_judged()
{
    edit='s/^CSeq: 2 BYE/CSeq: 1 BYE/' make call.pcap call
    check 0 "$work/call.pcap" --phone-address 192.0.2.8
    expect "['capture/192.0.2.8:5060']" "[x['id'] for x in r['scenarios']]"
    check 1 "$work/call.pcap" --phone-address 192.0.2.8 --phone-address 192.0.2.7:5060
    expect "['pass', 'fail']" "sorted((x['verdict'] for x in r['scenarios']), reverse=True)"
}

test_a_named_phone_that_is_not_there_is_told_with_those_that_are()
{
    make call.pcap call
    check 3 "$work/call.pcap" --phone-address 192.0.2.9:5060
    expect "[]" "r['scenarios']"
    says "holds no message sent by 192.0.2.9:5060: nothing was judged"
    says "messages were sent by 192.0.2.7:5060, 192.0.2.8:5060"
    check 3 "$work/call.pcap" --phone-address 192.0.2.7:5061
}

test_the_same_fault_in_many_calls_is_told_once_and_counted()
{
    edit='s/^CSeq: 2 BYE/CSeq: 1 BYE/' make calls.pcap times=500 call
    check 1 "$work/calls.pcap" --phone-address 192.0.2.7
    expect "[20, 500, 480, 500]" \
        "[len(s['findings']), s['capture']['found'], s['findings'][-1]['more'], s['findings'][-1]['calls']]"
    expect "500" "r['summary']['findings']['must']"
    expect "True" "all(m['text'] for m in s['messages']) and len(s['capture']['dialogs']) == 20"
    says "500 times, in 500 calls: frames 6, 13, 20, 27, 34, 41, ..."
    [ "$(grep -c 'cseq.rising   frames' "$work/said")" -eq 1 ] || fail "it is told more than once"
    says "499 more calls with findings are not shown"
}

test_several_captures_make_one_report()
{
    make one.pcap call
    edit='s/192.0.2.8/192.0.2.9/; s/^CSeq: 2 BYE/CSeq: 1 BYE/' make two.pcap call
    check 1 "$work/one.pcap" "$work/two.pcap"
    expect "4" "len(r['scenarios'])"
    expect "['one.pcap', 'two.pcap']" "[c['file'].rsplit('/')[-1] for c in r['captures']]"
    check 3 "$work/one.pcap" "$work/no.pcap"
    expect "2" "len(r['scenarios'])"
}

test_standard_input_is_judged()
{
    edit='s/^CSeq: 2 BYE/CSeq: 1 BYE/' make call.pcap times=30 call
    mkdir -p "$work/out"
    status=0
    "$OFFHOOK" check - -o "$work/out" --color never <"$work/call.pcap" >"$work/said" 2>&1 || status=$?
    [ "$status" -eq 1 ] || fail "exit status $status, expected 1"
    report_is_valid
    expect "('-', False, 30)" "(s['capture']['file'], r['interrupted'], s['capture']['found'])"
    says "192.0.2.7:5060 again: cseq.rising (frame 13)"
}

test_a_live_capture_tells_of_a_call_when_it_is_over()
{
    local tries status=0
    edit='s/^CSeq: 2 BYE/CSeq: 1 BYE/' make call.pcap times=3 call
    mkfifo "$work/pipe"
    "$OFFHOOK" check - -o "$work/out" --color never <"$work/pipe" >"$work/said" 2>&1 &
    pid=$!
    exec 7>"$work/pipe"
    cat "$work/call.pcap" >&7 # the pipe stays open: the end does not come
    for ((tries = 0; tries < 500; tries++)); do
        grep -q "cseq.rising" "$work/said" && break
        sleep 0.02
    done
    says "cseq.rising"
    kill -INT "$pid"
    exec 7>&-
    wait "$pid" || status=$?
    [ "$status" -eq 1 ] || fail "exit status $status, expected 1"
    report_is_valid
    expect "3" "s['capture']['found']"
}

test_an_interrupt_ends_a_live_capture_whose_source_goes_on()
{
    local status=0 since
    make call.pcap call
    mkfifo "$work/pipe"
    "$OFFHOOK" check - -o "$work/out" --color never <"$work/pipe" >"$work/said" 2>&1 &
    pid=$!
    exec 7>"$work/pipe"
    cat "$work/call.pcap" >&7
    until [ -z "$(find /proc/"$pid"/fd -lname '*pipe' 2>/dev/null)" ] || grep -q 'SigCgt:.*[2367abef]$' "/proc/$pid/status"; do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.01
    done
    since=$(date +%s%N)
    kill -INT "$pid"
    wait "$pid" || status=$?
    took_ms=$((($(date +%s%N) - since) / 1000000))
    exec 7>&-
    ends_within 5000
    [ "$status" -eq 0 ] || fail "exit status $status, expected 0: $(cat "$work/said")"
    report_is_valid
    expect "(2, True, True)" "(len(r['scenarios']), r['captures'][0]['stopped'], r['captures'][0]['complete'])"
}

test_a_capture_without_sip_judges_nothing()
{
    make call.pcap call
    head -c 24 "$work/call.pcap" >"$work/empty.pcap"
    check 3 "$work/empty.pcap"
    says "holds no SIP message (0 frames): nothing was judged"
    expect "[]" "r['scenarios']"
}

test_what_is_no_capture_is_refused()
{
    echo "this is no capture" >"$work/broken"
    offhook 2 check "$work/broken"
    says "$work/broken is no capture that can be read"
    offhook 2 check "$work/nothing"
    says "$work/nothing cannot be opened"
    offhook 2 check "$work/broken" --phone-address 300.0.0.1
    says "--phone-address: '300.0.0.1' is no IP address"
    offhook 2 check "$work" "$work/broken"
    says "give one run folder, or captures alone"
    mkdir "$work/folder"
    offhook 2 check "$work/folder" --phone-address 192.0.2.7
    says "are for captures"
    offhook 2 check "$work/broken" --scenario x.yaml
    says "x.yaml"
}

test_a_capture_that_breaks_off_is_judged_as_far_as_it_goes()
{
    edit='s/^CSeq: 2 BYE/CSeq: 1 BYE/' make call.pcap call
    head -c -100 "$work/call.pcap" >"$work/half.pcap"
    check 1 "$work/half.pcap" --phone-address 192.0.2.7
    expect "(['cseq.rising'], False)" "(broken(), r['captures'][0]['complete'])"
    says "The capture is not complete"
}

test_cut_packets_are_counted_and_accuse_nobody()
{
    make call.pcap snaplen=200 call
    check 3 "$work/call.pcap"
    expect "7" "r['captures'][0]['skipped']['cut_frames']"
    says "7 frames cut by the snap length"
}

test_a_profile_silences_what_its_phones_may_do()
{
    edit='s/branch=z9hG4bK/branch=/' make call.pcap call
    check 1 "$work/call.pcap" --phone-address 192.0.2.7
    expect "['via.cookie']" "sorted(set(broken()))"
    check 0 "$work/call.pcap" --phone-address 192.0.2.7 --profile rfc2543
    expect "'rfc2543'" "repr(s['phones'][0]['profile'])"
    offhook 2 check "$work/call.pcap" --profile rfc2453
    says "there is no profile 'rfc2453'"
    says "did you mean 'rfc2543'?"
}

test_an_adapters_profile_holds_for_its_runs()
{
    sed '/^title:/a profile: rfc2543' "$phone" >"$work/old.yaml"
    offhook 0 list profiles
    says "via.cookie RFC 2543 6.40"
    sed 's/rfc2543/rfc2453/' "$work/old.yaml" >"$work/wrong.yaml"
    offhook 2 lint "$work/wrong.yaml"
    says "there is no profile 'rfc2453'"
    play 2 --phone "$work/wrong.yaml"
    can_capture || { skip_test "wants the right to capture"; return; }
    ! grep -qa __asan_init "$OFFHOOK" || { skip_test "no library is preloaded under sanitizers"; return; }
    play 1 --phone "$phone" --mutant via-no-cookie
    expect "True" "'via.cookie' in broken()"
    play 0 --phone "$work/old.yaml" --mutant via-no-cookie
    expect "('rfc2543', [])" "(r['phones'][0]['profile'], broken())"
}

test_credentials_are_read_and_mistakes_in_them_told()
{
    make call.pcap call
    printf 'credentials:\n  - username: alice\n    pasword: x\n' >"$work/bad.yaml"
    offhook 2 check "$work/call.pcap" --credentials "$work/bad.yaml"
    says "bad.yaml:3:5: error: unknown key 'pasword' in an entry"
    says "did you mean 'password'?"
    printf 'credentials:\n  - username: alice\n    password: x\n  - username: alice\n    password: y\n' >"$work/bad.yaml"
    offhook 2 check "$work/call.pcap" --credentials "$work/bad.yaml"
    says "the user name 'alice' stands here twice"
    printf -- '- alice\n' >"$work/bad.yaml"
    offhook 2 check "$work/call.pcap" --credentials "$work/bad.yaml"
    says "a file of credentials begins with 'credentials:'"
    printf 'credentials:\n  - username: alice\n    password: x\n' >"$work/good.yaml"
    check 0 "$work/call.pcap" --credentials "$work/good.yaml"
}

test_known_findings_and_junit_hold_for_captures()
{
    edit='s/^CSeq: 2 BYE/CSeq: 1 BYE/' make call.pcap times=3 call
    check 1 "$work/call.pcap" --junit "$work/junit.xml"
    grep -q '<testcase name="192.0.2.7:5060" classname="phone.capture"' "$work/junit.xml" ||
        fail "no case of the phone in JUnit"
    grep -q '<failure message="cseq.rising: .*and 2 more' "$work/junit.xml" || fail "no failure in JUnit"
    "$OFFHOOK" report "$work/out/report.json" --known >"$work/known.yaml" || fail "no list is made"
    sed -i 's/reason: ""/reason: "an old firmware"/' "$work/known.yaml"
    check 0 "$work/call.pcap" --baseline "$work/known.yaml"
    expect "['fail', 'pass']" "[x['verdict'] for x in r['scenarios']]"
    expect "(3, 0)" "(r['summary']['findings']['known'], r['summary']['findings']['must'])"
    says "an old firmware"
    make call.pcap call
    check 0 "$work/call.pcap" --baseline "$work/known.yaml"
    expect "['cseq.rising']" "[k['finding'] for k in r['baseline']['gone']]"
}

test_the_text_form_can_be_made_again_from_the_report()
{
    edit='s/^CSeq: 2 BYE/CSeq: 1 BYE/' make call.pcap times=3 call
    check 1 "$work/call.pcap"
    "$OFFHOOK" report "$work/out/report.json" --text >"$work/again" || fail "no text is made"
    grep -q "3 times, in 3 calls: frames 6, 13, 20" "$work/again" || fail "it says: $(cat "$work/again")"
    offhook 1 check "$work/call.pcap" --json
    "$python" -c 'import json, sys; json.load(open(sys.argv[1]))' "$work/said" || fail "no JSON"
}

# many COUNT BAD: $work/many.pcap of so many calls between phones of their own, every BAD-th with a fault.
many()
{
    local i fault
    for ((i = 0; i < $1; i++)); do
        fault=
        [ $((i % $2)) -ne 0 ] || fault='s/^CSeq: 2 BYE/CSeq: 1 BYE/'
        sed "s/192\.0\.2/10.0.$i/; s/192\.0\.2/10.0.$i/; s/call1@/c$i@/; s/z9hG4bK/&$i/; s/=[ft]1/&$i/; $fault" \
            "$OFFHOOK_SOURCE/tests/data/captures/call.txt" >"$work/one.$i"
    done
    "$python" "$OFFHOOK_SOURCE/tests/support/make_capture.py" "$work"/one.* >"$work/many.pcap"
}

test_of_many_phones_those_with_trouble_are_shown_first_and_the_clean_ones_counted()
{
    many 120 4
    check 1 "$work/many.pcap"
    expect "[240, 30, 210]" "[len(r['scenarios'])] + [r['summary'][k] for k in ('fail', 'pass')]"
    [ "$(grep -c 'cseq.rising   frames' "$work/said")" -eq 4 ] || fail "not four are shown in full"
    [ "$(grep -c 'cseq.rising: as above' "$work/said")" -eq 20 ] || fail "not twenty are shown in a line"
    says "6 more phones with the same findings are not shown; --verbose and report.json have them"
    says "PASS 210 phones without a finding: 10.0.0.8:5060, "
    says " and 207 more 240 phones: 210 pass, 30 fail"
    says "and 22 more capture"
    [ "$(grep -n 'without a finding' "$work/said" | cut -d: -f1)" -gt "$(grep -n 'are not shown' "$work/said" | cut -d: -f1)" ] ||
        fail "the clean ones are not shown last"
    check 1 "$work/many.pcap" --verbose
    [ "$(grep -c '^capture/' "$work/said")" -eq 240 ] || fail "--verbose does not show each"
    does_not_say "as above"
}

test_calls_that_are_not_whole_are_told_once_for_all_clean_phones()
{
    local one
    many 10 99
    for one in "$work"/one.*; do
        awk '/ -> / {n++} n <= 5' "$one" >"$one.part"
    done
    "$python" "$OFFHOOK_SOURCE/tests/support/make_capture.py" "$work"/one.*.part >"$work/cut.pcap"
    check 0 "$work/cut.pcap"
    [ "$(grep -c 'evidence:' "$work/said")" -eq 1 ] || fail "the evidence is told more than once"
    says "20 of them have calls that are not whole in the capture"
}

test_payload_types_that_none_can_be_are_read_safely()
{
    edit='s,RTP/AVP 0,RTP/AVP 500,; s/rtpmap:0/rtpmap:500/' make call.pcap call
    check 1 "$work/call.pcap"
    expect "True" "'sdp.payload-types' in broken()"
}

test_a_request_uri_in_brackets_is_told_once()
{
    local method
    for method in ACK BYE; do
        edit="s/^$method \(sip:[^ ]*\)/$method <\1>/" make call.pcap call
        check 1 "$work/call.pcap"
        expect "['syntax.request-uri-brackets']" "[f['id'] for x in r['scenarios'] for f in x['findings']]"
    done
    edit="s/^BYE sip:bob[^ ]*/BYE <sip:bob@192.0.2.99>/" make call.pcap call
    check 1 "$work/call.pcap"
    expect "['route.request-uri', 'syntax.request-uri-brackets']" \
        "sorted(f['id'] for x in r['scenarios'] for f in x['findings'])"
}

run_tests
