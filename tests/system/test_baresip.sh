#!/usr/bin/env bash
# A real phone: baresip, whose known findings are forgiven by name and nothing else.
. "$(dirname "$0")/lib.sh"

command -v baresip >/dev/null || skip "baresip is not installed"
can_capture || skip "capturing needs root"
known=$OFFHOOK_SOURCE/dut-adapters/baresip.known.yaml
baresip=$OFFHOOK_SOURCE/dut-adapters/baresip.yaml

test_the_407_flow_with_what_is_known()
{
    play 0 --phone "$baresip" --baseline "$known"
    report_is_valid
    expect "['ack2xx.credentials']" "broken()"
    expect True "all(f.get('known') for f in s['findings'])"
    expect "fail" "s['verdict']" # the verdict stays
    expect "[]" "r['baseline']['gone']"
    expect "True" "r['phones'][0]['name'].startswith('baresip ') and not r['phones'][0]['reference']"
    does_not_say "not yours"
}

test_the_407_flow_with_nothing_known()
{
    play 1 --phone "$baresip"
    expect "[('ack2xx.credentials', 'must', 'fail', 'RFC 3261 13.2.2.4')]" \
        "[(f['id'], f['level'], f['result'], f['clause']) for f in s['findings'] if f['level'] == 'must']"
    expect True "not any(f.get('known') for f in s['findings'])"
}

# Another finding is not forgiven along with the known one.
test_only_what_is_listed_is_forgiven()
{
    sed 's/ack2xx.credentials/ack2xx.cseq/' "$known" >"$work/other.yaml"
    play 1 --phone "$baresip" --baseline "$work/other.yaml"
    expect "['ack2xx.cseq']" "[k['finding'] for k in r['baseline']['gone']]"
}

# within_dialogs LETTERS FAILED: those flows within dialogs whose names so begin, and which of them fail.
within_dialogs()
{
    local flows=("$OFFHOOK_SOURCE"/scenarios/dialog/[$1]*.yaml)
    flow=${flows[0]}
    play 0 "${flows[@]:1}" --phone "$baresip" --baseline "$known"
    report_is_valid
    expect "${#flows[@]}" "len(set(s['id'].split('[')[0] for s in r['scenarios']))"
    expect "{True}" "set(s['evidence']['complete'] for s in r['scenarios'] if s['verdict'] != 'skip')"
    expect "set()" "set(s['verdict'] for s in r['scenarios']) - {'pass', 'fail', 'skip'}"
    expect "$2" "sorted(s['id'] for s in r['scenarios'] if s['verdict'] == 'fail')"
    expect "set()" "set(s['reason'].split(\"'\")[1] for s in r['scenarios'] if s['verdict'] == 'skip') - {'100rel'}"
}

# In parts that do not wait for each other.
test_what_stands_within_dialogs_with_what_is_known() { within_dialogs a-e "[]"; }
test_more_within_dialogs() { within_dialogs f-q "['dialog/forked-200s', 'dialog/options-in-and-out']"; }
test_the_rest_within_dialogs() { within_dialogs r-z "['dialog/strict-route', 'dialog/strict-route-in']"; }
test_what_baresip_lacks_within_dialogs_is_skipped()
{
    flow=$OFFHOOK_SOURCE/scenarios/dialog/reliable-183.yaml
    play 3 "$OFFHOOK_SOURCE/scenarios/dialog/reliable-offer-in-180.yaml" --phone "$baresip"
    expect "['skip', 'skip']" "[s['verdict'] for s in r['scenarios']]"
}

run_tests
