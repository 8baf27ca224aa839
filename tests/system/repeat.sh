#!/usr/bin/env bash
# The same run, many times: always the same verdict. Each tenth run has a phone with a fault, which must
# be found each time. Two run side by side. Not part of ctest: 200 runs take about five minutes.
#
#   OFFHOOK=build/offhook tests/system/repeat.sh [RUNS]     default: 20
#
# REPEAT_SIDE_BY_SIDE: how many at a time. Exit status 0 if all were right, else 1; the folders of
# those that were not are kept and named.
set -u
OFFHOOK=$(realpath "${OFFHOOK:?the binary}")
OFFHOOK_SOURCE=$(realpath "${OFFHOOK_SOURCE:-$(dirname "$0")/../..}")
export OFFHOOK OFFHOOK_SOURCE
runs=${1:-20}
out=$(mktemp -d)
export out

one()
{
    local mutant=none expected='0 pass [] True' status=0 got
    if [ $(($1 % 10)) -eq 0 ]; then
        mutant=ack-new-branch expected="1 fail ['ack.branch'] True"
    fi
    timeout 60 "$OFFHOOK" run "$OFFHOOK_SOURCE/scenarios/cisco-7960/authentication-407.yaml" \
        --phone "$OFFHOOK_SOURCE/dut-adapters/reference-phone.yaml" --phone-param mutant=$mutant \
        -o "$out/$1" --color never >"$out/$1.said" 2>&1 </dev/null || status=$?
    got="$status $(python3 -c 'import json, sys
s = json.load(open(sys.argv[1]))["scenarios"][0]
print(s["verdict"], [f["id"] for f in s["findings"]], s["evidence"]["complete"])' "$out/$1/report.json" 2>&1)"
    if [ "$got" = "$expected" ]; then
        rm -r "${out:?}/$1" "$out/$1.said"
        echo right
    else
        printf 'run %d, mutant %s: expected %s, got %s; see %s\n' "$1" $mutant "$expected" "$got" "$out/$1"
    fi
}
export -f one

seq "$runs" | xargs -P "${REPEAT_SIDE_BY_SIDE:-2}" -I{} bash -c 'one {}' >"$out/verdicts"
grep -v '^right$' "$out/verdicts"
right=$(grep -c '^right$' "$out/verdicts")
printf '%d of %d runs had the right verdict\n' "$right" "$runs"
[ "$right" -eq "$runs" ] || exit 1
rm -r "${out:?}"
