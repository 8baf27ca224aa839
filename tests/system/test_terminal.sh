#!/usr/bin/env bash
# On a terminal the ladder grows while the scenario is played, and what it took is given back to the
# judged one: nothing of it stays on the screen, whatever the width, and also after ^C.
. "$(dirname "$0")/lib.sh"

# on_terminal COLUMNS INTERRUPT-AT ARGUMENT...: offhook on a terminal of its own; what its screen shows
# in the end goes to $work/screen. ^C is typed when INTERRUPT-AT (empty: never) was shown. It prints the
# exit status.
on_terminal()
{
    mkdir -p "$work/tmp"
    env OFFHOOK_TEST_MARK="$mark" TMPDIR="$work/tmp" python3 - "$work/screen" "$@" <<'PY'
import fcntl, os, pty, re, signal, struct, sys, termios
file, columns, interrupt_at, arguments = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode(), sys.argv[4:]
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 300, columns, 0, 0))
    os.execv(os.environ["OFFHOOK"], [os.environ["OFFHOOK"]] + arguments)
signal.alarm(90)
shown = b""
while True:
    try:
        got = os.read(fd, 65536)
    except OSError:
        break
    if not got:
        break
    shown += got
    if interrupt_at and interrupt_at in shown:
        os.write(fd, b"\x03")
        interrupt_at = b""
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
rows, y, x = [[]], 0, 0
for piece in re.findall(r"\x1b\[[\d;]*[A-Za-z]|[\s\S]", shown.decode()):
    if piece == "\r":
        x = 0
    elif piece == "\n":
        y += 1
    elif piece[0] == "\x1b":
        count = int(piece[2:-1].split(";")[0] or 0)
        if piece[-1] == "A":
            y = max(0, y - (count or 1))
        elif piece[-1] in "JK":
            rows[y][x:] = [] if piece[-1] == "J" or count == 0 else rows[y][x:]
            if piece[-1] == "J":
                del rows[y + 1:]
    else:
        if x == columns:
            y, x = y + 1, 0
        while len(rows) <= y:
            rows.append([])
        rows[y] += [" "] * (x + 1 - len(rows[y]))
        rows[y][x] = piece
        x += 1
    while len(rows) <= y:
        rows.append([])
open(file, "w").write("\n".join("".join(row).rstrip() for row in rows) + "\n")
print(status)
PY
    nothing_is_left "on a terminal"
}

# shown TIMES TEXT: on the screen in the end.
shown()
{
    local times
    times=$(grep -cF -- "$2" "$work/screen")
    [ "$times" -eq "$1" ] || fail "$2 is shown $times times, expected $1:"$'\n'"$(cat "$work/screen")"
}

only_the_judged_ladder()
{
    shown 1 "A phone"
    shown 1 "cisco-7960/call-out-busy   A calls B"
    shown 0 "offhook   " # the growing one's second name
    shown 1 "486 Busy Here"
    shown 1 "PASS   0 must broken"
    [[ $(head -n 1 "$work/screen") == cisco-7960/call-out-busy* ]] ||
        fail "something stands before the ladder: $(cat "$work/screen")"
}

test_the_growing_ladder_gives_way_at_any_width()
{
    local columns status
    for columns in 50 60 80 140; do
        status=$(on_terminal "$columns" "" run "$OFFHOOK_SOURCE/scenarios/cisco-7960/call-out-busy.yaml" -o "$work/out" --phone "$phone" --color always)
        [ "$status" = 0 ] || fail "exit status $status at $columns columns"
        only_the_judged_ladder
    done
}

test_an_interruption_leaves_no_trace_in_the_ladder()
{
    local status
    status=$(on_terminal 80 "ACK sip:" run "$OFFHOOK_SOURCE/scenarios/cisco-7960/call-out.yaml" -o "$work/out" --phone "$phone")
    [ "$status" = 3 ] || fail "exit status $status"
    shown 1 "A phone"
    shown 1 "cisco-7960/call-out   A calls B"
    shown 1 "INCONCLUSIVE   Interrupted by the user"
    shown 1 "Interrupted: not all scenarios were played"
    shown 0 "^C"
}

run_tests
