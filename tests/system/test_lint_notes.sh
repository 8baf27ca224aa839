#!/usr/bin/env bash
# What lint says of a file that is right: an ability that nothing takes is a note, and no mistake.
. "$(dirname "$0")/lib.sh"

# flow NEEDS FLOW-LINE...
flow()
{
    {
        printf 'title: t\nsource: s\nneeds: %s\n' "$1"
        printf 'parties: {A: phone, P: proxy, B: {behind: P, number: "1"}}\nflow:\n'
        shift
        printf '  - %s\n' "$@"
    } >"$work/flow.yaml"
    offhook 0 lint "$work/flow.yaml"
    says "1 file, 0 mistakes"
}

test_an_ability_that_nothing_takes_is_noted_with_its_place()
{
    flow "[dial, rtp, hangup]" "A dials B" "A -> P: INVITE" "P -> A: 486" "A -> P: ACK"
    says "flow.yaml:3:15: note: nothing in this flow takes the ability 'rtp'"
    says "flow.yaml:3:20: note: nothing in this flow takes the ability 'hangup'"
    does_not_say "'dial'"
}

test_what_a_flow_needs_without_a_step_that_says_so_is_not_noted()
{
    flow "[answer]" "P -> A: INVITE" "A -> P: 180" "P -> A: CANCEL" "A -> P: 200" "A -> P: 487" "P -> A: ACK"
    does_not_say "note"
    flow "[dial, 100rel]" "A dials B" "A -> P: INVITE" "{P -> A: 183, reliable: true}" "A -> P: PRACK" "P -> A: 200"
    does_not_say "note"
}

# What one row takes and another does not, is taken.
test_of_a_table_an_ability_is_noted_that_no_row_takes()
{
    cat >"$work/flow.yaml" <<'YAML'
title: t
source: s
needs: [register, unregister, dial]
params: {does: registers}
each: [{does: registers}, {does: unregisters}]
parties: {A: phone, R: registrar}
flow:
  - A ${does}
  - A -> R: REGISTER
  - R -> A: 200
YAML
    offhook 0 lint "$work/flow.yaml"
    does_not_say "'register'"
    does_not_say "'unregister'"
    says "flow.yaml:3:31: note: nothing in this flow takes the ability 'dial'"
}

run_tests
