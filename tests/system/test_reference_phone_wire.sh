#!/usr/bin/env bash
# What the reference phone sends in transfers, in three-way calls, with keys and UPDATE is captured and judged:
# no rule speaks, on any side that it has. The conversations are those of tests/kills/record.py.
# They have a network namespace of their own, as their addresses are fixed.
# Uses OFFHOOK, OFFHOOK_BUILD and OFFHOOK_SOURCE. Needs root, python3, tcpdump, unshare and ip.
set -u
: "${OFFHOOK:?the binary}" "${OFFHOOK_BUILD:?the build folder}" "${OFFHOOK_SOURCE:?the tree}"
talks=(phone-keys phone-two-calls phone-transfer phone-transferred phone-transfer-refused phone-attended-transfer
    phone-joined phone-replaced)
failures=0

for program in python3 tcpdump unshare ip; do
    command -v "$program" >/dev/null || { echo "skipped: $program is needed"; exit 77; }
done
unshare --net true 2>/dev/null || { echo "skipped: a network namespace of its own cannot be had"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

fail() {
    echo "FAIL: $*" >&2
    failures=$((failures + 1))
}

export PYTHONDONTWRITEBYTECODE=1
timeout 60 unshare --net bash -c 'ip link set lo up && exec python3 "$@"' bash "$OFFHOOK_SOURCE/tests/kills/record.py" \
    "$OFFHOOK_BUILD" "$work" "${talks[@]}" 2>"$work/trouble" || fail "the conversations end with status $?"
[[ -s $work/trouble ]] && fail "$(cat "$work/trouble")"
for talk in "${talks[@]}"; do
    before=$failures
    "$OFFHOOK" check "$work/$talk.pcap" >"$work/said" 2>&1 || fail "$talk is not passed"
    grep -q '^findings: 0 must, 0 should$' "$work/said" || fail "a rule speaks of $talk"
    grep -qE '^PASS +capture/127\.66\.[0-9]+\.2:5060' "$work/said" || fail "the phone of $talk is not judged"
    if [[ $failures -eq $before ]]; then echo "ok: $talk"; else cat "$work/said" >&2; fi
done
[[ $failures -eq 0 ]]
