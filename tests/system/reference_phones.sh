# shellcheck shell=bash
# Shared by the tests of the reference phone, which source it: phones on addresses of their own, each a
# program that is told lines of JSON and answers in such. Uses OFFHOOK_BUILD (the build folder). Needs only
# bash and coreutils. A test is a function test_NAME; run_all runs them in turn.
set -u
phone="${OFFHOOK_BUILD:?the build folder}/offhook-reference-phone"
work=$(mktemp -d)
failures=0
declare -A pid in out address

finish() {
    for name in "${!pid[@]}"; do kill -KILL "${pid[$name]}" 2>/dev/null; done
    rm -rf "$work"
}
trap finish EXIT

fail() {
    echo "FAIL: $*" >&2
    failures=$((failures + 1))
}

# start NAME TARGET [OPTION...]: a phone on an address of its own; TARGET is its proxy's IP:PORT.
start() {
    local name=$1 target=$2 line fd_in fd_out
    shift 2
    for _ in 1 2 3 4 5; do
        address[$name]="127.$((RANDOM % 200 + 20)).$((RANDOM % 250)).$((RANDOM % 250 + 1)):$((RANDOM % 20000 + 20000))"
        rm -f "$work/in" "$work/out"
        mkfifo "$work/in" "$work/out"
        "$phone" --listen "${address[$name]}" --account "sip:$name@$target" "$@" \
            <"$work/in" >"$work/out" 2>>"$work/log" &
        pid[$name]=$!
        exec {fd_in}>"$work/in" {fd_out}<"$work/out"
        in[$name]=$fd_in
        out[$name]=$fd_out
        if read -r -t 10 line <&"$fd_out" && [[ $line == '{"event":"ready"}' ]]; then return 0; fi
        close_input "$name"
        wait "${pid[$name]}"
    done
    fail "$name does not become ready"
    cat "$work/log" >&2
    exit 1
}

say() { printf '%s\n' "$2" >&"${in[$1]}"; }

close_input() {
    local fd=${in[$1]}
    exec {fd}>&-
}

# await NAME PATTERN: reads lines until one matches; the line is left in $got.
await() {
    local name=$1 pattern=$2
    while read -r -t 15 got <&"${out[$name]}"; do
        # shellcheck disable=SC2053
        [[ $got == $pattern ]] && return 0
    done
    fail "$name never says $pattern"
    got=
    return 1
}

# ends NAME: the process is gone within 2 s, with status 0.
# ends NAME [STATUS]
ends() {
    local name=$1 wanted=${2:-0} began status=0
    began=$(date +%s%N)
    timeout 10 tail --pid="${pid[$name]}" -s 0.05 -f /dev/null
    wait "${pid[$name]}" || status=$?
    local took_ms=$((($(date +%s%N) - began) / 1000000))
    [[ $status -eq $wanted ]] || fail "$name ends with status $status, not $wanted"
    [[ $took_ms -lt 2000 ]] || fail "$name takes $took_ms ms to end"
    kill -0 "${pid[$name]}" 2>/dev/null && fail "$name is still there"
    unset "pid[$name]"
}

nobody=127.0.0.1:9

# connect CALLER CALLEE: an established call with media both ways.
connect() {
    say "$1" "{\"id\": \"d\", \"command\": \"dial\", \"to\": \"sip:$2@${address[$2]}\"}"
    await "$1" '{"id":"d","ok":true,"call":"*"}'
    await "$2" '{"event":"incoming","call":"*","from":"sip:'"$1"'@*"}'
    await "$1" '{"event":"ringing",*}'
    say "$2" '{"id": "a", "command": "answer"}'
    await "$2" '{"event":"media",*}'
    await "$1" '{"event":"media",*}'
    say "$1" '{"id": "s", "command": "state"}'
    await "$1" '{"id":"s",*"state":"established"*}'
}

# leave NAME...: each quits.
leave() {
    local name
    for name in "$@"; do say "$name" '{"id": "q", "command": "quit"}'; done
    for name in "$@"; do ends "$name"; done
}

run_all() {
    local test before
    for test in $(declare -F | awk '$3 ~ /^test_/ {print $3}'); do
        before=$failures
        "$test"
        if [[ $failures -eq $before ]]; then echo "ok: ${test#test_}"; else cat "$work/log" >&2; fi
        : >"$work/log"
    done
    [[ $failures -eq 0 ]]
}
