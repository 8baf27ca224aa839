#!/usr/bin/env bash
# ci/check-layers is silent on this tree and on a good one, and names each kind of breach by file,
# line and sentence.
set -euo pipefail
source_dir=${OFFHOOK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
check=$source_dir/ci/check-layers

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tests=0

fail()
{
    printf 'not ok: %s\n' "$*" >&2
    exit 1
}

# tree: an empty tree with one good file per kind of source, in $root.
tree()
{
    root=$scratch/tree
    rm -rf "$root"
    mkdir -p "$root"/harness/{base,sip,net,scenario,trace,match,judge/rules,author,phone,play,cli} \
        "$root"/reports "$root"/dut-adapters/reference-phone
    put harness/base/text.h '#include <net/if.h>' '#include <stddef.h>'
    put harness/sip/message.c '#include "sip/message.h"' '#include "base/text.h"' \
        '#include <sofia-sip/sip.h>' '#include <openssl/evp.h>'
    put harness/sip/message.h '#include "base/text.h"'
    put harness/net/loop.c '#include "sip/message.h"' '#include <sofia-sip/su_wait.h>'
    put harness/scenario/yaml.c '#include <libfyaml.h>'
    put harness/trace/live.c '#include <pcap.h>' '#include <pcap/pcap.h>' '#include "net/tap.h"'
    put harness/judge/rules/ack.c '#include "match/match.h"' '#include "judge/rule.h"'
    put harness/judge/registry.c '#include "collected/rules.def"'
    put harness/phone/adapter.c '#include "trace/run.h"'
    put harness/play/player.c '#include "phone/phone.h"' '#include "match/match.h"'
    put harness/cli/main.c '#include "play/player.h"' '#include "reports/json.h"' \
        '#include "judge/rule.h"'
    put reports/json.c '#include "reports/json.h"' '#include "judge/rule.h"' '#include <jansson.h>'
    put dut-adapters/reference-phone/main.c '#include "events.h"' '#include <sofia-sip/nua.h>' \
        '#include <openssl/evp.h>'
    put dut-adapters/reference-phone/events.h '#include <stdio.h>'
    put CMakeLists.txt 'project(x C)' 'oh_room(base)' 'oh_room(sip USES base LIBRARIES play)' \
        'oh_room(net USES sip' '        base)' 'oh_program(offhook DIRECTORY harness/cli' \
        '           USES net sip base)'
}

# put FILE LINE...
put()
{
    local file=$root/$1
    shift
    mkdir -p "$(dirname "$file")"
    printf '%s\n' "$@" >"$file"
}

accepts()
{
    local said
    said=$("$check" "$1" 2>&1) || fail "$2: refused:"$'\n'"$said"
    tests=$((tests + 1))
}

# refuses LINE: the tree in $root has exactly this breach.
refuses()
{
    local said status=0
    said=$("$check" "$root" 2>&1) || status=$?
    [ "$status" -eq 1 ] || fail "expected: $1"$'\n'"exit status $status, said: $said"
    [ "$(printf '%s\n' "$said" | head -n 1)" = "$1" ] || fail "expected: $1"$'\n'"said: $said"
    [ "$(printf '%s\n' "$said" | grep -c ':.*:')" -eq 1 ] || fail "more than one breach: $said"
    tests=$((tests + 1))
}

# A made-up tree with one bad file: breach FILE SENTENCE LINE...
breach()
{
    local file=$1 sentence=$2
    shift 2
    tree
    put "$file" "$@"
    refuses "$file:$#: $sentence"
}

tree
accepts "$root" "a good tree"
accepts "$source_dir" "this tree"

# A room uses only rooms above it.
breach harness/base/log.c 'room base may not use room sip' '' '#include "sip/message.h"'
breach harness/sip/parse.c 'room sip may not use room net' '#include "net/loop.h"'
breach harness/match/match.c 'room match may not use room judge' '#  include "judge/rule.h"'
breach harness/trace/run.h 'room trace may not use room match' '#include "match/match.h"'

# Play knows nothing of verdicts; judge and reports nothing of sockets and phones.
breach harness/play/end.c 'room play may not use room judge' '#include "judge/rule.h"'
breach harness/play/end.c 'room play may not use room reports' '#include "reports/json.h"'
for room in play phone net; do
    breach harness/judge/rules/via.c "room judge may not use room $room" "#include \"$room/x.h\""
    breach reports/junit.c "room reports may not use room $room" "#include \"$room/x.h\""
    breach harness/author/explain.c "room author may not use room $room" "#include \"$room/x.h\""
done
breach harness/phone/drivers/pipe.c 'room phone may not use room play' '#include "play/player.h"'
breach harness/play/roles/proxy.c 'room play may not use room cli' '#include "cli/options.h"'

# Angle brackets hide nothing.
breach harness/base/log.c 'room base may not use room sip' '#include <sip/message.h>'

# A path starts at the room root.
breach harness/sip/parse.c \
    '"message.h" names no room; write it from the room root, as in "base/error.h"' \
    '#include "message.h"'
breach harness/sip/parse.c '"../base/text.h" leaves its folder; write it from the room root' \
    '#include "../base/text.h"'
breach harness/sip/parse.c \
    '"harness/base/text.h" names no room; write it from the room root, as in "base/error.h"' \
    '#include "harness/base/text.h"'

# Each library stays in its room.
breach harness/play/dial.c 'room play may not see the headers of sofia-sip/' \
    '#include <sofia-sip/nua.h>'
breach harness/sip/values.h 'a header of room sip shows Sofia-SIP to its callers' \
    '#include <sofia-sip/sip.h>'
breach harness/net/sniff.c 'room net may not see the headers of pcap.h' '#include <pcap.h>'
breach harness/judge/frames.c 'room judge may not see the headers of pcap/' '#include "pcap/pcap.h"'
breach harness/judge/unpack.c 'room judge may not see the headers of zlib.h' '#include <zlib.h>'
breach harness/phone/yaml.c 'room phone may not see the headers of libfyaml.h' \
    '#include <libfyaml.h>'
breach harness/judge/digest.c 'room judge may not see the headers of openssl/' \
    '#include <openssl/evp.h>'

# A phone program shares no code with the harness.
breach dut-adapters/reference-phone/rtp.c \
    'reference-phone shares no code with the harness, but includes "base/text.h"' \
    '#include "base/text.h"'
breach dut-adapters/reference-phone/rtp.c \
    '"../../harness/base/text.h" leaves its folder; write it from the room root' \
    '#include "../../harness/base/text.h"'
breach dut-adapters/reference-phone/rtp.c \
    'reference-phone includes "harness/base/text.h", which is not its own' \
    '#include "harness/base/text.h"'

# Every source file lies in a known room.
tree
put harness/attic/old.c ''
refuses 'harness/attic/old.c:1: no room is called attic'
tree
put harness/stray.c ''
refuses 'harness/stray.c:1: a source file outside all rooms'

# CMakeLists.txt links as the table says, in its order.
breach CMakeLists.txt 'room judge may not be linked with room phone' \
    'oh_room(base)' 'oh_room(phone USES base)' 'oh_room(judge USES base phone)'
breach CMakeLists.txt 'room base may not be linked with room sip' 'oh_room(sip)' \
    'oh_room(base USES' '        sip)'
breach CMakeLists.txt 'room sip is linked with room base, which stands below it' \
    'oh_room(sip USES base)'
breach CMakeLists.txt 'no room is called attic' 'oh_room(attic)'

# No tree is told from a good tree.
status=0
"$check" "$scratch/nowhere" 2>/dev/null || status=$?
[ "$status" -eq 2 ] || fail "a folder that is not there: exit status $status, expected 2"

printf 'ok: %d trees\n' $((tests + 1))
