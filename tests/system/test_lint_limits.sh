#!/usr/bin/env bash
# What no reader should choke on is refused by lint: soon, in little memory, with a place, and in a
# few lines.
. "$(dirname "$0")/lib.sh"

seconds=5 megabytes=400
[ -z "$(nm "$OFFHOOK" 2>/dev/null | grep -m1 __asan_init)" ] || { megabytes=unlimited seconds=60; } # it maps terabytes

# refused FILE TEXT: by lint and explain alike.
refused()
{
    local command status limit=unlimited
    [ "$megabytes" = unlimited ] || limit=$((megabytes * 1024))
    for command in lint explain; do
        (ulimit -v "$limit" && timeout "$seconds" "$OFFHOOK" "$command" "$1") >"$work/said" 2>&1
        status=$?
        [ "$status" -eq 2 ] || fail "$command of ${1##*/} ends with $status: $(head -c 300 "$work/said")"
        says "$2"
        [ "$(wc -c <"$work/said")" -lt 100000 ] || fail "$command of ${1##*/} says too much"
    done
}

head='title: x\nsource: y\nneeds: [hangup]\nparties: {A: phone, B: {role: peer, number: "1"}}\n'

test_a_bomb_of_aliases()
{
    {
        echo 'a: &a [x, x, x, x, x, x, x, x, x]'
        for letter in b c d e f g h i j; do
            printf '%s: &%s [' $letter $letter
            for _ in 1 2 3 4 5 6 7 8 9; do printf '*%s, ' "$(tr b-j a-i <<<$letter)"; done
            echo ']'
        done
    } >"$work/x.yaml"
    refused "$work/x.yaml" "x.yaml:1:"
}

test_an_alias_of_itself()
{
    printf 'title: &a [*a]\nflow: *a\n' >"$work/x.yaml"
    refused "$work/x.yaml" "x.yaml:1:"
}

test_a_file_of_100_megabytes()
{
    { printf "$head"'flow:\n'; yes '  - A hangs up' | head -c 100M; } >"$work/x.yaml"
    refused "$work/x.yaml" "x.yaml"
}

test_a_file_just_under_the_limit()
{
    { printf "$head"'flow:\n'; yes '  - A hangs up' | head -n 60000; } >"$work/x.yaml"
    refused "$work/x.yaml" "more than 1000 steps"
    { printf "$head"'flow:\n  - A hangs up\n'; seq 60000 | sed 's/^/k/;s/$/: 1/'; } >"$work/x.yaml"
    refused "$work/x.yaml" "x.yaml:"
}

test_nesting_without_end()
{
    { printf 'flow: '; printf '[%.0s' $(seq 100000); } >"$work/x.yaml"
    refused "$work/x.yaml" "x.yaml:1:"
    { printf 'flow:\n'; for i in $(seq 300); do printf '%*sa:\n' "$i" ''; done; } >"$work/x.yaml"
    refused "$work/x.yaml" "x.yaml:"
}

test_bytes_that_are_no_text()
{
    printf 'title: a\0b\n' >"$work/x.yaml"
    refused "$work/x.yaml" "x.yaml:1:"
    printf 'title: x\nsource: \xff\xfe\n' >"$work/x.yaml"
    refused "$work/x.yaml" "x.yaml:2:"
    printf 'title: \xed\xa0\x80\n' >"$work/x.yaml" # half of a surrogate pair
    refused "$work/x.yaml" "x.yaml:1:"
    head -c 200000 /dev/urandom >"$work/x.yaml"
    refused "$work/x.yaml" "x.yaml:1:"
}

test_a_key_given_twice()
{
    printf "$head"'flow: [A hangs up]\nflow: [A hangs up]\n' >"$work/x.yaml"
    refused "$work/x.yaml" "x.yaml:6:"
}

test_parameters_of_parameters()
{
    printf "$head"'params: {a: "${b}", b: "${a}"}\nflow: ["${a}"]\n' >"$work/x.yaml"
    refused "$work/x.yaml" "x.yaml:5:"
}

test_a_table_that_unrolls_without_end()
{
    {
        printf "$head"'flow:\n'
        printf '  - repeat: 1000\n    flow:\n      - repeat: 1000\n        flow:\n          - repeat: 1000\n            flow: [A hangs up]\n'
    } >"$work/x.yaml"
    refused "$work/x.yaml" "more than 1000 steps"
    { printf "$head"'params: {a: x}\neach:\n'; yes '  - {a: y}' | head -n 50000; printf 'flow: [A hangs up]\n'; } >"$work/x.yaml"
    refused "$work/x.yaml" "x.yaml:"
}

run_tests
