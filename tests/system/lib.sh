# shellcheck shell=bash
# Shared by the tests of the whole binary, which source it. Uses OFFHOOK (the binary), OFFHOOK_BUILD
# (where the reference phone lies) and OFFHOOK_SOURCE (the tree). A test is a function test_NAME, and
# run_tests runs them all, several at once, since most of the time they wait for a phone; each is a
# shell of its own and has an empty folder $work of its own.
#
# offhook runs with a mark in its environment, which each of its children inherits, and with a TMPDIR
# of its own: so whatever it leaves behind is seen.

set -u
: "${OFFHOOK:?the binary}" "${OFFHOOK_BUILD:?the build folder}"
OFFHOOK_SOURCE=${OFFHOOK_SOURCE:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
export OFFHOOK OFFHOOK_BUILD OFFHOOK_SOURCE
[ -x "$OFFHOOK" ] || { echo "$OFFHOOK is not there" >&2; exit 1; }
this_script=$(realpath "$0")
scratch=$(mktemp -d)
trap 'kill -KILL $(marked) 2>/dev/null; rm -rf "$scratch"' EXIT
mark=offhook-test-$$-${scratch##*.}
scenario=$OFFHOOK_SOURCE/scenarios/cisco-7960/authentication-407.yaml
folder=cisco-7960/authentication-407 # what its run leaves, below the output folder
phone=$OFFHOOK_SOURCE/dut-adapters/reference-phone.yaml
failures=0 tests=0 skipped=0 told=0 name=
work=$scratch
export LC_ALL=C.UTF-8
python=/usr/bin/python3 # a shim in PATH takes its time
[ -x "$python" ] || python=python3
cd "$scratch" || exit 1

skip()
{
    printf 'skipped: %s\n' "$*"
    exit 77
}

# skip_test SENTENCE: the rest of this test function cannot be done here; follow it by return.
skip_test()
{
    printf 'skipped: %s: %s\n' "${FUNCNAME[1]#test_}" "$*"
    skipped=$((skipped + 1))
}

# fail SENTENCE: of one test the first three are told, the others mostly follow from them.
fail()
{
    failures=$((failures + 1)) told=$((told + 1))
    [ "$told" -gt 3 ] || printf 'not ok: %s: %s\n' "$name" "$*" >&2
}

# marked: the ids of the processes that offhook, its children and theirs are.
marked()
{
    grep -lsaFz "OFFHOOK_TEST_MARK=$mark" /proc/[0-9]*/environ 2>/dev/null |
        sed 's,/proc/\([0-9]*\)/.*,\1,'
}

# nothing_is_left WHAT: no process and no temporary file. A killed process may take a moment to go.
leftovers= # not empty: files may be left
nothing_is_left()
{
    local pids tries files
    for ((tries = 0; tries < 100; tries++)); do
        pids=$(marked)
        [ -z "$pids" ] && break
        sleep 0.02
    done
    if [ -n "$pids" ]; then
        # shellcheck disable=SC2086
        fail "$1: left processes: $(ps -o pid=,stat=,args= -p ${pids//$'\n'/,} 2>/dev/null)"
        # shellcheck disable=SC2086
        kill -KILL $pids 2>/dev/null
    fi
    files=$([ -n "$leftovers" ] || find "$work/tmp" -mindepth 1 2>/dev/null)
    [ -z "$files" ] || fail "$1: left temporary files: $files"
    rm -rf "$work/tmp"
}

# start ARGUMENT...: offhook in the background; its id is $pid, what it prints goes to $work/said.
# $before, if set, is a command that it is started through, as in (setpriv --reuid=65534).
before=()
start()
{
    mkdir -p "$work/tmp"
    : >"$work/said"
    [ ! -O "$work/tmp" ] || chmod 1777 "$work/tmp"
    env OFFHOOK_TEST_MARK="$mark" TMPDIR="$work/tmp" "${before[@]}" "$OFFHOOK" "$@" \
        </dev/null >"$work/said" 2>&1 &
    pid=$!
}

# finish STATUS WHAT: waits for what start began; $limit bounds the seconds. $took_ms is set.
finish()
{
    local status=0 since ended=true
    since=$(date +%s%N)
    { # the shell has its own words for a killed job
        timeout "$limit" tail --pid="$pid" -s 0.02 -f /dev/null || ended=false
        # shellcheck disable=SC2046
        $ended || kill -KILL $(marked)
        wait "$pid" || status=$?
    } 2>/dev/null
    took_ms=$((($(date +%s%N) - since) / 1000000))
    $ended || fail "$2: does not end within $limit s"
    [ "$status" -eq "$1" ] ||
        fail "$2: exit status $status, expected $1; it said:"$'\n'"$(tail -n 40 "$work/said")"
    nothing_is_left "$2"
}

# offhook STATUS ARGUMENT...: start and finish in one.
offhook()
{
    local expected=$1
    shift
    start "$@"
    finish "$expected" "offhook $*"
}

# play STATUS ARGUMENT...: a run of $flow (the 407 flow, unless the test sets another) to its end,
# against the reference phone unless --phone is among the arguments.
flow=$scenario
play()
{
    local expected=$1
    shift
    begin "$@"
    finish "$expected" "run $*"
}

# begin ARGUMENT...: the same in the background; finish ends it.
begin()
{
    local default=(--phone "$phone")
    [[ " $* " != *" --phone "* ]] || default=()
    start run "$flow" -o "$work/out" --color never "${default[@]}" "$@"
}

# says SENTENCE: somewhere in what offhook printed, whose line ends do not count.
says()
{
    tr -s '\n ' ' ' <"$work/said" | grep -qF -- "$1" ||
        fail "it should say: $1"$'\n'"but says: $(tail -n 40 "$work/said")"
}

does_not_say()
{
    ! tr -s '\n ' ' ' <"$work/said" | grep -qF -- "$1" || fail "it should not say: $1"
}

# report EXPRESSION [REPORT]: a Python expression on a report, r, and its first scenario, s, if it has
# one; printed. Findings of s by result: broken(), as "id" list.
report()
{
    "$python" -ES - "$1" "${2:-$work/out/report.json}" <<'PY'
import json, sys
try:
    r = json.load(open(sys.argv[2]))
except Exception as trouble:
    print("no report:", trouble)
    sys.exit()
s = r["scenarios"][0] if r["scenarios"] else None
def broken(of=None):
    return [f["id"] for f in (of or s)["findings"] if f["result"] == "fail"]
print(eval(sys.argv[1]))
PY
}

# expect VALUE EXPRESSION [REPORT]
expect()
{
    local value
    value=$(report "$2" "${3:-$work/out/report.json}" 2>&1)
    [ "$value" = "$1" ] || fail "${FUNCNAME[1]#test_}: $2 is $value, expected $1"
}

# report_says VERDICT FINDINGS: of the only scenario; FINDINGS are the ids of the failed ones.
report_says()
{
    report_is_valid
    expect "['$1']" "[s['verdict'] for s in r['scenarios']]"
    expect "$2" "broken()"
}

reason_says()
{
    local reason
    reason=$(report "s['reason']")
    [[ $reason == *"$1"* ]] || fail "the reason should say: $1"$'\n'"but is: $reason"
}

# report_is_valid [REPORT]: by its JSON Schema where a checker is at hand, else that it is JSON. All the
# reports of a test are looked at when it ends: a checker takes long to start.
reports_kept=0
report_is_valid()
{
    local file=${1:-$work/out/report.json}
    reports_kept=$((reports_kept + 1))
    mkdir -p "$work/to-check"
    cp "$file" "$work/to-check/$reports_kept.json" 2>/dev/null || fail "there is no report $file"
}

kept_reports_are_valid()
{
    local said
    [ "$reports_kept" -gt 0 ] || return 0
    said=$(schema_says "$work"/to-check/*.json) || fail "a report is not valid: $said"
}

# schema_says REPORT...: what is wrong with them; 1 if something is.
schema_says()
{
    "$python" - "$OFFHOOK_SOURCE/reports/report.schema.json" "$@" 2>&1 <<'PY'
import json, sys
(_, schema), *reports = ((f, json.load(open(f))) for f in sys.argv[1:])
try:
    from jsonschema import Draft202012Validator
except ImportError:
    sys.exit()
Draft202012Validator.check_schema(schema)
checker, bad = Draft202012Validator(schema), False
for name, report in reports:
    for e in list(checker.iter_errors(report))[:5]:
        print(name, "/".join(map(str, e.path)), e.message[:300])
        bad = True
sys.exit(bad)
PY
}

has_schema_checker()
{
    "$python" -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null
}

can_capture()
{
    [ "$(id -u)" -eq 0 ]
}

# adapter NAME <SCRIPT: $work/NAME.yaml, which is the reference phone started by that bash script; "$@" is
# the reference phone's command line, and say NAME tells the test something ($work/NAME.says).
adapter()
{
    local script=$work/$1.sh
    {
        printf 'say() { printf "%%s\\n" "$*" >>%q; }\n' "$work/$1.says"
        cat
    } >"$script"
    : >"$work/$1.says"
    sed "s,^  - \${programs}/offhook-reference-phone,  - bash\\n  - $script\\n&," "$phone" >"$work/$1.yaml"
    grep -qF "$script" "$work/$1.yaml" || fail "the adapter $1 could not be made"
}

# until_said NAME PATTERN: waits until a line of that adapter's script matches; 1 if it never does.
until_said()
{
    local tries
    for ((tries = 0; tries < 1000; tries++)); do
        grep -q -- "$2" "$work/$1.says" 2>/dev/null && return 0
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.01
    done
    fail "the phone never says $2; it said: $(cat "$work/$1.says")"$'\n'"$(tail -n 20 "$work/said")"
    return 1
}

# hostile WORD...: of tests/support/hostile_phone.py, as in fault=flood; "${hostile[@]}" are then the
# arguments of run, and what it says is said by the name hostile.
hostile()
{
    local word
    : >"$work/hostile.says"
    hostile=(--phone "$OFFHOOK_SOURCE/tests/data/mishaps/hostile-phone.yaml")
    for word in "script=$OFFHOOK_SOURCE/tests/support/hostile_phone.py" "says=$work/hostile.says" "$@"; do
        hostile+=(--phone-param "$word")
    done
}

# until_wire COUNT PATTERN [FOLDER]: waits until so many lines of what was captured match; 1 if they never do.
until_wire()
{
    local tries count capture=$work/out/${3:-$folder}/capture.pcap
    for ((tries = 0; tries < 2000; tries++)); do
        count=$(grep -ac -- "$2" "$capture" 2>/dev/null)
        [ "${count:-0}" -lt "$1" ] || return 0
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.01
    done
    fail "the wire never shows $2 $1 times"$'\n'"$(tail -n 20 "$work/said")"
    return 1
}

# measured: what follows is run through a program that leaves its peak of memory and its time in $work/used.
measured()
{
    before=("$python" -c 'import resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_maxrss, int((used.ru_utime + used.ru_stime) * 1000), file=open(sys.argv[1], "w"))
sys.exit(status)' "$work/used")
}

# busy: how many times slower than alone this machine may be now.
busy()
{
    local load
    read -r load _ </proc/loadavg
    echo $((1 + ${load%%.*} / $(nproc)))
}

# computes_within MS: what was measured, and the phone, by the processor's time.
computes_within()
{
    local ms
    read -r _ ms <"$work/used"
    grep -qa __asan_init "$OFFHOOK" || [ "$ms" -le "$1" ] || fail "it computes for $ms ms, more than $1"
}

# needs_at_most MIB: the peak of memory. A sanitizer's own is not offhook's.
needs_at_most()
{
    ! grep -qa __asan_init "$OFFHOOK" || return 0
    local kib
    read -r kib _ <"$work/used"
    [ "$kib" -le $(($1 * 1024)) ] || fail "it takes $((kib / 1024)) MiB of memory, more than $1"
}

# ends_within MS: what was finished last, if the machine has time for it. A sanitizer may take its own.
ends_within()
{
    local bound=$(($1 * $(busy)))
    ! grep -qa __asan_init "$OFFHOOK" || bound=$((bound * 3))
    [ "$took_ms" -le "$bound" ] || fail "it takes $took_ms ms, more than $bound"
}

# one_test NAME NUMBER: in a shell of its own; it leaves in $scratch/NUMBER.count how many failures and
# skips it had.
one_test()
{
    local since
    name=$1 work=$scratch/$1 mark=$mark.$2. since=$(date +%s%N)
    limit=$((${bound:-100} * $(busy))) # seconds; a script may set its bound
    mkdir -p "$work"
    "$name"
    kept_reports_are_valid
    [ "$failures" -ne 0 ] || printf 'ok: %s (%d ms)\n' "${name#test_}" $((($(date +%s%N) - since) / 1000000))
    echo "$failures $skipped" >"$scratch/$2.count"
}

# run_tests: every function test_NAME of the calling script. $at_once, if set, is how many run at once;
# $before_all, if set, is the test that the others build on.
run_tests()
{
    local one running=0
    for one in $(grep -o '^test_[a-z0-9_]*()' "$this_script" | tr -d '()'); do
        if [ "$running" -ge "${at_once:-4}" ]; then
            wait -n
            running=$((running - 1))
        fi
        tests=$((tests + 1)) running=$((running + 1))
        { (one_test "$one" "$tests") >"$scratch/$tests.said" 2>&1; cat "$scratch/$tests.said"; } &
        [ "$one" != "${before_all-}" ] || wait
    done
    wait
    count_tests
    printf '%d tests, %d failures, %d skipped\n' "$tests" "$failures" "$skipped"
    [ "$failures" -eq 0 ] || exit 1
    [ "$tests" -gt "$skipped" ] || exit 77
    exit 0
}

# A test that left no count broke its shell: that is a failure, too.
count_tests()
{
    local number failed passed_over
    for ((number = 1; number <= tests; number++)); do
        if read -r failed passed_over 2>/dev/null <"$scratch/$number.count"; then
            failures=$((failures + failed)) skipped=$((skipped + passed_over))
        else
            failures=$((failures + 1))
            echo "not ok: test $number of $this_script ended in its middle" >&2
        fi
    done
}
