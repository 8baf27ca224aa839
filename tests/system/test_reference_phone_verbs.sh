#!/usr/bin/env bash
# What a user of the reference phone can do besides dialling and answering: transfers, three at once, keys,
# forwarding and the like, each told to one phone and seen at the others.
. "$(dirname "$0")/reference_phones.sh"

uri() { printf 'sip:%s@%s' "$1" "${address[$1]}"; }

# tell NAME COMMAND [VALUES]: the phone takes it.
tell() {
    say "$1" "{\"id\": \"$2\", \"command\": \"$2\"${3:+, $3}}"
    await "$1" "{\"id\":\"$2\",\"ok\":true*"
}

# refuses NAME COMMAND [VALUES]
refuses() {
    say "$1" "{\"id\": \"$2\", \"command\": \"$2\"${3:+, $3}}"
    await "$1" "{\"id\":\"$2\",\"ok\":false,\"error\":\"*\"}"
}

three() {
    start bob $nobody
    start alice $nobody
    start carol $nobody
}

# consult: alice, who talks to bob, asks carol, who answers.
consult() {
    tell alice consult "\"to\": \"$(uri carol)\""
    await alice '{"event":"held",*}'
    await bob '{"event":"remote-hold",*}'
    await carol '{"event":"incoming",*}'
    tell carol answer
    await alice '{"event":"media",*}'
}

test_a_call_is_handed_on_and_ends_here_once_the_other_has_answered() {
    three
    connect alice bob
    tell alice transfer "\"to\": \"$(uri carol)\""
    await bob '{"event":"referred",*}'
    await carol '{"event":"incoming",*"from":"sip:bob@*"}'
    refuses alice transfer "\"to\": \"$(uri carol)\""
    tell carol answer
    await alice '{"event":"transferred",*"status":200}'
    await alice '{"event":"ended",*"reason":"transferred"}'
    await bob '{"event":"ended",*"reason":"remote hangup"}'
    tell carol hangup
    await bob '{"event":"ended",*"reason":"remote hangup"}'
    leave alice bob carol
}

test_a_call_that_nobody_takes_over_goes_on() {
    three
    connect alice bob
    tell alice transfer "\"to\": \"$(uri carol)\""
    await carol '{"event":"incoming",*}'
    tell carol reject
    await alice '{"event":"transfer-failed",*"status":486}'
    tell alice hold
    await alice '{"event":"held",*}'
    tell bob hangup
    await alice '{"event":"ended",*"reason":"remote hangup"}'
    leave alice bob carol
}

test_who_hangs_up_after_a_transfer_is_still_told_of_it() {
    three
    connect alice bob
    tell alice transfer "\"to\": \"$(uri carol)\""
    await carol '{"event":"incoming",*}'
    tell bob hangup '"call": "'"$(call_of bob established)"'"'
    await alice '{"event":"ended",*"reason":"remote hangup"}'
    tell carol answer
    await alice '{"event":"transferred",*"status":200}'
    leave carol alice bob
}

# call_of NAME STATE: the Call-ID of its call in that state.
call_of() {
    say "$1" '{"id": "c", "command": "state"}'
    await "$1" '{"id":"c",*}'
    sed -E 's/.*"call":"([^"]*)","state":"'"$2"'".*/\1/' <<<"$got"
}

test_a_call_is_handed_to_who_was_consulted() {
    three
    connect alice bob
    refuses alice complete-transfer
    consult
    tell alice complete-transfer
    await carol '{"event":"incoming",*"from":"sip:bob@*"replaces":*}'
    await carol '{"event":"ended",*"reason":"replaced"}'
    await alice '{"event":"transferred",*"status":200}'
    await bob '{"event":"ended",*"reason":"remote hangup"}'
    tell carol hangup
    await bob '{"event":"ended",*"reason":"remote hangup"}'
    tell alice state
    [[ $got == *'"calls":[]'* ]] || fail "alice has a call left: $got"
    leave alice bob carol
}

test_a_user_goes_to_and_fro_between_two_calls() {
    three
    connect alice bob
    consult
    tell alice resume
    await carol '{"event":"remote-hold",*}'
    await bob '{"event":"remote-resume",*}'
    await alice '{"event":"resumed",*}'
    tell alice resume
    await bob '{"event":"remote-hold",*}'
    await carol '{"event":"remote-resume",*}'
    await alice '{"event":"resumed",*}'
    tell alice hangup
    await carol '{"event":"ended",*}'
    tell alice resume
    await bob '{"event":"remote-resume",*}'
    leave alice bob carol
}

test_a_consultation_waits_for_the_hold_and_ends_with_it() {
    start bob $nobody --mutant refuses-re-invite
    start alice $nobody
    start carol $nobody
    connect alice bob
    tell alice consult "\"to\": \"$(uri carol)\""
    await alice '{"event":"ended",*"status":488}'
    await alice '{"event":"hold-failed",*"status":488}'
    tell alice state
    [[ $got == *'"state":"established"'* && $got != *'"state":"waiting"'* ]] || fail "alice has $got"
    leave alice bob carol
}

test_three_talk_at_once_and_the_end_is_for_all() {
    three
    connect alice bob
    refuses alice join
    consult
    tell alice join
    await alice '{"event":"joined",*}'
    await bob '{"event":"remote-resume",*}'
    tell alice state
    [[ $got == *'"joined":true'*'"joined":true'* ]] || fail "alice has not joined: $got"
    tell carol hangup
    await alice '{"event":"ended",*}'
    tell alice state
    [[ $got == *'"joined":false'* && $got != *'"joined":true'* ]] || fail "alice is joined still: $got"
    tell alice consult "\"to\": \"$(uri carol)\""
    await carol '{"event":"incoming",*}'
    tell carol answer
    await alice '{"event":"established",*}'
    tell alice join
    await alice '{"event":"joined",*}'
    tell alice hangup
    await bob '{"event":"ended",*"reason":"remote hangup"}'
    await carol '{"event":"ended",*"reason":"remote hangup"}'
    leave alice bob carol
}

test_keys_are_heard_in_their_order() {
    local key
    start bob $nobody
    start alice $nobody
    refuses alice dtmf '"keys": "1"'
    connect alice bob
    refuses alice dtmf '"keys": "12x"'
    refuses alice dtmf '"keys": ""'
    tell alice dtmf '"keys": "19*#d"'
    for key in 1 9 '\*' '#' D; do await bob '{"event":"key",*"key":"'"$key"'"}'; done
    await alice '{"event":"dtmf-sent",*}'
    tell bob dtmf '"keys": "00"'
    for key in 0 0; do await alice '{"event":"key",*"key":"0"}'; done
    tell alice hold
    await alice '{"event":"held",*}'
    refuses alice dtmf '"keys": "1"'
    leave alice bob
}

test_calls_are_forwarded_always_when_busy_and_when_nobody_answers() {
    start bob $nobody --no-answer 1
    start alice $nobody
    start carol $nobody
    refuses bob forward '"to": "carol"'
    refuses bob forward "\"to\": \"$(uri carol)\", \"when\": \"never\""
    tell bob forward "\"to\": \"$(uri carol)\""
    tell alice dial "\"to\": \"$(uri bob)\""
    await carol '{"event":"incoming",*"from":"sip:alice@*"}'
    tell alice hangup
    await carol '{"event":"ended",*}'
    await alice '{"event":"ended",*"status":487}'
    tell bob forward-off
    tell bob forward "\"to\": \"$(uri carol)\", \"when\": \"no-answer\""
    tell alice dial "\"to\": \"$(uri bob)\""
    await bob '{"event":"incoming",*}'
    await bob '{"event":"ended",*"reason":"forwarded","status":302}'
    await carol '{"event":"incoming",*}'
    tell alice hangup
    await alice '{"event":"ended",*"status":487}'
    tell bob forward "\"to\": \"$(uri alice)\", \"when\": \"busy\""
    tell bob dial "\"to\": \"$(uri alice)\""
    await alice '{"event":"incoming",*}'
    tell alice reject
    await bob '{"event":"ended",*}'
    connect alice bob
    tell bob state
    [[ $got == *'"forward":{"busy":"sip:alice@'*'"no-answer":"sip:carol@'* ]] || fail "bob forwards as $got"
    tell bob forward "\"to\": \"$(uri carol)\", \"when\": \"busy\""
    start dave $nobody
    tell dave dial "\"to\": \"$(uri bob)\""
    await carol '{"event":"incoming",*"from":"sip:dave@*"}'
    leave alice bob carol dave
}

test_who_wants_no_calls_has_none() {
    start bob $nobody
    start alice $nobody
    tell bob dnd
    tell alice dial "\"to\": \"$(uri bob)\""
    await alice '{"event":"ended",*"status":480}'
    tell bob dnd-off
    refuses bob redial
    tell alice redial
    await bob '{"event":"incoming",*"from":"sip:alice@*"}'
    leave alice bob
}

test_an_update_changes_nothing_but_what_it_says() {
    start bob $nobody
    start alice $nobody
    refuses alice update
    connect alice bob
    tell alice update
    await alice '{"event":"updated",*}'
    tell bob update '"offer": true'
    await bob '{"event":"updated",*}'
    tell alice hold
    await alice '{"event":"held",*}'
    tell alice update '"offer": true'
    await alice '{"event":"updated",*}'
    tell bob state
    [[ $got == *'"state":"established"'* ]] || fail "bob has $got"
    leave alice bob
}

test_a_restart_forgets_all_and_keeps_its_process() {
    local before
    start bob $nobody
    start alice $nobody
    before=${pid[alice]}
    connect alice bob
    tell alice mute
    tell alice forward "\"to\": \"$(uri bob)\""
    say alice '{"id": "r", "command": "restart"}
{"id": "early", "command": "state"}'
    await alice '{"id":"r","ok":true}'
    say alice '{"id": "later", "command": "state"}'
    await bob '{"event":"ended",*"reason":"remote hangup"}'
    await alice '{"event":"ready"}'
    await alice '{"id":"early","ok":true,*"calls":\[\],"services":{"forward":{},"dnd":false,"muted":false}}'
    await alice '{"id":"later","ok":true,*"calls":\[\],*}'
    kill -0 "$before" 2>/dev/null || fail "alice is another process"
    refuses alice redial
    connect bob alice
    leave alice bob
}

run_all
