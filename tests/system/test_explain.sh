#!/usr/bin/env bash
# offhook explain: a scenario as a ladder and in words, without a phone.
. "$(dirname "$0")/lib.sh"
. "$OFFHOOK_SOURCE/tests/system/corpus.sh"

test_every_scenario_of_the_tree_is_explained_within_the_terminal()
{
    local file
    while read -r file; do
        "$OFFHOOK" explain "$file" >"$work/said" 2>"$work/why" ||
            { fail "$file: $(head -3 "$work/why")"; continue; }
        grep -q '^It takes .* if the phone answers at once, and at most ' "$work/said" ||
            fail "$file: it is not told how long that takes"
        [ "$(grep -cE '^ *[0-9]+  \S' "$work/said")" -ge 2 ] || fail "$file: hardly a step is told"
    done < <(scenario_files)
}

test_the_407_flow_is_drawn_and_told()
{
    offhook 0 explain "$scenario"
    says "A phone P proxy"
    says "│── INVITE (credentials) ─"
    says "must: the user part of the Request-URI is B's number (\"5551234\")"
    says "must: Proxy-Authorization answers the challenge rightly"
    says "must: the number of CSeq is more than that of 'first' (line "
    says "should: Call-ID is that of 'first'"
    says "if the phone never answers, it ends after 32.5 s"
}

# takes TEXT: how long the flow on standard input takes.
takes()
{
    { printf 'title: x\nsource: x\nneeds: [dial, hangup]\nparties: {A: phone, P: proxy, B: {behind: P, number: "1"}}\nflow:\n'
        cat; } >"$work/x.yaml"
    offhook 0 explain "$work/x.yaml"
    says "$1"
}

test_how_long_it_takes_is_the_sum_of_its_waits()
{
    takes "It takes 3 s if the phone answers at once, and at most 13 s; if the phone never answers, it ends after 10 s" <<'YAML'
  - A dials B
  - A -> P: INVITE
    within: 10 s
  - P -> A: 180
    after: 2 s
  - nothing for: 1 s
YAML
    takes "It takes no time if the phone answers at once, and at most 25 s; if the phone never answers, it ends after 5 s" <<'YAML'
  - A dials B
  - A -> P: INVITE
    within: 5 s
  - P -> A: 200
  - either:
      - A -> P: ACK
        within: 20 s
    or:
      - A -> P: BYE
        within: 10 s
      - nothing for: 1 s
YAML
}

test_rounds_that_may_be_left_out_are_told_as_such()
{
    cat >"$work/x.yaml" <<'YAML'
title: x
source: x
needs: [register]
parties: {A: phone, R: registrar}
flow:
  - A registers
  - repeat: 1 .. 3
    flow:
      - A -> R: REGISTER
        within: 4 s
      - R -> A: 503
YAML
    offhook 0 explain "$work/x.yaml"
    says "once more, or not"
    says "has to come within 4 s after the step before, else the scenario fails"
    says "may be left out, with its round and those after it; it is waited for 4 s"
}

test_a_mistaken_file_is_told_with_its_place()
{
    printf 'title: x\nsource: x\nparties: {A: phone}\nflow:\n  - A dails\n' >"$work/x.yaml"
    offhook 2 explain "$work/x.yaml"
    says "x.yaml:5:5: error: "
    offhook 2 explain
    offhook 2 explain --json "$scenario"
}

run_tests
