#!/usr/bin/env bash
# With which of two calls a user does something: `call` under an action.
. "$(dirname "$0")/lib.sh"

# two_calls FIRST SECOND: hangs up these two, one after the other.
two_calls()
{
    cat >"$work/flow.yaml" <<'YAML'
title: Two calls
source: RFC 3261 15.1.1
needs: [dial, hold, hangup]
parties:
  A: phone
  P: proxy
  B: {behind: P, number: "5551234"}
  C: {behind: P, number: "5551235"}
flow:
  - A dials B
  - A -> P: INVITE
    call: one
  - P -> A: 200
    call: one
  - A -> P: ACK
    call: one
  - A holds:
    call: one
  - A -> P: INVITE
    call: one
  - P -> A: 200
    call: one
  - A -> P: ACK
    call: one
  - A dials C
  - A -> P: INVITE
    call: two
  - P -> A: 200
    call: two
  - A -> P: ACK
    call: two
YAML
    local name
    for name in "$@"; do
        cat >>"$work/flow.yaml" <<YAML
  - A hangs up:
    call: $name
  - A -> P: BYE
    call: $name
  - P -> A: 200
    call: $name
YAML
    done
}

test_the_latest_call_is_the_one_that_is_meant()
{
    two_calls two one
    offhook 0 lint "$work/flow.yaml"
    offhook 0 rehearse --break all "$work/flow.yaml"
    offhook 0 explain "$work/flow.yaml"
    says "it is about the call 'one'"
    offhook 0 run --no-capture -p "$phone" -o "$work/out" "$work/flow.yaml"
}

test_a_phone_that_cannot_be_told_which_call_is_accused_of_nothing()
{
    two_calls one two
    offhook 0 rehearse --break all "$work/flow.yaml" # a flow that a phone can go through
    offhook 3 run --no-capture -p "$phone" -o "$work/out" "$work/flow.yaml"
    says "the phone cannot be told that call 'one' is meant, which is not its latest"
    says "findings: 0 must, 0 should"
}

run_tests
