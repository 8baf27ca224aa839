#!/usr/bin/env bash
# A disk that fills up: a sentence with the remedy, exit status 3, and what could be written is whole.
. "$(dirname "$0")/lib.sh"

[ -n "${OFFHOOK_OWN_MOUNTS-}" ] || {
    unshare -m mount -t tmpfs -o size=64k none /mnt 2>/dev/null ||
        skip "no right to mount a small disk"
    OFFHOOK_OWN_MOUNTS=1 exec unshare -m --propagation private bash "$this_script"
}

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

test_not_even_the_capture_has_room()
{
    disk 64k
    fill 8
    play 3
    says "No space left on device"
    says "-o"
    all_is_whole
    umount "$work/out"
}

test_the_capture_fits_but_run_json_does_not()
{
    disk 256k
    fill 48
    play 3
    says "No space left on device"
    all_is_whole
    umount "$work/out"
}

test_only_the_report_does_not_fit()
{
    disk 256k
    fill 84
    play 3
    says "No space left on device"
    all_is_whole
    umount "$work/out"
}

test_no_room_at_all()
{
    disk 64k
    fill 0
    play 3
    says "No space left on device"
    all_is_whole
    umount "$work/out"
}

# Of five scenarios the first fit.
test_the_disk_fills_up_in_a_longer_run()
{
    disk 256k
    flow=$OFFHOOK_SOURCE/scenarios
    play 3
    says "No space left on device"
    all_is_whole
    report_is_valid
    expect True "1 <= sum(s['verdict'] == 'pass' for s in r['scenarios']) < 5"
    umount "$work/out"
}

run_tests
