#!/usr/bin/env bash
# One row of a table, named in the same words everywhere: FILE[row] and ID[row].
. "$(dirname "$0")/lib.sh"

file=$OFFHOOK_SOURCE/scenarios/dialog/status-codes.yaml

test_a_row_of_a_file_is_taken_by_each_command()
{
    local word
    cd "$OFFHOOK_SOURCE" || return # where ids are looked up
    for word in "dialog/status-codes[486]" "${file}[486]"; do
        start lint "$word"
        finish 0 "lint $word"
        says "1 file, 0 mistakes"
        start explain "$word"
        finish 0 "explain $word"
        says "dialog/status-codes[486] The far end ends the call with 486"
        does_not_say " 400"
        start rehearse "$word"
        finish 0 "rehearse $word"
        says "consistent dialog/status-codes[486]"
        says "1 scenario rehearsed, 0 inconsistent"
        start run --no-capture -o "$work/out" "$word"
        finish 0 "run $word"
        says "1 scenario: 1 pass, 0 fail"
    done
}

test_a_row_that_is_not_there_is_told_alike_by_each_command()
{
    local command
    for command in lint explain rehearse "run -o $work/out"; do
        # shellcheck disable=SC2086
        start $command "${file}[48x]"
        finish 2 "$command: no such row"
        says "status-codes.yaml: error: it has no row '48x'"
        says "400, 403, 404"
        # shellcheck disable=SC2086
        start $command "${scenario}[486]"
        finish 2 "$command: no table"
        says "it is no table: leave '[486]' out"
    done
    for command in lint rehearse "run -o $work/out"; do
        # shellcheck disable=SC2086
        start $command "${file%/*}[486]"
        finish 2 "$command: a folder"
        says "is a folder, and only a file has a row '486'"
    done
}

test_explain_tells_the_rows_and_how_another_is_shown()
{
    cd "$OFFHOOK_SOURCE" || return
    start explain dialog/status-codes
    finish 0 "explain of a table"
    says "dialog/status-codes[400]"
    says "a table of 19 scenarios, of which this is the first: 400, 403"
    says "'offhook explain 'dialog/status-codes[403]'' shows another"
}

test_a_file_that_is_called_like_a_row_is_that_file()
{
    cp "$scenario" "$work/flow.yaml[1]"
    start explain "$work/flow.yaml[1]"
    finish 0 "a file with brackets"
    says "The proxy challenges the INVITE with 407"
}

run_tests
