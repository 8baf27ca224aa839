#!/usr/bin/env bash
# JUnit XML of real runs, held against the schema that OFFHOOK_JUNIT_XSD names, where it does.
. "$(dirname "$0")/lib.sh"

can_capture || skip "capturing needs root"
: "${OFFHOOK_JUNIT_XSD:=$OFFHOOK_SOURCE/../shared/references/junit-10.xsd}" # beside the tree, where there is one
if [ ! -r "$OFFHOOK_JUNIT_XSD" ]; then
    echo "OFFHOOK_JUNIT_XSD names no schema: the structure alone is checked"
elif ! command -v xmllint >/dev/null; then
    echo "xmllint is not installed (libxml2-utils): the structure alone is checked"
fi

# valid FILE: by the schema where there is one; and by what readers of JUnit rely on, always.
valid()
{
    local said
    if [ -r "${OFFHOOK_JUNIT_XSD-}" ] && command -v xmllint >/dev/null; then
        said=$(xmllint --noout --nonet --schema "$OFFHOOK_JUNIT_XSD" "$1" 2>&1) || fail "$1: $said"
    fi
    said=$(structure "$1") || fail "$1: $said"
}

structure()
{
    python3 - "$1" 2>&1 <<'PY'
import sys, xml.etree.ElementTree as tree
top = tree.parse(sys.argv[1]).getroot()
cases = {"testcase"}
inside = {"testsuites": {"testsuite"}, "testsuite": {"properties", "testcase"}, "properties": {"property"},
          "testcase": {"failure", "error", "skipped", "system-out", "system-err"}}
needed = {"testsuite": {"name", "tests", "failures", "errors"}, "testcase": {"name", "classname"},
          "property": {"name", "value"}, "failure": {"message", "type"}, "error": {"message", "type"},
          "skipped": {"message", "type"}}
assert top.tag == "testsuites", top.tag
for e in top.iter():
    assert {c.tag for c in e} <= inside.get(e.tag, set()), (e.tag, [c.tag for c in e])
    assert needed.get(e.tag, set()) <= set(e.attrib), (e.tag, e.attrib)
    if "time" in e.attrib:
        float(e.get("time"))
words = {"tests": "testcase", "failures": "failure", "errors": "error"}
for e in [top, *top.iter("testsuite")]:
    for key, tag in words.items():
        assert int(e.get(key)) == len(list(e.iter(tag))), (e.attrib, key)
names = [(c.get("classname"), c.get("name")) for c in top.iter("testcase")]
assert len(names) == len(set(names)), names
PY
}

# xml EXPRESSION FILE VALUE: of a Python expression on the document, d.
xml()
{
    local value
    value=$(python3 -c 'import sys, xml.etree.ElementTree as t
d = t.parse(sys.argv[2]).getroot()
print(eval(sys.argv[1]))' "$1" "$2" 2>&1)
    [ "$value" = "$3" ] || fail "$1 is $value, expected $3"
}

test_a_run_writes_it_beside_its_report()
{
    play 1 --phone-param mutant=ack-new-branch --junit "$work/deep/er/junit.xml"
    valid "$work/deep/er/junit.xml"
    xml "[(c.get('classname'), c.get('name')) for c in d.iter('testcase')]" "$work/deep/er/junit.xml" \
        "[('reference-phone.cisco-7960', 'authentication-407')]"
    xml "[f.get('type') for f in d.iter('failure')]" "$work/deep/er/junit.xml" "['ack.branch']"
    for words in "via.branch: expected" observed "RFC 3261 17.1.1.3" "$scenario:20" "ack.branch"; do
        xml "'$words' in ' '.join(d.find('.//failure').text.split())" "$work/deep/er/junit.xml" True
    done
}

test_each_verdict_has_its_element()
{
    mkdir "$work/flows"
    cp "$scenario" "$work/flows/plays.yaml"
    sed 's/hangup, rtp/hangup, rtp, reject, answer/' "$scenario" >"$work/flows/skips.yaml"
    sed '/^ *reject:/d' "$phone" >"$work/reference-phone.yaml"
    flow=$work/flows
    play 0 --phone "$work/reference-phone.yaml" --junit "$work/a.xml"
    valid "$work/a.xml"
    xml "[[e.tag for e in c] for c in d.iter('testcase')]" "$work/a.xml" \
        "[['system-out'], ['skipped', 'system-out']]"
    flow=$work/flows/skips.yaml
    play 3 --phone "$work/reference-phone.yaml" --junit "$work/b.xml"
    valid "$work/b.xml"
    xml "[e.get('message') for e in d.iter('error')]" "$work/b.xml" "['Nothing was judged']"
}

test_trouble_of_the_bench_is_an_error()
{
    sed 's,programs}/offhook-reference-phone,programs}/no-such-phone,' "$phone" >"$work/reference-phone.yaml"
    play 3 --phone "$work/reference-phone.yaml" --junit "$work/junit.xml"
    valid "$work/junit.xml"
    xml "[e.get('type') for e in d.iter('error')]" "$work/junit.xml" "['error']"
    xml "len(list(d.iter('failure')))" "$work/junit.xml" 0
}

test_a_known_finding_fails_nothing()
{
    printf 'known:\n  - {finding: ack.branch, method: ACK, reason: put upon it on purpose}\n' >"$work/known.yaml"
    play 0 --phone-param mutant=ack-new-branch --baseline "$work/known.yaml" --junit "$work/junit.xml"
    valid "$work/junit.xml"
    xml "len(list(d.iter('failure')))" "$work/junit.xml" 0
    xml "'known: put upon it on purpose' in d.find('.//system-out').text" "$work/junit.xml" True
}

# What the phone's program prints may be anything; the file stays one that can be read.
test_bytes_that_xml_cannot_hold()
{
    adapter noise <<'SCRIPT'
for ((i = 1; i < 256; i++)); do printf "\\x$(printf %x $i)"; done >&2
head -c 20000 /dev/urandom | tr -d "\000" >&2
( sleep 0.6; kill -SEGV $$ ) &
exec "$@"
SCRIPT
    play 1 --phone "$work/noise.yaml" --junit "$work/junit.xml"
    valid "$work/junit.xml"
    xml "len(list(d.iter('system-err')))" "$work/junit.xml" 1
}

test_the_same_from_the_report_and_from_the_recording()
{
    play 1 --phone-param mutant=ack-new-branch --junit "$work/run.xml"
    offhook 0 report "$work/out" --junit
    cmp "$work/said" "$work/run.xml" || fail "report --junit differs from run --junit"
    offhook 1 check "$work/out" --junit "$work/check.xml"
    cmp "$work/check.xml" "$work/run.xml" || fail "check --junit differs from run --junit"
}

test_a_file_that_cannot_be_written_is_told_before_anything_is_played()
{
    printf x >"$work/file"
    play 2 --junit "$work/file/junit.xml"
    says "$work/file"
    [ ! -e "$work/out/$folder" ] || fail "it played"
    mkdir "$work/junit.xml"
    play 2 --junit "$work/junit.xml"
    says "cannot be written"
}

run_tests
