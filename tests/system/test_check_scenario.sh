#!/usr/bin/env bash
# offhook check CAPTURE --scenario FILE: a flow is found in a capture alone, and judged there.
. "$(dirname "$0")/lib.sh"

scenarios=$OFFHOOK_SOURCE/scenarios

# play_all STATUS ARGUMENT...: plays with the reference phone into $work/played.
play_all()
{
    local expected=$1
    shift
    offhook "$expected" run "$@" --phone "$phone" -o "$work/played" --color never
}

# check STATUS PLAYED SCENARIO ARGUMENT...: of what was played the capture alone, against a flow.
check()
{
    local expected=$1 played=$work/played/$2 flow=$3
    shift 3
    offhook "$expected" check "$played/capture.pcap" --scenario "$scenarios/$flow.yaml" \
        -o "$work/out" --color never "$@"
    [ "$expected" -eq 2 ] || report_is_valid
}

secrets() # secrets PLAYED: the options that lend its accounts
{
    printf '%s\n' --credentials "$work/played/$1/secrets.json"
}

fails='sorted(f["id"] for x in r["scenarios"] for f in x["findings"] if f["result"] == "fail")'

test_what_passed_as_a_run_passes_as_a_capture()
{
    local flow flows=(cisco-7960/authentication-407 cisco-7960/call-in cisco-7960/call-out-busy
        rfc3665/registration-401 dialog/cancel-487)
    can_capture || { skip_test "wants the right to capture"; return; }
    local files=("${flows[@]/%/.yaml}")
    play_all 0 "${files[@]/#/$scenarios/}"
    for flow in "${flows[@]}"; do
        mapfile -t words < <(secrets "$flow")
        check 0 "$flow" "$flow" "${words[@]}"
        expect "[('$flow', 'pass', [])]" \
            "[(x['id'], x['verdict'], x['findings']) for x in r['scenarios']]"
        expect "['A']" "[p['seat'] for p in r['phones']]"
        expect "set()" "{x['verdict'] for x in s['steps']} - {'pass', 'skipped'}"
        says "the flow as found: frames "
    done
}

test_without_the_password_credentials_are_nobodys_fault()
{
    local flow=cisco-7960/authentication-407
    can_capture || { skip_test "wants the right to capture"; return; }
    play_all 0 "$scenarios/$flow.yaml"
    check 3 "$flow" "$flow"
    expect "['not-checkable']" "[f['result'] for f in s['findings']]"
    says "the account's password is not known here"
}

test_a_faulty_phone_gives_the_flows_finding_as_in_the_run()
{
    local mutant flow run
    can_capture || { skip_test "wants the right to capture"; return; }
    ! grep -qa __asan_init "$OFFHOOK" || { skip_test "no library is preloaded under sanitizers"; return; }
    while read -r mutant flow; do
        play_all 1 "$scenarios/$flow.yaml" --mutant "$mutant"
        run=$(report "$fails" "$work/played/report.json")
        [ "$run" != "[]" ] || fail "$mutant: the run found nothing"
        mapfile -t words < <(secrets "$flow")
        check 1 "$flow" "$flow" "${words[@]}"
        expect "$run" "$fails"
        rm -rf "$work/played"
    done <<'END'
ack-new-branch cisco-7960/authentication-407
ack-call-id cisco-7960/authentication-407
no-credentials cisco-7960/authentication-407
wrong-response cisco-7960/authentication-407
bye-call-id cisco-7960/call-out
register-no-credentials rfc3665/registration-401
END
}

test_the_capture_of_another_flow_accuses_nobody()
{
    local busy=cisco-7960/call-out-busy
    can_capture || { skip_test "wants the right to capture"; return; }
    play_all 0 "$scenarios/$busy.yaml"
    check 3 "$busy" cisco-7960/call-out --phone-address "$(report 'r["phones"][0]["address"]' "$work/played/report.json")"
    expect "('inconclusive', [])" "(s['verdict'], s['findings'])"
    says "The other side did not do what the flow has it do: frame 2 is 486 to INVITE"
    check 3 "$busy" rfc3665/registration-401
    says "The flow is not in the capture"
    check 3 "$busy" dialog/call-out-tcp
    says "over tcp"
}

# make TEXT...: $work/call.pcap of texts.
make()
{
    "$python" "$OFFHOOK_SOURCE/tests/support/make_capture.py" "$@" >"$work/call.pcap" ||
        fail "no capture could be made"
}

direct() # direct STATUS ARGUMENT...: the capture against a call without a proxy
{
    local expected=$1
    shift
    offhook "$expected" check "$work/call.pcap" --scenario "$scenarios/dialog/call-out-direct.yaml" \
        --phone-address 192.0.2.7 -o "$work/out" --color never "$@"
    report_is_valid
}

sound=$OFFHOOK_SOURCE/tests/data/captures/call.txt

# A call of the same phone that is refused: of another flow.
refused() # refused SECONDS WORD: at that time, with ids of its own
{
    awk -v at="$1" '/ -> / {n++; $1 = sprintf("%.3f", at + n / 1000)} {print}' "$sound" |
        awk '/ -> / {skip = n >= 4; n++} !skip' |
        sed "s/call1@/$2@/; s/z9hG4bKa[0-9]/z9hG4bK$2/; s/tag=f1/tag=f$2/; s/tag=t1/tag=t$2/
             s,SIP/2.0 200 OK,SIP/2.0 486 Busy Here,; s,^ACK sip:bob@192.0.2.8:5060,ACK sip:bob@192.0.2.8,"
}

test_what_stands_before_and_behind_the_flow_is_passed_over()
{
    awk '/ -> / {$1 = sprintf("%.3f", $1 + 100)} {print}' "$sound" >"$work/flow.txt"
    refused 1 x1 | sed '/^Contact/{/t=/d}' >"$work/before.txt"
    refused 200 x2 >"$work/behind.txt"
    refused 104 x3 >"$work/within.txt"
    make "$work/flow.txt"
    direct 0
    expect "[1, 3, 4, 5, 6, 7]" "[f for x in s['steps'] for f in x['frames']]"
    make "$work/before.txt" "$work/flow.txt" "$work/behind.txt"
    direct 0
    says "the flow as found: frames $(($(grep -c ' -> ' "$work/before.txt") + 1)) to "
    says "it could have begun at 2 other messages"
    make "$work/flow.txt" "$work/within.txt"
    direct 0
}

test_of_several_calls_the_one_that_goes_furthest_is_judged()
{
    make times=3 "$sound"
    direct 0
    says "it could have begun at 2 other messages"
    awk '/ -> / {n++} n <= 3' "$sound" | sed 's/call1@/call0@/; s/=f1/=f0/; s/=t1/=t0/; s/bKa/bKb/' >"$work/begun.txt"
    awk '/ -> / {$1 = sprintf("%.3f", $1 + 100)} {print}' "$sound" >"$work/flow.txt"
    make "$work/begun.txt" "$work/flow.txt"
    direct 0
    says "the flow as found: frames 4 to 10"
    make "$work/begun.txt"
    direct 3
    says "The capture ends before 'B -> A: 200'"
}

test_a_fault_in_the_flow_is_found_where_it_stands()
{
    sed 's/^BYE sip:bob@192.0.2.8:5060/BYE sip:bob@192.0.2.99/' "$sound" >"$work/bad.txt"
    make "$work/bad.txt"
    direct 1
    expect "[6]" "sorted({f['frames'][0] for f in s['findings'] if f['result'] == 'fail'})"
}

test_what_a_user_did_otherwise_is_not_the_phones_fault()
{
    awk '/ -> / {n++} n <= 3 || n >= 6' "$sound" >"$work/early.txt" # RFC 3261 15: lawful
    make "$work/early.txt"
    direct 3
    expect "[]" "[f for f in s['findings'] if f['by'] == 'flow' and f['result'] == 'fail']"
    says "what the user of the phone"
}

test_who_speaks_not_in_the_capture_is_told()
{
    local busy=cisco-7960/call-out-busy
    can_capture || { skip_test "wants the right to capture"; return; }
    play_all 0 "$scenarios/$busy.yaml"
    check 3 "$busy" "$busy" --phone-address 192.0.2.77
    expect "[]" "r['scenarios']"
    says "holds no message sent by 192.0.2.77: nothing was judged"
}

test_a_mistake_in_the_scenario_is_told_before_anything_is_read()
{
    printf 'title: x\nflow: []\n' >"$work/bad.yaml"
    offhook 2 check "$work/none.pcap" --scenario "$work/bad.yaml"
    says "bad.yaml"
}

run_tests
