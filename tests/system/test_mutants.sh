#!/usr/bin/env bash
# Faults put upon a phone's program: the library, `run --mutant`, and the kill table's own checks.
. "$(dirname "$0")/lib.sh"

can_capture || skip "capturing needs root"
library=$OFFHOOK_BUILD/liboffhook-mutant.so
out_flow=$OFFHOOK_SOURCE/scenarios/cisco-7960/call-out.yaml

# A build with sanitizers refuses; the rest of the tests is a release build's.
is_sanitized()
{
    nm -D "$OFFHOOK" 2>/dev/null | grep -q __asan_init
}

test_a_sanitizer_build_refuses_to_preload()
{
    is_sanitized || { skip_test "this build has no sanitizers"; return; }
    flow=$out_flow
    play 3 --mutant via-no-cookie
    reason_says "a build with sanitizers cannot preload the mutant via-no-cookie"
    reason_says "release build"
}

test_the_faults_are_listed()
{
    offhook 0 list mutants
    says "via-no-cookie"
    says "RFC 3261 8.1.1.7"
    says "strikes when the phone is called and answers"
    says "lawful"
    [[ $(wc -l <"$OFFHOOK_BUILD/offhook-mutants.txt") -ge 45 ]] || fail "fewer than 45 faults are listed"
    "$OFFHOOK_BUILD/offhook-mutants" | cmp -s - "$OFFHOOK_BUILD/offhook-mutants.txt" ||
        fail "offhook-mutants.txt is not what offhook-mutants prints"
}

test_an_unknown_fault_is_told_before_anything_is_played()
{
    flow=$out_flow
    play 2 --mutant via-no-cokie
    says "there is no mutant 'via-no-cokie'"
    says "did you mean 'via-no-cookie'?"
    [ ! -e "$work/out/report.json" ] || fail "something was played"
    play 2 --mutant xyzzyxyzzyxyzzyxyzzy
    says "offhook list mutants"
}

test_a_mutant_is_found_out_and_named()
{
    ! is_sanitized || { skip_test "it is a sanitizer build"; return; }
    flow=$out_flow
    play 1 --mutant via-no-cookie
    report_says fail "['via.cookie']"
    expect via-no-cookie "r['phones'][0]['mutant']"
    says "a mutant, not the phone itself"
    grep -q '"mutant via-no-cookie: in force, struck 1 times"' "$work/out/cisco-7960/call-out/run.json" ||
        fail "the run does not tell that the mutant was in force and struck"
}

test_a_lawful_variant_wakes_nothing()
{
    ! is_sanitized || { skip_test "it is a sanitizer build"; return; }
    flow=$out_flow
    play 0 --mutant lawful-folded
    report_says pass "[]"
}

test_a_mutant_that_never_struck_is_no_pass()
{
    ! is_sanitized || { skip_test "it is a sanitizer build"; return; }
    flow=$out_flow
    play 3 --mutant cancel-require
    report_says inconclusive "[]"
    reason_says "the mutant cancel-require never struck"
}

# Of two scenarios on one phone process each counts for itself.
test_striking_is_counted_scenario_by_scenario()
{
    ! is_sanitized || { skip_test "it is a sanitizer build"; return; }
    offhook 1 run "$out_flow" "$OFFHOOK_SOURCE/scenarios/cisco-7960/call-out-busy.yaml" "$out_flow" \
        --phone "$phone" --mutant bye-cseq-skips -o "$work/out" --color never
    expect "['fail', 'inconclusive', 'fail']" "[x['verdict'] for x in r['scenarios']]"
}

test_a_mutant_that_is_not_in_force_is_an_error()
{
    ! is_sanitized || { skip_test "it is a sanitizer build"; return; }
    flow=$out_flow
    adapter bare <<'END'
exec env -u LD_PRELOAD "$@"
END
    play 3 --phone "$work/bare.yaml" --mutant via-no-cookie
    report_says error "[]"
    reason_says "the mutant via-no-cookie is not in force"
}

# Also through a program that is started before the phone's, and beside what is preloaded already.
test_what_is_preloaded_already_stays()
{
    ! is_sanitized || { skip_test "it is a sanitizer build"; return; }
    flow=$out_flow
    adapter keeps <<'END'
say "$LD_PRELOAD"
exec "$@"
END
    before=(env LD_PRELOAD="$(ldconfig -p | sed -n 's/.*=> \(.*libpthread.so.0\)$/\1/p' | head -n 1)")
    play 1 --phone "$work/keeps.yaml" --mutant via-no-cookie
    report_says fail "['via.cookie']"
    grep -q "^$library:.*libpthread" "$work/keeps.says" || fail "the phone gets: $(cat "$work/keeps.says")"
}

test_the_library_edits_and_maps_back_on_real_sockets()
{
    ! is_sanitized || { skip_test "it is a sanitizer build"; return; }
    python3 "$OFFHOOK_SOURCE/tests/support/preloaded_sockets.py" "$library" >"$work/said" 2>&1 ||
        fail "$(grep -v '^ok' "$work/said")"
    [ "$(grep -c '^ok' "$work/said")" -ge 11 ] || fail "not all was tried: $(cat "$work/said")"
}

# kill_table STATUS TABLE WORD
kill_table()
{
    local status=0
    "$OFFHOOK_SOURCE/ci/mutants" "$OFFHOOK_BUILD" --table "$2" --only "$3" >"$work/said" 2>&1 || status=$?
    [ "$status" -eq "$1" ] || fail "ci/mutants ends with $status, expected $1: $(tail -n 20 "$work/said")"
}

test_the_kill_table_can_fail()
{
    ! is_sanitized || { skip_test "it is a sanitizer build"; return; }
    local table=$OFFHOOK_SOURCE/dut-adapters/mutants/kill-table.txt wrong=$work/table.txt
    grep -q '^via-no-cookie .*reference-phone' "$table" || fail "the row that is tried is not there"
    sed 's/baresip//' "$table" >"$wrong"
    kill_table 0 "$wrong" via-no-cookie
    says "0 failed"
    sed 's/baresip//; /^via-no-cookie /s/via.cookie at/via.branch-present at/' "$table" >"$wrong"
    kill_table 1 "$wrong" via-no-cookie
    says "missing: via.branch-present at A -> P: INVITE; not due: via.cookie at A -> P: INVITE"
    sed 's/baresip//; /^via-no-cookie /s/via.cookie at[^|]*/- /' "$table" >"$wrong"
    kill_table 1 "$wrong" via-no-cookie
    says "not due: via.cookie at A -> P: INVITE"
    sed 's/baresip//; /^cancel-require /s,dialog/cancel-487,cisco-7960/call-out,' "$table" >"$wrong"
    kill_table 1 "$wrong" cancel-require
    says "the mutant cancel-require never struck"
    sed '/^via-no-cookie /d' "$table" >"$wrong"
    kill_table 2 "$wrong" via-no-cookie
    says "these faults have no row: via-no-cookie"
    sed 's/^via-no-cookie /via-no-cake /' "$table" >"$wrong"
    kill_table 2 "$wrong" via
    says "there is no fault via-no-cake"
}

run_tests
