#!/bin/bash
# Phones that the tree does not know, driven by what dut-adapters/README.md tells: one with a menu on a terminal,
# and one behind a program of its own that is told verbs. Needs the right to capture.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cisco=$OFFHOOK_SOURCE/scenarios/cisco-7960
dialog=$OFFHOOK_SOURCE/scenarios/dialog
menu=(--phone "$OFFHOOK_SOURCE/tests/data/adapters/menu-phone.yaml" --phone-param "script=$OFFHOOK_SOURCE/tests/support/menu_phone.py")
example=$OFFHOOK_SOURCE/dut-adapters/external-example.yaml
flows=("$cisco/authentication-407.yaml" "$cisco/call-in.yaml" "$cisco/call-out-busy.yaml" "$dialog/hold-by-phone.yaml"
    "$dialog/cancel-487.yaml" "$dialog/call-out-tcp.yaml")

verdicts()
{
    expect "$1" "' '.join(x['verdict'] for x in r['scenarios'])"
}

# own VERB-CASES [ABILITIES]: $work/own.yaml, a program that is told verbs and does what the cases of a shell say; it has $line and $id.
own()
{
    cat >"$work/own.sh" <<SH
while IFS= read -r line; do
    id=\${line#*:} id=\${id%%,*}
    case \$line in
    $1
    *'"do":"stop"'*) exit 0 ;;
    *) echo '{"id":'\$id',"ok":true}' ;;
    esac
done
SH
    cat >"$work/own.yaml" <<YAML
format: 1
title: own
abilities: [rtp]
start: [sh, "\${adapter-folder}/own.sh"]
drive: {with: external}
ready: {within: 2 s}
verbs: {register: {}, dial: {within: 1 s}, answer: {}, hangup: {}}
stop: {within: 1 s}
YAML
}

# over_tcp FAULT: $work/tcp.yaml, the reference phone with its lines of JSON over a connection.
over_tcp()
{
    sed -e "s,^  - \${programs}/offhook-reference-phone,  - /usr/bin/python3\n  - $OFFHOOK_SOURCE/tests/support/tcp_phone.py\n  - \${phone.host}:\${free-port.control}\n  - $1\n&," \
        -e 's/^  with: json-lines/  with: tcp-json-lines\n  connect: ${phone.host}:${free-port.control}/' \
        -e 's/^  event: {event: ready}/  send: {command: state}/' \
        -e 's/^  dial: .*/  dial: {send: {command: dial, to: "${uri}"}, within: 1 s}/' "$phone" >"$work/tcp.yaml"
}

test_the_adapter_of_the_menu_has_less_than_sixty_lines()
{
    local lines
    lines=$(wc -l <"${menu[1]}")
    [ "$lines" -lt 60 ] || fail "it has $lines lines"
    offhook 0 lint "${menu[1]}" "$example"
    says "2 files, 0 mistakes"
    does_not_say note
}

test_the_doctor_finds_the_phone_with_a_menu_sound()
{
    offhook 0 doctor "${menu[@]}" --color never
    says "ok version MenuPhone 2.1"
    says "all ok: MenuPhone can be tested here"
    says "exited: status 0"
    for verb in register dial answer reject hangup hold resume; do
        grep -q "^ok *$verb " "$work/said" || fail "$verb is not proven"
    done
}

test_the_phone_with_a_menu_plays_scenarios()
{
    offhook 0 run "${flows[@]}" -o "$work/out" --color never "${menu[@]}"
    verdicts "pass pass pass pass pass pass"
}

test_the_doctor_finds_the_phone_behind_a_program_sound()
{
    offhook 0 doctor --phone "$example" --color never
    for verb in register dial answer reject hangup hold resume; do
        grep -q "^ok *$verb " "$work/said" || fail "$verb is not proven"
    done
}

test_the_phone_behind_a_program_plays_scenarios()
{
    offhook 0 run "${flows[@]}" -o "$work/out" --color never --phone "$example"
    verdicts "pass pass pass pass pass pass"
}

test_the_menu_is_driven_over_a_connection_as_well()
{
    sed -e 's/^    \[sip\]/&\n    console = ${phone.host}:${free-port.console}/' \
        -e 's/^  with: terminal/  with: tcp-lines\n  connect: ${phone.host}:${free-port.console}/' "${menu[1]}" >"$work/menu.yaml"
    offhook 0 lint "$work/menu.yaml"
    offhook 0 run "${flows[@]}" -o "$work/out" --color never --phone "$work/menu.yaml" "${menu[@]:2}"
    verdicts "pass pass pass pass pass pass"
}

test_lines_of_json_go_over_a_connection_as_well()
{
    over_tcp none
    offhook 0 run "${flows[@]}" -o "$work/out" --color never --phone "$work/tcp.yaml"
    verdicts "pass pass pass pass pass pass"
}

test_trouble_over_a_connection_is_named_in_its_time()
{
    local fault
    for fault in hang flood nonsense close; do
        over_tcp "$fault"
        offhook 1 run "$cisco/authentication-407.yaml" -o "$work/out" --color never --phone "$work/tcp.yaml"
        report_says fail "['phone.hung']"
        ends_within 15000
    done
    reason_says "the phone closed its control connection"
    over_tcp die
    offhook 1 run "$cisco/authentication-407.yaml" -o "$work/out" --color never --phone "$work/tcp.yaml"
    report_says fail "['phone.died']"
    reason_says "SIGABRT"
    reason_says "out of wire"
}

test_a_verb_that_the_program_does_not_know_skips_the_scenario()
{
    own "*'\"do\":\"dial\"'*) echo '{\"id\":'\$id',\"unsupported\":true,\"why\":\"it has no keys\"}' ;;"
    offhook 3 run "$cisco/authentication-407.yaml" "$cisco/call-out.yaml" -o "$work/out" --color never --phone "$work/own.yaml"
    verdicts "skip skip"
    expect "[[], []]" "[x['findings'] for x in r['scenarios']]"
    expect True "'it has no keys' in r['scenarios'][0]['reason']"
    expect True "\"lacks the ability 'dial'\" in r['scenarios'][1]['reason']"
}

test_an_end_with_127_skips_the_scenario()
{
    own "*'\"do\":\"dial\"'*) exit 127 ;;"
    offhook 3 run "$cisco/authentication-407.yaml" -o "$work/out" --color never --phone "$work/own.yaml"
    verdicts skip
    expect "[]" "s['findings']"
    reason_says "status 127"
    own "*'\"do\":\"start\"'*) echo 'no phone at this desk' >&2; exit 127 ;;"
    offhook 3 run "$cisco/authentication-407.yaml" -o "$work/out" --color never --phone "$work/own.yaml"
    verdicts skip
    reason_says "no phone at this desk"
}

test_verbs_that_the_program_leaves_out_at_its_start_are_skipped_before_the_flow()
{
    own "*'\"do\":\"start\"'*) echo '{\"id\":'\$id',\"ok\":true,\"verbs\":[\"answer\"]}' ;;"
    offhook 3 run "$cisco/authentication-407.yaml" -o "$work/out" --color never --phone "$work/own.yaml"
    verdicts skip
    reason_says "lacks the ability 'dial'"
    expect "[]" "s['messages']"
}

test_a_verb_that_is_taken_and_does_nothing_is_the_phones_fault()
{
    own ""
    sed 's/^  - A -> P: INVITE/&\n    within: 2 s/' "$cisco/call-out-busy.yaml" >"$work/busy.yaml"
    offhook 1 run "$work/busy.yaml" -o "$work/out" --color never --phone "$work/own.yaml"
    report_says fail "['flow.missing']"
}

test_one_that_hangs_floods_or_talks_nonsense_at_a_verb_is_named_in_its_time()
{
    local body
    for body in ":" "seq 1 200000" "head -c 3000000 /dev/zero | tr '\\\\0' x" "printf '\\\\377}{\\\\n{\"id\":[]}\\\\n'"; do
        own "*'\"do\":\"dial\"'*) $body ;;"
        offhook 1 run "$cisco/authentication-407.yaml" -o "$work/out" --color never --phone "$work/own.yaml"
        report_says fail "['phone.hung']"
        reason_says "no answer within 1000 ms"
        ends_within 15000
    done
}

test_one_that_dies_at_a_verb_is_named()
{
    own "*'\"do\":\"dial\"'*) echo oh no >&2; kill -SEGV \$\$ ;;"
    offhook 1 run "$cisco/authentication-407.yaml" -o "$work/out" --color never --phone "$work/own.yaml"
    report_says fail "['phone.died']"
    reason_says "SIGSEGV"
    reason_says "oh no"
}

test_one_that_never_starts_is_the_benchs_trouble()
{
    own "*'\"do\":\"start\"'*) echo '{\"id\":'\$id',\"ok\":false,\"why\":\"the line is down\"}' ;;"
    offhook 3 run "$cisco/authentication-407.yaml" -o "$work/out" --color never --phone "$work/own.yaml"
    verdicts error
    reason_says "it refuses to start: the line is down"
}

test_lint_notes_a_program_that_is_not_there()
{
    own ""
    sed -i 's/^start:.*/start: [no-such-phone-program]/' "$work/own.yaml"
    offhook 0 lint "$work/own.yaml"
    says "own.yaml:4:9: note: there is no program 'no-such-phone-program' here (in PATH); install it, or correct 'start'"
}

can_capture || skip "needs the right to capture"
run_tests
