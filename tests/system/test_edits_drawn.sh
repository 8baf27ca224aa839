#!/usr/bin/env bash
# The 120 edits of tests/judge/test_edits.c are those that their program draws.
. "$(dirname "$0")/lib.sh"

test_the_edits_are_those_that_the_seed_draws()
{
    "$python" "$OFFHOOK_SOURCE/tests/edits/draw.py" >"$work/drawn.txt" || fail "draw.py ends with $?"
    cmp "$work/drawn.txt" "$OFFHOOK_SOURCE/tests/data/edits/drawn.txt" || fail "drawn.txt is another"
}

run_tests
