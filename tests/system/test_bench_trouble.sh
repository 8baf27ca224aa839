#!/usr/bin/env bash
# Trouble with the bench: told with the remedy, error, exit status 3, and nothing is left running.
. "$(dirname "$0")/lib.sh"

test_a_program_that_is_missing()
{
    sed "s,\${programs}/offhook-reference-phone,$work/no-such-phone,
         s,^install:.*,install: buy one," "$phone" >"$work/missing.yaml"
    play 3 --phone "$work/missing.yaml"
    says "'$work/no-such-phone' cannot be started"
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

run_tests
