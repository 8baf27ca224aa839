#!/usr/bin/env bash
# offhook compare, on the reports of real runs: what is new, what is gone, and what files it refuses.
. "$(dirname "$0")/lib.sh"

can_capture || skip "capturing needs root"
known=$scratch/known.yaml
cat >"$known" <<'YAML'
phone: reference-phone
known:
  - finding: ack.branch
    scenario: cisco-7960/authentication-407
    method: ACK
    reason: put upon it on purpose
YAML
healthy=$scratch/healthy faulty=$scratch/faulty
before_all=test_two_runs

# follows_its_schema FILE: where a checker is at hand.
follows_its_schema()
{
    local said
    has_schema_checker || return 0
    said=$(/usr/bin/python3 - "$1" "$OFFHOOK_SOURCE/reports/compare.schema.json" 2>&1 <<'PY'
import json, sys, jsonschema
comparison, schema = (json.load(open(f)) for f in sys.argv[1:3])
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
errors = list(validator.iter_errors(comparison))
for e in errors[:5]:
    print("/".join(map(str, e.path)), e.message[:300])
comparison["scenarios"][0]["change"] = "fixed"
sys.exit(bool(errors) or validator.is_valid(comparison))
PY
    ) || fail "$1 is not as its schema says: $said"
}

# The reports that the others compare.
test_two_runs()
{
    play 0
    mv "$work/out" "$healthy"
    play 1 --phone-param mutant=ack-new-branch
    mv "$work/out" "$faulty"
}

test_a_run_is_like_itself()
{
    offhook 0 compare "$faulty" "$faulty/report.json"
    says "NOTHING NEW"
    does_not_say "ack.branch"
    offhook 0 compare "$faulty" "$faulty" --verbose
    says "unchanged ack.branch"
}

test_a_new_fault_is_new()
{
    offhook 1 compare "$healthy" "$faulty" --json
    follows_its_schema "$work/said"
    expect "[('ack.branch', 'new')]" "[(f['id'], f['change']) for f in s['findings']]" "$work/said"
    expect "(1, 1, 1)" "r['summary']['new'], r['summary']['worse'], r['exit_status']" "$work/said"
    expect "offhook-compare/1" "r['format']" "$work/said"
    offhook 1 compare "$healthy" "$faulty"
    says "WORSE pass -> fail"
    says "NEW ack.branch"
    says "$scenario"
}

test_a_mended_fault_is_gone()
{
    offhook 0 compare "$faulty" "$healthy"
    says "better fail -> pass"
    says "gone ack.branch"
}

test_a_known_fault_is_not_new()
{
    play 0 --phone-param mutant=ack-new-branch --baseline "$known"
    offhook 0 compare "$healthy" "$work/out"
    says "known ack.branch"
    says "NOTHING NEW"
}

# The phone lacks an ability now: nobody can say that the fault is gone.
test_what_was_not_played_is_not_gone()
{
    sed '/^abilities/d' "$phone" >"$work/reference-phone.yaml"
    play 3 --phone "$work/reference-phone.yaml"
    offhook 1 compare "$faulty" "$work/out"
    says "WORSE fail -> skip"
    says "not seen ack.branch"
}

test_files_that_are_no_reports()
{
    printf '{"format": "offhook-run/1"}' >"$work/other.json"
    printf 'no JSON' >"$work/no.json"
    offhook 2 compare "$healthy" "$work/other.json"
    says "other.json: error: this is no report of format offhook-report/1: its format is 'offhook-run/1'"
    offhook 2 compare "$work/no.json" "$healthy"
    says "this is no JSON"
    offhook 2 compare "$healthy" "$work/nothing"
    says "No such file"
    offhook 2 compare "$healthy"
    says "give two reports, the older one first"
    offhook 2 compare "$healthy" "$faulty" --strict
}

# A list for one phone is no excuse for another.
test_a_list_for_another_phone_is_refused()
{
    sed 's/^phone: .*/phone: baresip/' "$known" >"$work/other.yaml"
    play 2 --baseline "$work/other.yaml"
    says "is for the phone baresip, but reference-phone is to be tested"
    [ ! -e "$work/out" ] || fail "something was written"
    offhook 1 check "$faulty" --baseline "$work/other.yaml"
    says "it is for the phone baresip, which played nothing here"
}

# From a report to its list: refused until somebody has given the reasons.
test_a_first_list_of_known_findings()
{
    local list=$work/list.yaml
    offhook 0 report "$faulty" --known
    cp "$work/said" "$list"
    offhook 2 lint "$list"
    says "there is no reason"
    play 2 --phone-param mutant=ack-new-branch --baseline "$list"
    sed -i 's/reason: ""/reason: looked into/' "$list"
    offhook 0 lint "$list"
    play 0 --phone-param mutant=ack-new-branch --baseline "$list"
}

run_tests
