#!/usr/bin/env bash
# Trouble with the bench: told with the remedy, error, exit status 3, and nothing is left running.
. "$(dirname "$0")/lib.sh"

test_a_program_that_is_missing()
{
    sed "s,\${programs}/offhook-reference-phone,$work/no-such-phone,
         s,^install:.*,install: buy one," "$phone" >"$work/missing.yaml"
    play 3 --phone "$work/missing.yaml"
    says "$work/no-such-phone cannot be started"
    says "buy one"
    report_says error "[]"
    reason_says "No such file or directory; buy one"
}

test_a_program_that_may_not_be_executed()
{
    echo '#!/bin/true' >"$work/no-program"
    sed "s,\${programs}/offhook-reference-phone,$work/no-program," "$phone" >"$work/closed.yaml"
    play 3 --phone "$work/closed.yaml"
    report_says error "[]"
    reason_says "Permission denied"
}

test_a_missing_program_and_several_scenarios()
{
    sed "s,\${programs}/offhook-reference-phone,$work/no-such-phone," "$phone" >"$work/missing.yaml"
    flow=$OFFHOOK_SOURCE/scenarios
    play 3 --phone "$work/missing.yaml"
    report_is_valid
    expect "{'error'}" "set(s['verdict'] for s in r['scenarios'])"
    expect True "len(r['scenarios']) >= 5"
}

# The wrapper's own phone sits at the address first.
test_a_port_that_is_taken()
{
    adapter taken <<'SCRIPT'
sleep 60 | "$@" | { read -r _; say first; cat >/dev/null; } &
while ! grep -q first "${0%.sh}.says"; do sleep 0.01; done
exec "$@"
SCRIPT
    play 3 --phone "$work/taken.yaml"
    report_says error "[]"
    reason_says "ended before it was ready"
    reason_says "cannot listen on"
}

test_a_phone_that_ends_before_it_is_ready()
{
    adapter ends <<'SCRIPT'
echo 'no licence found' >&2
exit 7
SCRIPT
    play 3 --phone "$work/ends.yaml"
    report_says error "[]"
    reason_says "status 7"
    reason_says "no licence found"
}

test_a_phone_that_is_never_ready()
{
    adapter never <<'SCRIPT'
sleep 1000
SCRIPT
    sed -i 's/^  within: 5 s/  within: 700 ms/' "$work/never.yaml"
    play 3 --phone "$work/never.yaml"
    report_says error "[]"
    reason_says "was not ready within 700 ms"
}

# unprivileged: what follows is run without any right, from a copy that everybody may read.
unprivileged()
{
    mkdir -p "$work/bin" "$work/out"
    cp "$OFFHOOK" "$OFFHOOK_BUILD/offhook-reference-phone" "$work/bin"
    cp "$phone" "$scenario" "$work"
    chmod 711 "$scratch"
    chmod 777 "$work/out"
    before=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    "${before[@]}" true 2>/dev/null || before=(setpriv --bounding-set=-all --inh-caps=-all)
    "${before[@]}" true 2>/dev/null
}

test_no_right_to_capture()
{
    unprivileged || { skip_test "no right to drop rights"; return; }
    local own=$OFFHOOK
    OFFHOOK=$work/bin/offhook flow=$work/authentication-407.yaml
    echo '{"of": "an older run"}' >"$work/out/report.json"
    chmod 666 "$work/out/report.json"
    play 3 --phone "$work/reference-phone.yaml"
    says "no right to capture on lo"
    says "sudo setcap cap_net_raw+ep $work/bin/offhook"
    says "--no-capture"
    [ ! -e "$work/out/report.json" ] || fail "the report of an older run is still there"

    play 0 --phone "$work/reference-phone.yaml" --no-capture
    report_says pass "[]"
    expect tap "s['evidence']['source']"
    [ ! -e "$work/out/$folder/capture.pcap" ] || fail "a capture was written"

    play 1 --phone "$work/reference-phone.yaml" --no-capture --phone-param mutant=ack-new-branch
    report_says fail "['ack.branch']"
    OFFHOOK=$own
}

run_tests
