#!/usr/bin/env bash
# The catalogue of requirements as a user sees it: what covers each entry, and what is refused.
. "$(dirname "$0")/lib.sh"

cd "$OFFHOOK_SOURCE" || exit 1

# listed EXPRESSION: a Python expression on what was printed as JSON, d.
listed()
{
    "$python" -ES -c 'import json, sys; d = json.load(open(sys.argv[2])); print(eval(sys.argv[1]))' "$1" "$work/said" 2>&1
}

# shows VALUE EXPRESSION
shows()
{
    local value
    value=$(listed "$2")
    [ "$value" = "$1" ] || fail "$2 is $value, expected $1"
}

test_each_requirement_is_listed_with_what_covers_it()
{
    offhook 0 list requirements --json
    shows 1070 "len(d['requirements'])"
    shows 1070 "len(set(q['id'] for q in d['requirements']))"
    shows "{'may', 'must', 'should'}" "'{%s}' % ', '.join(sorted(repr(q['level']) for q in {q['level']: q for q in d['requirements']}.values()))"
    shows True "'cisco-7960/authentication-407' in [q for q in d['requirements'] if q['id'] == 'auth.invite.407-retry'][0]['scenarios']"
    shows True "'ack.branch' in [q for q in d['requirements'] if q['id'] == 'lint.ack.non2xx'][0]['rules']"
    shows True "d['counts']['all'][0]['covered'] == sum(bool(q['rules'] or q['scenarios']) for q in d['requirements'])"
    shows True "[g['entries'] for g in d['counts']['priority']] == [sum(q['priority'] == p for q in d['requirements']) for p in (1, 2, 3)]"
    shows True "sum(g['entries'] for g in d['counts']['kind']) == 1070"
    offhook 0 list requirements
    says "auth.invite.407-retry 1 should flow: INVITE is ACKed and retried"
    says "entries covered by rules by scenarios by none"
    says "more with fewer: --verbose lists them"
    says "rtp.symmetric 1 should (unread) media: "
    offhook 0 list requirements --uncovered --kind rule --priority 1
    says "covered by none: needs a stimulus"
}

test_a_list_can_be_narrowed()
{
    offhook 0 list requirements --json --kind timer --priority 2
    shows "{('timer', 2)}" "set((q['kind'], q['priority']) for q in d['requirements'])"
    offhook 0 list requirements --json --source 4475
    shows True "len(d['requirements']) > 40 and all('RFC 4475' in ' '.join(q['source']) for q in d['requirements'])"
    offhook 0 list requirements --json --source etsi --uncovered
    shows "[]" "[q['id'] for q in d['requirements'] if q['rules'] or q['scenarios']]"
    shows True "all('ETSI' in ' '.join(q['source']) for q in d['requirements'])"
    offhook 0 list requirements --priority 1 --kind rule --verbose
    says "level by sentence: 8.1.1.7: each branch begins with"
    says "stimulus: any captured message; expected: start line carries exactly SIP/2.0"
    says "note: Over UDP a body longer than the count is cut"
}

test_what_there_is_none_of_is_wrong_usage()
{
    offhook 2 list requirements --kind rul
    says "--kind has no 'rul': rule, flow, timer, media, torture (did you mean 'rule'?)"
    offhook 2 list requirements --priority 4
    says "--priority has no '4': 1, 2 or 3"
    offhook 2 list requirements --source "RFC 99"
    says "no requirement comes from 'RFC 99'"
    offhook 2 list requirements --nothing
    says "there is no option '--nothing'"
    offhook 2 list scenarios --json
    says "'--json' is one too many"
}

test_rules_say_what_they_cover_and_what_none_does()
{
    offhook 0 list rules --verbose
    says "covers: lint.ack.non2xx"
    says "of 141 requirements of priority 1 and kind rule are covered"
    offhook 0 list rules --json
    shows True "all(set(r) == {'id', 'level', 'clause', 'meaning', 'covers'} for r in d['rules'])"
    shows True "len(d['rules']) > 100"
    shows True "not {i for r in d['rules'] for i in r['covers']} & {q['id'] for q in d['uncovered']}"
}

test_an_unknown_id_in_a_scenario_is_told_with_its_place()
{
    local line
    sed 's/^covers: .*/covers: [bye.out, auth.invite.407-retri, bye.out]/' "$scenario" >"$work/x.yaml"
    line=$(grep -n '^covers:' "$work/x.yaml" | cut -d: -f1)
    offhook 2 lint "$work/x.yaml"
    says "x.yaml:$line:19: error: no requirement is called 'auth.invite.407-retri'"
    says "did you mean 'auth.invite.407-retry'?"
    says "x.yaml:$line:42: error: 'bye.out' is named twice"
    says "1 file, 2 mistakes"
}

# Requirements of one's own stand beside offhook's where both are named.
test_a_scenario_may_cover_requirements_that_are_linted_with_it()
{
    sed 's/^covers: .*/covers: [bye.out, mine.one]/' "$scenario" >"$work/x.yaml"
    {
        printf 'title: mine\nrequirements:\n  mine.one:\n'
        printf '    %s\n' 'title: t' 'level: may' 'ground: guide' 'role: any' 'kind: flow' 'priority: 3' \
            'stimulus: s' 'expect: e' 'source: our house'
    } >"$work/mine.yaml"
    offhook 0 lint "$work/x.yaml" "$work/mine.yaml"
    says "2 files, 0 mistakes"
    offhook 2 lint "$work/x.yaml"
    says "no requirement is called 'mine.one'"
}

test_every_scenario_and_the_catalogue_are_free_of_mistakes()
{
    offhook 0 lint scenarios
    says " 0 mistakes"
}

# What a mistaken scenario covers is not known, so that no list would be true.
test_a_mistaken_scenario_is_told_in_place_of_a_list()
{
    mkdir "$work/scenarios"
    ln -s "$OFFHOOK_SOURCE/scenarios/requirements" "$work/scenarios/requirements"
    cp "$scenario" "$work/scenarios/a.yaml"
    sed 's/^title:.*/titel: mistaken/' "$scenario" >"$work/scenarios/b.yaml"
    cd "$work" || return
    offhook 2 list requirements
    says "scenarios/b.yaml:"
    offhook 2 list scenarios
    says "scenarios/b.yaml:"
    rm scenarios/b.yaml
    offhook 0 list scenarios
}

# Nothing of the catalogue is a flow.
test_the_catalogue_is_not_played()
{
    offhook 2 run scenarios/requirements -o "$work/out"
    says "there is no scenario (.yaml) there"
}

# bad ID LINE...: a file of requirements of our own, with one entry of that id and those lines more.
bad()
{
    local id=$1
    shift
    {
        printf 'title: mine\nrequirements:\n  %s:\n' "$id"
        printf '    %s\n' 'title: t' 'level: must' 'ground: sentence' 'role: any' 'kind: rule' 'priority: 1' \
            'stimulus: s' 'expect: e' 'source: RFC 3261 7' "$@"
    } >"$work/${id%%.*}.yaml"
    offhook 2 lint "$work/${id%%.*}.yaml"
}

test_a_mistaken_catalogue_is_told_with_its_place()
{
    bad lint.ack.non2xx 'uncovered: needs-secret'
    says "lint.yaml:13:16: error: 'lint.ack.non2xx' says why no rule covers it, but ack.branch does"
    bad mine.one 'uncovered: no-time'
    says "mine.yaml:13:16: error: 'no-time' is no reason: wanted needs-stimulus, needs-secret"
    bad mine.one 'same-as: lint.ack.non2xxx' 'uncovered: duplicate'
    says "mine.yaml:13:14: error: no requirement is called 'lint.ack.non2xxx'"
    says "did you mean 'lint.ack.non2xx'?"
}

run_tests
