#!/usr/bin/env bash
# What a user gets wrong is told with its place and what is wanted, exit status 2, and nothing is
# played: no folder, no packet, no phone.
. "$(dirname "$0")/lib.sh"

# refused ARGUMENT...: exit status 2, and the output folder was not touched.
refused()
{
    start "$@"
    finish 2 "offhook $*"
    [ ! -e "$work/out" ] || fail "offhook $*: an output folder was made"
}

# refused_file FILE: in a run, and (with the same words) by lint.
refused_file()
{
    refused run "$1" -o "$work/out" --phone "$phone"
    cp "$work/said" "$work/run.said"
    refused lint "$1"
    grep -v '^[0-9]* files\?, [0-9]* mistakes\?$' "$work/said" | diff "$work/run.said" - >"$work/diff" ||
        fail "run and lint do not say the same of $1: $(cat "$work/diff")"
}

# edited SCRIPT: the 407 scenario, changed by sed.
edited()
{
    sed "$1" "$scenario" >"$work/bad.yaml"
    cmp -s "$scenario" "$work/bad.yaml" && fail "sed '$1' changes nothing"
    refused_file "$work/bad.yaml"
}

# shows_place LINE:COLUMN EXCERPT: file, place, the line itself with a caret below its column.
shows_place()
{
    local column=${1#*:} caret
    says "$work/bad.yaml:$1: error:"
    caret=$(grep -nF -- "$2" "$work/said" | head -n 1 | cut -d: -f1)
    [ -n "$caret" ] || { fail "the line is not shown: $2"; return; }
    sed -n "$((caret + 1))p" "$work/said" | grep -q "^ \{$((column + 1))\}^~*$" ||
        fail "no caret under column $column of: $2"$'\n'"$(cat "$work/said")"
}

test_an_unknown_key()
{
    edited 's/^title:/titel:/'
    says "unknown key 'titel'"
    says "did you mean 'title'?"
    shows_place 3:1 "titel: The proxy"
}

test_a_wrong_type()
{
    edited 's/^needs: .*/needs: {dial: 1}/'
    says "'needs' is a map, where a list is wanted"
    shows_place 6:8 "needs: {dial: 1}"
}

test_an_unknown_party()
{
    edited '0,/A -> P: ACK/s//A -> Q: ACK/'
    says "unknown party 'Q'"
    says "the parties are: A, P, B"
    shows_place 20:10 "- A -> Q: ACK"
}

test_every_mistake_is_told_in_one_go()
{
    edited 's/^title:/titel:/; s/A dials B/A dails B/; s/P -> A: 180/P -> A: 999/'
    says "$work/bad.yaml:3:"
    says "$work/bad.yaml:14:"
    says "$work/bad.yaml:24:"
}

test_an_empty_file()
{
    : >"$work/bad.yaml"
    refused_file "$work/bad.yaml"
    says "$work/bad.yaml: error: the file is empty"
}

test_binary_noise()
{
    printf 'title: \x00\x01\xff\xfe%s' "$(head -c 4000 /dev/urandom | tr -d '\0')" >"$work/bad.yaml"
    refused_file "$work/bad.yaml"
    says "$work/bad.yaml"
    says "error:"
    # what is shown of it cannot upset a terminal
    ! tr -d '\n\t' <"$work/said" | LC_ALL=C grep -q '[[:cntrl:]]' ||
        fail "control characters of the file are printed as they are"
}

test_a_file_that_cannot_be_read()
{
    ln -s nowhere "$work/bad.yaml"
    refused_file "$work/bad.yaml"
    says "cannot open '$work/bad.yaml'"
    rm "$work/bad.yaml"
    mkdir "$work/bad.yaml" # a folder: empty of scenarios
    refused run "$work/bad.yaml" -o "$work/out" --phone "$phone"
    says "there is no scenario"
    ln -s bad.yaml "$work/bad.yaml/self.yaml"
    refused run "$work/bad.yaml/self.yaml" -o "$work/out" --phone "$phone"
    says "self.yaml"
}

test_a_path_that_is_not_there()
{
    refused run "$work/missing.yaml" -o "$work/out" --phone "$phone"
    says "cannot open '$work/missing.yaml'"
    refused run "$work/missing" -o "$work/out" --phone "$phone"
    says "$work/missing"
}

test_one_bad_file_among_good_ones_stops_the_whole_run()
{
    : >"$work/bad.yaml"
    refused run "$scenario" "$work/bad.yaml" -o "$work/out" --phone "$phone"
    says "the file is empty"
}

test_an_unknown_phone()
{
    refused run "$scenario" -o "$work/out" --phone nophone
    says "no phone adapter is called 'nophone'"
    refused run "$scenario" -o "$work/out" --phone "$work/no-phone.yaml"
    says "no-phone.yaml"
    refused run "$scenario" -o "$work/out" --phone "Z=$phone"
    says "no scenario has a phone in seat 'Z'"
    refused run "$scenario" -o "$work/out" --phone "A=$phone" -p "A=$phone"
    says "seat 'A' is given two phones"
    refused run "$scenario" -o "$work/out" --phone "$phone" -p baresip
    says "two phones are given for the same seat"
}

test_a_mistaken_adapter()
{
    sed 's/^drive:/drvie:/' "$phone" >"$work/bad.yaml"
    refused run "$scenario" -o "$work/out" --phone "$work/bad.yaml"
    says "unknown key 'drvie'"
    shows_place "$(grep -n ^drvie "$work/bad.yaml" | cut -d: -f1):1" "drvie:"
}

test_a_bad_phone_parameter()
{
    refused run "$scenario" -o "$work/out" --phone "$phone" --phone-param colour=red
    says "has no parameter 'colour'"
    says "it has: mutant"
    refused run "$scenario" -o "$work/out" --phone "$phone" --phone-param colour
    says "--phone-param wants NAME=VALUE"
}

test_a_bad_baseline()
{
    refused run "$scenario" -o "$work/out" --phone "$phone" --baseline "$work/none.yaml"
    says "cannot open '$work/none.yaml'"
    printf 'known:\n  - finding: ack.brunch\n    reason: x\n' >"$work/bad.yaml"
    refused run "$scenario" -o "$work/out" --phone "$phone" --baseline "$work/bad.yaml"
    says "did you mean 'ack.branch'?"
    shows_place 2:14 "finding: ack.brunch"
    printf 'known:\n  - finding: ack.branch\n    raeson: x\n' >"$work/bad.yaml"
    refused run "$scenario" -o "$work/out" --phone "$phone" --baseline "$work/bad.yaml"
    says "did you mean 'reason'?"
    shows_place 3:5 "raeson: x"
}

test_wrong_usage()
{
    refused run "$scenario" -o "$work/out" --phone "$phone" --bogus=1
    says "offhook run: there is no option '--bogus'; see 'offhook run --help'"
    refused run "$scenario" -o "$work/out" --phone "$phone" -x
    says "offhook run: there is no option '-x'"
    refused run "$scenario" -o "$work/out" --phone "$phone" --json=1
    says "offhook run: --json takes no value"
    refused run "$scenario" -o "$work/out" --phone "$phone" --color blue
    says "offhook run: --color has no 'blue': auto, always or never; see 'offhook run --help'"
    refused run "$scenario" --phone "$phone" -o
    says "offhook run: -o wants a value; see 'offhook run --help'"
    refused check --strct
    says "offhook check: there is no option '--strct'"
    refused lint --all
    says "offhook lint: there is no option '--all'"
    refused list phons
    says "mutants or requirements (did you mean 'phones'?)"
    refused jump
    says "there is no command 'jump'; see 'offhook --help'"
    refused chek
    says "there is no command 'chek' (did you mean 'check'?)"
    refused help jump
    says "there is no command 'jump'"
    refused check "$work/call.pcap"
    says "call.pcap cannot be opened"
    refused report "$work/none"
    says "$work/none"
    refused
    says "usage: offhook COMMAND"
    refused check
    says "give a capture, or a run folder"
    refused lint
    says "give a file or folder"
}

test_help_is_had_in_three_ways()
{
    local one word
    for one in run check lint list report; do
        offhook 0 "$one" --help
        cp "$work/said" "$work/help"
        says "usage: offhook $one"
        for word in -h --help; do
            offhook 0 "$one" "$word"
            cmp -s "$work/said" "$work/help" || fail "$one $word says something else"
        done
        offhook 0 help "$one"
        cmp -s "$work/said" "$work/help" || fail "help $one says something else"
    done
    for one in "help run" "help check" help --help; do
        # shellcheck disable=SC2086
        offhook 0 $one
        says "3 at least one error or inconclusive, or nothing was judged"
    done
}

test_help_fits_80_columns()
{
    local one
    for one in --help "help run" "help check" "help compare" "help lint" "help list" "help report"; do
        # shellcheck disable=SC2086
        offhook 0 $one
        ! grep -E '^.{81,}' "$work/said" || fail "offhook $one: wider than 80 columns"
    done
}

# As wide as the terminal where there is one, else whole: for grep.
test_lists_fit_the_terminal()
{
    local one
    command -v script >/dev/null || { skip_test "no script"; return; }
    cd "$OFFHOOK_SOURCE" || fail "there is no $OFFHOOK_SOURCE" # the build folder may lie elsewhere
    for one in scenarios rules phones mutants requirements; do
        offhook 0 list "$one"
        [ "$one" = phones ] || grep -qE '^.{81,}' "$work/said" || fail "list $one: cut, though there is no terminal"
        script -qec "stty cols 80; '$OFFHOOK' list $one" /dev/null </dev/null | tr -d '\r' >"$work/said"
        ! grep -E '^.{81,}| $' "$work/said" || fail "list $one: wider than the terminal"
    done
}

test_a_list_of_known_findings_for_no_adapter()
{
    printf 'phone: baresp\nknown: []\n' >"$work/bad.yaml"
    refused lint "$work/bad.yaml"
    says "no adapter is called 'baresp'"
    says "did you mean 'phone: baresip'?"
    printf 'phone: my-phone\nknown: []\n' >"$work/bad.yaml"
    refused lint "$work/bad.yaml"
    cp "$OFFHOOK_SOURCE/dut-adapters/baresip.yaml" "$work/my-phone.yaml"
    sed -i '/^name:/d' "$work/my-phone.yaml"
    offhook 0 lint "$work/bad.yaml"
}

test_an_id_is_as_good_as_a_path()
{
    offhook 0 lint cisco-7960/authentication-407
    says "1 file, 0 mistakes"
    offhook 0 lint cisco-7960
    flow=cisco-7960/authentication-407
    play 0
    expect "['cisco-7960/authentication-407']" "[s['id'] for s in r['scenarios']]"
}

test_a_folder_may_hold_other_files_of_ours()
{
    mkdir "$work/mixed"
    cp "$scenario" "$phone" "$OFFHOOK_SOURCE/dut-adapters/baresip.known.yaml" "$work/mixed"
    flow=$work/mixed
    play 0
    expect 1 "len(r['scenarios'])"
    rm "$work/mixed/authentication-407.yaml"
    rm -r "$work/out"
    refused run "$work/mixed" -o "$work/out" --phone "$phone"
    says "there is no scenario"
}

# What a script reads must be whole, or the exit status tells.
test_output_that_cannot_be_written()
{
    local status one
    [ -w /dev/full ] || { skip_test "no /dev/full"; return; }
    for one in --help "help run" --version "list rules" "lint $scenario"; do
        status=0
        # shellcheck disable=SC2086
        "$OFFHOOK" $one >/dev/full 2>"$work/said" || status=$?
        [ "$status" -eq 3 ] || fail "offhook $one >/dev/full: exit status $status"
        says "standard output cannot be written"
    done
    status=0
    "$OFFHOOK" jump >/dev/full 2>"$work/said" || status=$?
    [ "$status" -eq 2 ] || fail "offhook jump >/dev/full: exit status $status"
}

test_two_runs_into_one_folder()
{
    local first
    adapter wait <<'SCRIPT'
say started
exec sleep 1000
SCRIPT
    begin --phone "$work/wait.yaml"
    first=$pid
    until_said wait started || return
    "$OFFHOOK" run "$scenario" -o "$work/out/." --phone "$phone" >"$work/second" 2>&1
    [ $? -eq 2 ] || fail "the second run is let in: $(cat "$work/second")"
    grep -q "is being written by another offhook run" "$work/second" || fail "it says: $(cat "$work/second")"
    grep -q "choose another folder with -o" "$work/second" || fail "it says: $(cat "$work/second")"
    pid=$first
    kill -INT "$pid"
    finish 3 "the first run"
    play 0 # and now it is free
}

test_an_output_folder_that_cannot_be_written()
{
    local place
    : >"$work/file"
    for place in "$work/file" "$work/file/below" /proc/offhook-out ""; do
        refused run "$scenario" --phone "$phone" -o "$place"
        says "cannot make the folder"
        says "choose another folder with -o"
    done
    [ "$(id -u)" -ne 0 ] && mkdir -m 555 "$work/closed" || return 0
    refused run "$scenario" --phone "$phone" -o "$work/closed"
    says "nothing can be written to"
}

# In a network of its own each packet on loopback is offhook's.
test_no_packet_is_sent()
{
    local count='ip link set lo up && "$@"; status=$?
        awk "\$1 == \"lo:\" { print \$3 }" /proc/net/dev >"$packets"; exit $status'
    unshare -n sh -c 'ip link set lo up' 2>/dev/null || { skip_test "no network of its own"; return; }
    export packets=$work/packets
    before=(unshare -n sh -c "$count" sh)
    edited 's/^title:/titel:/'
    [ "$(cat "$packets")" = 0 ] || fail "packets were sent: $(cat "$packets")"
    refused run "$scenario" -o "$work/out" --phone nophone
    [ "$(cat "$packets")" = 0 ] || fail "packets were sent: $(cat "$packets")"
    play 0 # the count can tell
    [ "$(cat "$packets")" -gt 20 ] || fail "the packets of a whole run are not counted"
}

run_tests
