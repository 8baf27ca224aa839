#!/usr/bin/env bash
# The reference phone from outside: its protocol, its end in every way, and two of them in calls.
# Uses OFFHOOK_BUILD (the build folder). Needs only bash and coreutils.
. "$(dirname "$0")/reference_phones.sh"

test_command_line() {
    local name scenario
    "$phone" --help | grep -q -- '--listen' || fail "--help tells nothing"
    "$phone" --list-mutants >"$work/mutants"
    [[ $(wc -l <"$work/mutants") -ge 20 ]] || fail "--list-mutants lists less than twenty"
    grep -vqP '^[a-z0-9-]+\t[^\t]+\t[^\t]+\t[^\t]+$' "$work/mutants" &&
        fail "--list-mutants: a line without name, description, clause and scenario"
    while IFS=$'\t' read -r name _ _ scenario; do
        "$phone" --mutant "$name" --help >"$work/help" 2>&1 || fail "the mutant $name is unknown"
        [[ $scenario == - || -f $OFFHOOK_SOURCE/scenarios/$scenario.yaml ]] ||
            fail "$name: there is no scenario $scenario"
    done <"$work/mutants"
    "$phone" --transport sctp 2>/dev/null
    [[ $? -eq 2 ]] || fail "an unknown transport is not refused with status 2"
    "$phone" --mutant nonsense 2>/dev/null
    [[ $? -eq 2 ]] || fail "an unknown mutant is not refused with status 2"
    "$phone" --listen 127.0.0.1 --account sip:a@b 2>/dev/null
    [[ $? -eq 2 ]] || fail "an address without a port is not refused with status 2"
    "$phone" 2>/dev/null
    [[ $? -eq 2 ]] || fail "missing options are not refused with status 2"
}

test_every_request_gets_one_answer() {
    start one $nobody
    say one '{"id": 1, "command": "state"}'
    await one '{"id":1,"ok":true,"registration":"unregistered","calls":\[\],"services":{"forward":{},"dnd":false,"muted":false}}'
    say one '{"id": "two", "command": "fly"}'
    await one '{"id":"two","ok":false,"error":*fly*}'
    say one '{"id": 3}'
    await one '{"id":3,"ok":false,"error":*}'
    say one 'this is not JSON'
    await one '{"id":null,"ok":false,"error":*}'
    say one '[1, 2]'
    await one '{"id":null,"ok":false,"error":*}'
    say one "{\"id\": 4, \"command\": \"$(head -c 70000 /dev/zero | tr '\0' x)\"}"
    await one '{"id":null,"ok":false,"error":*long*}'
    for command in answer reject hangup hold resume unregister dial; do
        say one "{\"id\": \"$command\", \"command\": \"$command\"}"
        await one "{\"id\":\"$command\",\"ok\":false,\"error\":*}"
    done
    say one '{"id": 5, "command": "dial", "to": "tel:5551234"}'
    await one '{"id":5,"ok":false,"error":*}'
    say one '{"id": 6, "command": "quit"}'
    await one '{"id":6,"ok":true}'
    ends one
}

test_every_way_to_end() {
    start one $nobody
    close_input one
    ends one
    start one $nobody
    kill -TERM "${pid[one]}"
    ends one 143
    start one $nobody
    kill -INT "${pid[one]}"
    ends one 130
    # a registrar that is silent, and a call that nobody answers, hold nothing up
    start one $nobody
    say one '{"id": 1, "command": "register"}'
    await one '{"id":1,"ok":true}'
    say one '{"id": 2, "command": "dial", "to": "sip:5551234@127.0.0.1:9"}'
    await one '{"id":2,"ok":true,"call":"*"}'
    kill -TERM "${pid[one]}"
    ends one 143
}

test_a_taken_address_is_told() {
    start one $nobody
    "$phone" --listen "${address[one]}" --account sip:b@$nobody </dev/null >/dev/null 2>"$work/taken"
    [[ $? -eq 1 ]] || fail "a taken port does not end the phone with status 1"
    grep -q "cannot listen on" "$work/taken" || fail "a taken port is not told"
    say one '{"id": 1, "command": "quit"}'
    ends one
}

test_calls_between_two_phones() {
    start bob $nobody
    start alice "${address[bob]}"
    start carol "${address[bob]}"
    connect alice bob

    say carol "{\"id\": 1, \"command\": \"dial\", \"to\": \"sip:bob@${address[bob]}\"}"
    await carol '{"event":"ended",*"status":486}'

    say alice '{"id": 2, "command": "hangup"}'
    await bob '{"event":"ended",*"reason":"remote hangup"}'
    await alice '{"id":2,"ok":true}'

    connect carol bob
    say bob '{"id": 3, "command": "hangup"}'
    await carol '{"event":"ended",*"reason":"remote hangup"}'

    say alice "{\"id\": 4, \"command\": \"dial\", \"to\": \"sip:bob@${address[bob]}\"}"
    await bob '{"event":"incoming",*}'
    say bob '{"id": 5, "command": "reject", "status": 603}'
    await alice '{"event":"ended",*"status":603}'

    say alice "{\"id\": 6, \"command\": \"dial\", \"to\": \"sip:bob@${address[bob]}\"}"
    await alice '{"event":"ringing",*}'
    say alice '{"id": 7, "command": "hangup"}'
    await bob '{"event":"ended",*"reason":"cancelled"}'
    await alice '{"event":"ended",*"status":487}'

    connect alice bob
    say alice '{"id": 8, "command": "quit"}' # ends the call as well
    await bob '{"event":"ended",*"reason":"remote hangup"}'
    ends alice
    say bob '{"id": 9, "command": "quit"}'
    say carol '{"id": 9, "command": "quit"}'
    ends bob
    ends carol
}

# hold_and_resume ONE OTHER
hold_and_resume() {
    say "$1" '{"id": "h", "command": "hold"}'
    await "$1" '{"id":"h","ok":true}'
    await "$1" '{"event":"held",*}'
    await "$2" '{"event":"remote-hold",*}'
    say "$1" '{"id": "h", "command": "hold"}'
    await "$1" '{"id":"h","ok":false,*already*}'
    say "$1" '{"id": "s", "command": "state"}'
    await "$1" '{"id":"s",*"held":true*}'
    say "$1" '{"id": "r", "command": "resume"}'
    await "$1" '{"event":"resumed",*}'
    await "$2" '{"event":"remote-resume",*}'
}

test_a_call_is_held_by_either_side_and_by_both() {
    start bob $nobody
    start alice "${address[bob]}"
    connect alice bob
    hold_and_resume alice bob
    hold_and_resume bob alice
    say alice '{"id": 1, "command": "hold"}'
    await alice '{"event":"held",*}'
    say bob '{"id": 1, "command": "hold"}'
    await bob '{"event":"held",*}'
    say alice '{"id": 2, "command": "resume"}'
    await alice '{"event":"resumed",*}'
    say bob '{"id": 2, "command": "resume"}'
    await bob '{"event":"resumed",*}'
    say alice '{"id": 3, "command": "state"}'
    await alice '{"id":3,*"held":false*}'
    say alice '{"id": 4, "command": "quit"}'
    await bob '{"event":"ended",*"reason":"remote hangup"}'
    say bob '{"id": 4, "command": "quit"}'
    ends alice
    ends bob
}

test_a_hold_that_is_refused_changes_nothing() {
    start bob $nobody --mutant refuses-re-invite
    start alice "${address[bob]}"
    connect alice bob
    say alice '{"id": 1, "command": "hold"}'
    await alice '{"event":"hold-failed",*"status":488}'
    say alice '{"id": 2, "command": "state"}'
    await alice '{"id":2,*"state":"established"*"held":false*}'
    say alice '{"id": 3, "command": "quit"}'
    say bob '{"id": 3, "command": "quit"}'
    ends alice
    ends bob
}

test_all_of_it_goes_by_tcp_too() {
    start bob $nobody --transport tcp
    start alice "${address[bob]}" --transport tcp
    connect alice bob
    hold_and_resume alice bob
    say bob '{"id": 1, "command": "hangup"}'
    await alice '{"event":"ended",*"reason":"remote hangup"}'
    say alice "{\"id\": 2, \"command\": \"dial\", \"to\": \"sip:bob@${address[bob]}\"}"
    await alice '{"event":"ringing",*}'
    say alice '{"id": 3, "command": "hangup"}'
    await bob '{"event":"ended",*"reason":"cancelled"}'
    await alice '{"event":"ended",*"status":487}'
    say alice '{"id": 4, "command": "quit"}'
    say bob '{"id": 4, "command": "quit"}'
    ends alice
    ends bob
}

# What a preloaded library does to the phone's bytes must reach the wire, and it must see all of them.
test_a_preloaded_library_sees_every_message() {
    if ! command -v cc >/dev/null || grep -q __asan_init "$phone"; then
        echo "no C compiler, or a phone with sanitizers: not looked at"
        return
    fi
    cat >"$work/count.c" <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    ssize_t (*next)(int, const struct msghdr *, int) = dlsym(RTLD_NEXT, "sendmsg");
    if (write(2, "SENT ", 5) != 5 || write(2, m->msg_iov->iov_base, 10) != 10 || write(2, "\n", 1) != 1)
        return -1;
    return next(fd, m, flags);
}
ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
    ssize_t (*next)(int, struct msghdr *, int) = dlsym(RTLD_NEXT, "recvmsg");
    ssize_t got = next(fd, m, flags);
    if (got > 10 && (write(2, "GOT ", 4) != 4 || write(2, m->msg_iov->iov_base, 10) != 10 || write(2, "\n", 1) != 1))
        return -1;
    return got;
}
C
    cc -shared -fPIC -o "$work/count.so" "$work/count.c" || fail "the library cannot be built"
    : >"$work/log"
    start bob $nobody
    LD_PRELOAD=$work/count.so start alice "${address[bob]}"
    connect alice bob
    say alice '{"id": 1, "command": "quit"}'
    ends alice
    say bob '{"id": 1, "command": "quit"}'
    ends bob
    for line in 'SENT INVITE sip' 'SENT ACK sip:bo' 'SENT BYE sip:bo' 'GOT SIP/2.0 18' 'GOT SIP/2.0 20'; do
        grep -aq "$line" "$work/log" || fail "the preloaded library never sees '$line'"
    done
}

test_the_mutant_hold_without_invite_tells_the_other_side_nothing() {
    local heard=
    start bob $nobody
    start alice "${address[bob]}" --mutant hold-without-invite
    connect alice bob
    say alice '{"id": 1, "command": "hold"}'
    await alice '{"event":"held",*}'
    say alice '{"id": 2, "command": "hangup"}'
    while read -r -t 15 got <&"${out[bob]}"; do
        heard+=$got
        [[ $got == *'"ended"'* ]] && break
    done
    [[ $heard == '{"event":"ended"'* ]] || fail "bob hears $heard"
    say alice '{"id": 3, "command": "quit"}'
    say bob '{"id": 3, "command": "quit"}'
    ends alice
    ends bob
}

run_all
