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

# Twice in a row is enough: the third scenario has the same sentence, and the phone is not tried again.
test_a_phone_that_is_never_ready_is_not_tried_for_each_scenario()
{
    adapter never <<'SCRIPT'
say started
echo "cannot open audio.so"
exec sleep 1000
SCRIPT
    sed -i 's/^  within: 5 s/  within: 700 ms/' "$work/never.yaml"
    flow=$OFFHOOK_SOURCE/scenarios/cisco-7960 play 3 --phone "$work/never.yaml"
    expect "['error', 'error', 'error', 'error']" "[x['verdict'] for x in r['scenarios']]"
    expect "[False, False, True, True]" "['could not be started, as before: ' in x['reason'] for x in r['scenarios']]"
    expect True "all('was not ready within 700 ms' in x['reason'] for x in r['scenarios'])"
    expect True "all('cannot open audio.so' in x['reason'] for x in r['scenarios'])"
    [ "$(wc -l <"$work/never.says")" -eq 2 ] || fail "it was started $(wc -l <"$work/never.says") times"
}

# Once it became ready, or is to be started with another transport, what failed before counts no more.
test_a_phone_that_gets_ready_again_is_tried_again()
{
    adapter moody <<'SCRIPT'
say started
case $(wc -l <"${0%.sh}.says") in 2 | 4) exec "$@" ;; esac
exit 4
SCRIPT
    sed -i 's/^reference: true/&\nanew: after-register/' "$work/moody.yaml"
    flow=$OFFHOOK_SOURCE/scenarios/registration play 3 --phone "$work/moody.yaml"
    expect "['error', 'pass', 'error', 'pass', 'error', 'error']" "[x['verdict'] for x in r['scenarios']][:6]"
    expect "['registration/unavailable-503', 'registration/unregister']" "[x['id'] for x in r['scenarios'] if 'as before' in (x['reason'] or '')]"
}

run_tests
