#!/bin/bash
# The golden reports, which the code itself makes, are what the published schema describes; and the schema refuses
# reports that are not.
set -u
source_dir=${OFFHOOK_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}

python=
for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c 'from jsonschema import Draft202012Validator' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "python3-jsonschema is not installed"
    exit 77
fi

exec "$python" - "$source_dir" <<'PYTHON'
import copy, glob, json, os, sys
from jsonschema import Draft202012Validator

top = sys.argv[1]
with open(os.path.join(top, "reports/report.schema.json")) as f:
    schema = json.load(f)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
bad = 0


def fail(text):
    global bad
    bad += 1
    print(text)


reports = {}
for path in sorted(glob.glob(os.path.join(top, "tests/data/reports/*.json"))):
    with open(path) as f:
        reports[os.path.basename(path)] = json.load(f)
if len(reports) < 4:
    fail("only %d golden reports" % len(reports))
for name, report in reports.items():
    for error in validator.iter_errors(report):
        fail("%s: %s: %s" % (name, error.json_path, error.message))


def objects(value):
    """Every object inside, with a way to reach it."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)


# What the schema must not let through: a key that nobody knows, anywhere; a list or a wrong number in place of text.
report = reports.get("broken-call.json", {})
count = len(list(objects(report)))
for i in range(count):
    mistaken = copy.deepcopy(report)
    list(objects(mistaken))[i]["unheard-of"] = 1
    if validator.is_valid(mistaken):
        fail("an unknown key in object %d is let through" % i)

wrong = [
    (lambda r: r.update(format="offhook-report/2"), "another format"),
    (lambda r: r.pop("summary"), "no summary"),
    (lambda r: r.pop("exit_status"), "no exit status"),
    (lambda r: r.update(exit_status=2), "an exit status that leaves no report"),
    (lambda r: r["scenarios"][0].update(verdict="passed"), "an unknown verdict"),
    (lambda r: r["scenarios"][0]["findings"][0].update(level="may"), "an unknown level"),
    (lambda r: r["scenarios"][0]["findings"][0].update(bytes=[3]), "half a range"),
    (lambda r: r["scenarios"][0]["findings"][0].pop("clause"), "a finding without clause"),
    (lambda r: r["scenarios"][0]["messages"][0].update(frame=0), "frame 0"),
    (lambda r: r["scenarios"][0]["messages"][0].update(time_s="0"), "a time in quotes"),
    (lambda r: r["scenarios"][0]["steps"][0].update(line=None), "a step without line"),
    (lambda r: r["summary"]["findings"].update(must=-1), "a negative count"),
]
for change, what in wrong:
    mistaken = copy.deepcopy(report)
    change(mistaken)
    if validator.is_valid(mistaken):
        fail(what + " is let through")

print("%d reports, %d objects, %d mistakes" % (len(reports), count, bad))
sys.exit(1 if bad else 0)
PYTHON
