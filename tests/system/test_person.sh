#!/usr/bin/env bash
# A phone on the desk: the reference phone at an address of its own, that the test starts and not offhook, a person
# at it who does what the terminal says (tests/support/desk_phone.py), and keys pressed in a terminal (tmux).
. "$(dirname "$0")/lib.sh"
command -v tmux >/dev/null || skip "there is no tmux"
bound=120

# desk WATCH [LEAVE...]: the phone, and who does at it what is asked; ours is $net.1, the phone's $net.2.
desk()
{
    net=127.$((RANDOM % 120 + 100)).$((RANDOM % 250))
    mkfifo "$work/desk.in"
    OFFHOOK_TEST_MARK=$mark "$python" "$OFFHOOK_SOURCE/tests/support/desk_phone.py" "$OFFHOOK_BUILD/offhook-reference-phone" \
        "$net.2:5060" "$net.1:5060" "$@" <"$work/desk.in" >"$work/did" 2>&1 &
    exec {desk_fd}>"$work/desk.in"
}

# terminal COMMAND: offhook with these arguments in a terminal of 90 by 34, whose shell then says how it ended, and
# whether the terminal is as it was.
terminal()
{
    mkdir -p "$work/tmp"
    cat >"$work/shell.sh" <<SHELL
export OFFHOOK_TEST_MARK=$mark TMPDIR=$work/tmp LC_ALL=C.UTF-8 ${term:+TERM=$term}
cd $OFFHOOK_SOURCE
$OFFHOOK run --phone person --address $net.1 --color never $* 2>&1
echo "status \$?"; stty -a | grep -o -- '[-]*icanon'; stty -a | grep -o -- ' [-]*echo '; echo the end
read -r
SHELL
    env OFFHOOK_TEST_MARK="$mark" tmux -L "$mark" -f /dev/null new-session -d -x 90 -y 34 "bash $work/shell.sh"
    tmux -L "$mark" set-option -g history-limit 5000 >/dev/null
}

# all_shown: what the terminal has shown so far, what has scrolled away too, on one line.
all_shown()
{
    tmux -L "$mark" capture-pane -p -S -5000 2>/dev/null | tr -s '\n ' ' '
}

# until_shown TEXT: waits until it stands on the terminal now.
until_shown()
{
    local tries
    for ((tries = 0; tries < ${patience:-600}; tries++)); do
        shown_now=$(tmux -L "$mark" capture-pane -p 2>/dev/null | tr -s '\n ' ' ')
        [[ $shown_now == *"$1"* ]] && return 0
        [[ $shown_now != *"the end"* ]] || break
        sleep 0.05
    done
    fail "the terminal never shows '$1' but: $(tmux -L "$mark" capture-pane -p | sed '/^$/d')"
    return 1
}

# until_left: waits until the person has seen what is asked, and left it undone.
until_left()
{
    local tries
    for ((tries = 0; tries < 600; tries++)); do
        grep -q '^left: ' "$work/did" && return 0
        sleep 0.05
    done
    fail "the person never saw what was asked: $(cat "$work/did")"
    return 1
}

keys()
{
    tmux -L "$mark" send-keys "$@"
}

# the_end STATUS: of offhook in the terminal, whose mode must be as it was.
the_end()
{
    until_shown "the end" || return
    all_shown | grep -qF "status $1 icanon echo the end" ||
        fail "it does not end with status $1 and the terminal as it was: $(all_shown | tail -c 200)"
    all_shown >"$work/said"
    leave_desk
    nothing_is_left "run in a terminal"
}

leave_desk()
{
    tmux -L "$mark" kill-server 2>/dev/null
    rm -f "/tmp/tmux-$(id -u)/$mark"
    exec {desk_fd}>&-
    wait
}

did()
{
    grep -qxF -- "$1" "$work/did" || fail "the person never $1; $(cat "$work/did")"
}

# lines TEXT: offhook without a terminal; TEXT are the lines on its standard input, which then ends.
lines()
{
    mkdir -p "$work/tmp"
    printf '%b' "$1" | timeout 100 env OFFHOOK_TEST_MARK="$mark" TMPDIR="$work/tmp" "$OFFHOOK" run --phone "$person" \
        --address "$net.1" -o "$work/out" "$scenario" >"$work/said" 2>&1
    status=$?
    exec {desk_fd}>&-
    wait
    nothing_is_left "run without a terminal"
}

person=$OFFHOOK_SOURCE/dut-adapters/person.yaml
calls="cisco-7960/call-in cisco-7960/call-out cisco-7960/authentication-407"

test_a_person_is_led_from_the_first_sentence_to_the_report()
{
    desk "tmux:$mark"
    terminal -o "$work/out" $calls
    the_end 0
    did "did: let the phone register"
    did "did: dial 5551234"
    did "did: answer the call"
    says "seen on the wire: REGISTER"
    says "seen on the wire: INVITE"
    expect "['pass', 'pass', 'pass']" "[s['verdict'] for s in r['scenarios']]"
    expect "$net.2:5060" "r['phones'][0]['address']"
    report_is_valid
}

test_what_needs_less_of_the_person_comes_first()
{
    desk "tmux:$mark"
    terminal -o "$work/out" $calls
    the_end 0
    expect "['cisco-7960/call-out', 'cisco-7960/authentication-407', 'cisco-7960/call-in']" "[s['id'] for s in r['scenarios']]"
    says "Scenario 1 of 3: cisco-7960/call-out"
    says "3 scenarios"
    says "1 scenario "
}

test_keys_skip_a_scenario_and_tell_what_went_wrong()
{
    desk "tmux:$mark" "dial!"
    terminal -o "$work/out" cisco-7960/call-out cisco-7960/authentication-407
    until_shown "dial 5551234" && until_left && keys s
    until_shown "Scenario 2 of 2" && until_shown "dial 5551234" && keys w
    until_shown "What went wrong?" && keys "the displai" BSpace "y is dark" Enter
    until_shown "Enter: go on" && keys Enter
    the_end 3
    expect "['skip', 'inconclusive']" "[s['verdict'] for s in r['scenarios']]"
    expect True "'the person skipped it' in r['scenarios'][0]['reason']"
    expect True "'went wrong: the display is dark' in r['scenarios'][1]['reason']"
}

test_a_scenario_is_played_again_when_the_person_wants_it()
{
    desk "tmux:$mark" "dial"
    terminal -o "$work/out" cisco-7960/authentication-407
    until_shown "dial 5551234" && until_left && keys a
    the_end 0
    expect "['pass']" "[s['verdict'] for s in r['scenarios']]"
}

test_done_is_believed_when_said_twice_and_nothing_came()
{
    desk "tmux:$mark" "hang up!"
    terminal -o "$work/out" cisco-7960/call-out
    until_shown "hang up" && until_left && keys Enter
    until_shown "Was it really done?" && keys Enter
    patience=1600 # BYE is waited for 64*T1
    until_shown "Enter: go on" && keys Enter
    the_end 1
    expect "['flow.missing']" "broken()"
}

test_done_by_accident_accuses_nobody()
{
    desk "tmux:$mark" "hang up"
    terminal -o "$work/out" cisco-7960/call-out
    until_shown "hang up" && until_left && keys Enter
    until_shown "Was it really done?" && keys a
    the_end 0
    expect "['pass']" "[s['verdict'] for s in r['scenarios']]"
}

test_what_the_person_does_too_soon_is_not_held_against_the_phone()
{
    : >"$work/said"
    desk "$work/said" hasty
    lines ""
    [ "$status" -eq 3 ] || fail "exit status $status: $(tail -5 "$work/said")"
    expect "['inconclusive']" "[s['verdict'] for s in r['scenarios']]"
    expect "[]" "broken()"
}

test_a_run_that_was_stopped_is_taken_up_again()
{
    desk "tmux:$mark" "dial"
    terminal -o "$work/out" cisco-7960/authentication-407 cisco-7960/call-in
    until_shown "dial 5551234" && until_left && keys q
    until_shown "the end"
    expect "[('inconclusive', True)]" "[(s['verdict'], 'nterrupted' in s['reason']) for s in r['scenarios']]"
    tmux -L "$mark" kill-server
    terminal --continue "$work/out" cisco-7960/call-out cisco-7960/authentication-407
    until_shown "the end"
    expect "['pass', 'pass']" "[s['verdict'] for s in r['scenarios']]"
    tmux -L "$mark" kill-server
    terminal --continue "$work/out" $calls
    the_end 0
    says "taken up again: 2 of 3 scenarios have their verdict"
    says "Scenario 1 of 1: cisco-7960/call-in"
    expect "['call-out', 'authentication-407', 'call-in']" "[s['id'].split('/')[1] for s in r['scenarios']]"
    expect "['pass', 'pass', 'pass']" "[s['verdict'] for s in r['scenarios']]"
    report_is_valid
}

test_an_interruption_puts_the_terminal_back()
{
    desk "tmux:$mark" "dial"
    terminal -o "$work/out" cisco-7960/call-out
    until_shown "dial 5551234" && until_left && keys C-c
    the_end 3
}

test_a_terminal_that_can_do_nothing_is_enough()
{
    desk "tmux:$mark"
    term=dumb terminal -o "$work/out" cisco-7960/authentication-407
    the_end 0
    expect "['pass']" "[s['verdict'] for s in r['scenarios']]"
}

test_lines_are_taken_like_keys_where_there_is_no_terminal()
{
    : >"$work/said"
    desk "$work/said" "let the phone"
    lines "wrong the cable is off\n"
    [ "$status" -eq 3 ] || fail "exit status $status: $(tail -5 "$work/said")"
    says "no REGISTER of '1001' came to $net.1:5060"
    says "the person says that something went wrong: the cable is off"
}

test_without_keys_the_wire_alone_is_enough()
{
    : >"$work/said"
    desk "$work/said"
    lines ""
    [ "$status" -eq 0 ] || fail "exit status $status: $(tail -5 "$work/said")"
    expect "['pass']" "[s['verdict'] for s in r['scenarios']]"
    says "No keys can be read any more"
}

test_the_doctor_proves_address_route_registration_and_one_verb()
{
    : >"$work/said"
    desk "$work/said"
    : | timeout 100 env OFFHOOK_TEST_MARK="$mark" "$OFFHOOK" doctor --phone "$person" --address "$net.1" >"$work/said" 2>&1
    status=$?
    exec {desk_fd}>&-
    wait
    [ "$status" -eq 0 ] || fail "exit status $status: $(tail -5 "$work/said")"
    says "address offhook listens at $net.1:5060"
    says "registers from $net.2:5060"
    says "route to $net.2 from $net.1"
    says "dial INVITE,"
}

test_nothing_is_asked_of_a_phone_that_could_not_reach_offhook()
{
    offhook 3 run --phone "$person" "$scenario" -o "$work/out"
    says "say where offhook is to listen: --interface NAME or --address IP"
    offhook 2 run --phone "$person" --interface nonesuch0 "$scenario" -o "$work/out"
    says "no interface 'nonesuch0' has an IPv4 address"
    offhook 2 run --phone "$person" --continue "$work/nothing" "$scenario"
    says "it has no report.json"
}

run_tests
