#!/usr/bin/env bash
# Mishap 13 of README.md: a disk that fills up. A sentence with the remedy, exit status 3, and what could be written is whole.
. "$(dirname "$0")/lib.sh"

[ -n "${OFFHOOK_OWN_MOUNTS-}" ] || {
    unshare -m mount -t tmpfs -o size=64k none /mnt 2>/dev/null ||
        skip "no right to mount a small disk"
    rm -rf "$scratch" # the shell that follows makes its own
    OFFHOOK_OWN_MOUNTS=1 exec unshare -m --propagation private bash "$this_script"
}

report_kib=$((64 + 16)) # what is kept free for the report on one scenario

# disk SIZE: at $work/out.
disk()
{
    mkdir -p "$work/out"
    mount -t tmpfs -o "size=$1" none "$work/out" || fail "no disk of $1"
}

# fill KILOBYTES: all but so much of the disk is used up.
fill()
{
    head -c 10000000 /dev/zero >"$work/out/filler" 2>/dev/null
    truncate -s "-${1}K" "$work/out/filler"
}

# all_is_whole: no file is a torn one.
all_is_whole()
{
    local file
    while read -r file; do
        case $file in
        *.json) python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$file" 2>/dev/null ||
            fail "$file is torn" ;;
        *.pcap) capture_is_whole "$file" ;;
        */filler) ;;
        *) fail "a file that is none of a run: $file" ;;
        esac
    done < <(find "$work/out" -type f)
}

# Its header, and records up to its very end.
capture_is_whole()
{
    python3 - "$1" <<'PY' || fail "$1 is torn"
import struct, sys
data = open(sys.argv[1], "rb").read()
at = 24
assert not data or len(data) >= 24
while data and at < len(data):
    at += 16 + struct.unpack_from("<I", data, at + 8)[0]
assert not data or at == len(data)
PY
}

# runs_full KILOBYTES: with so much room besides that for the report.
runs_full()
{
    disk 512k
    fill $((report_kib + $1))
    play 3
    says "No space left on device"
    says "choose another folder"
    all_is_whole
    report_is_valid
    expect "(True, 0)" "(r['interrupted'], r['summary']['pass'])"
    umount "$work/out"
}

test_13_not_even_the_capture_has_room() { runs_full 8; }
test_13_the_capture_fits_but_run_json_does_not() { runs_full 60; }

test_13_no_room_at_all()
{
    disk 512k
    fill 16
    play 3
    says "has no room for the report"
    says "choose another folder"
    [ "$(find "$work/out" -type f)" = "$work/out/filler" ] || fail "something was played"
    umount "$work/out"
}

test_13_room_that_is_just_enough()
{
    disk 512k
    fill $((report_kib + 120))
    play 0
    all_is_whole
    report_is_valid
    umount "$work/out"
}

# Of five scenarios the first fit.
test_13_the_disk_fills_up_in_a_longer_run()
{
    disk $((5 * 64 + 16 + 176))k
    mkdir "$work/flows"
    cp "$OFFHOOK_SOURCE"/scenarios/cisco-7960/{authentication-407,call-in,call-out,call-out-busy}.yaml \
        "$OFFHOOK_SOURCE/scenarios/rfc3665/registration-401.yaml" "$work/flows"
    flow=$work/flows
    play 3
    says "No space left on device"
    all_is_whole
    report_is_valid
    expect True "r['interrupted'] and 1 <= len(r['scenarios']) < 5"
    expect "{'pass'}" "set(s['verdict'] for s in r['scenarios'])"
    umount "$work/out"
}

run_tests
