#!/usr/bin/env bash
# Every scenario of the tree with the healthy reference phone: nothing is found, neither of the phone nor
# of a message of offhook's own, with the whole wire as evidence.
. "$(dirname "$0")/lib.sh"

can_capture || skip "capturing needs root"

every()
{
    flow=$OFFHOOK_SOURCE/scenarios/$1
    play 0
    expect "{'pass'}" "set(s['verdict'] for s in r['scenarios'])"
    expect "[]" "[(s['id'], f['id'], f['text']) for s in r['scenarios'] for f in s['findings']]"
    expect 0 "r['summary']['findings']['ours']"
    expect "{True}" "set(s['evidence']['complete'] for s in r['scenarios'])"
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
