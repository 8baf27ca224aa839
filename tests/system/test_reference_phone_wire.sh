#!/usr/bin/env bash
# What the reference phone sends in transfers, in three-way calls, with keys and UPDATE is captured and judged:
# no rule speaks, on any side that it has. The conversations are those of tests/kills/record.py.
# Uses OFFHOOK, OFFHOOK_BUILD and OFFHOOK_SOURCE. Needs root, python3 and tcpdump.
set -u
: "${OFFHOOK:?the binary}" "${OFFHOOK_BUILD:?the build folder}" "${OFFHOOK_SOURCE:?the tree}"
talks=(phone-keys phone-two-calls phone-transfer phone-transferred phone-transfer-refused phone-attended-transfer
    phone-joined phone-replaced)
failures=0

if [[ $EUID -ne 0 ]] || ! command -v tcpdump >/dev/null || ! command -v python3 >/dev/null; then
    echo "skipped: root, tcpdump and python3 are needed"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

fail() {
    echo "FAIL: $*" >&2
    failures=$((failures + 1))
}

PYTHONDONTWRITEBYTECODE=1 timeout 60 python3 "$OFFHOOK_SOURCE/tests/kills/record.py" "$OFFHOOK_BUILD" "$work" \
    "${talks[@]}" 2>"$work/trouble" || fail "the conversations end with status $?"
[[ -s $work/trouble ]] && fail "$(cat "$work/trouble")"
for talk in "${talks[@]}"; do
    before=$failures
    "$OFFHOOK" check "$work/$talk.pcap" >"$work/said" 2>&1 || fail "$talk is not passed"
    grep -q '^findings: 0 must, 0 should$' "$work/said" || fail "a rule speaks of $talk"
    grep -qE '^PASS +capture/127\.66\.[0-9]+\.2:5060' "$work/said" || fail "the phone of $talk is not judged"
    if [[ $failures -eq $before ]]; then echo "ok: $talk"; else cat "$work/said" >&2; fi
done
[[ $failures -eq 0 ]]
