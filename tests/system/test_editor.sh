#!/usr/bin/env bash
# What a writer's editor makes of the JSON Schemas: by a validator and a YAML 1.2 parser that share
# nothing with offhook, and by the language server that editors run. 'ci/setup editor' installs them.
. "$(dirname "$0")/lib.sh"
. "$OFFHOOK_SOURCE/tests/system/corpus.sh"

modules=${OFFHOOK_EDITOR_MODULES:-$OFFHOOK_SOURCE/build-editor/node_modules}
command -v node >/dev/null || skip "there is no node; 'ci/setup editor' installs it"
for module in ajv yaml yaml-language-server; do
    [ -d "$modules/$module" ] || skip "$modules has no $module; 'ci/setup editor' installs it"
done
editor=$OFFHOOK_SOURCE/tests/editor

# validate SCHEMA FILE...: a line for each into $work/validated.
validate()
{
    NODE_PATH=$modules timeout 60 node "$editor/validate.cjs" "$@" >"$work/validated" 2>"$work/why" ||
        fail "the validator fails: $(head -3 "$work/why")"
}

# all_are WORD
all_are()
{
    [ -s "$work/validated" ] || fail "nothing was validated"
    ! grep -v "^$1 " "$work/validated" >"$work/others" || fail "not $1: $(head -3 "$work/others")"
}

# agrees KIND SCHEMA: with the corpus.
agrees()
{
    corpus "$1" "$work"
    validate "$2" "$work"/good/*.yaml
    all_are valid
    validate "$2" "$work"/bad/*.yaml
    all_are invalid
    rm -rf "$work/good" "$work/bad"
}

test_every_file_of_the_tree_is_valid()
{
    local list
    mapfile -t list < <(scenario_files)
    validate "$OFFHOOK_SOURCE/scenarios/scenario.schema.json" "${list[@]}"
    all_are valid
    mapfile -t list < <(adapter_files)
    validate "$OFFHOOK_SOURCE/dut-adapters/adapter.schema.json" "${list[@]}"
    all_are valid
}

test_the_schemas_agree_with_the_reader_on_one_corpus()
{
    agrees scenarios "$OFFHOOK_SOURCE/scenarios/scenario.schema.json"
    agrees adapters "$OFFHOOK_SOURCE/dut-adapters/adapter.schema.json"
}

# serve FILE: what the language server says of it, into $work/server.
serve()
{
    timeout 60 node "$editor/language_server.cjs" \
        "$modules/yaml-language-server/bin/yaml-language-server" "$1" \
        >"$work/server" 2>"$work/why" || fail "the language server fails: $(head -3 "$work/why")"
}

# server_says WORDS
server_says()
{
    grep -qF -- "$1" "$work/server" || fail "the server does not say '$1' but: $(cat "$work/server")"
}

# in_editor: a scenario from standard input, with its modeline.
in_editor()
{
    mkdir -p "$work/scenarios/mine"
    cp "$OFFHOOK_SOURCE/scenarios/scenario.schema.json" "$work/scenarios"
    {
        echo '# yaml-language-server: $schema=../scenario.schema.json'
        cat
    } >"$work/scenarios/mine/x.yaml"
    serve "$work/scenarios/mine/x.yaml"
}

test_the_language_server_completes_a_step_and_shows_what_a_key_means()
{
    in_editor <<'YAML'
title: A calls B
source: RFC 3261
parties:
  A: phone
  B: {role: peer, number: "1"}
flow:
  - A -> B: INVITE
    within: 2 s #hover
    |?
  - A -> B: INVITE
    level: |?
YAML
    server_says "hover 9: "
    server_says "at the latest so long after the step before, as in '2 s'"
    server_says "completion 10: must, should, save, optional"
    server_says "completion 12: must, should"
    [ "$(sed -n 's/^completion 10: //p' "$work/server" | grep -cw within)" = 0 ] ||
        fail "a key that is there is offered again"
}

test_the_language_server_completes_fields_of_a_message()
{
    in_editor <<'YAML'
title: A calls B
source: RFC 3261
parties:
  A: phone
  B: {role: peer, number: "1"}
flow:
  - A -> B: INVITE
    must:
      cse|?
YAML
    server_says "cseq.number, "
    server_says "sdp.audio.formats, "
}

test_the_language_server_marks_a_mistake_at_its_line()
{
    in_editor <<'YAML'
title: A calls B
source: RFC 3261
parties:
  A: phone
  B: {role: peer, number: "1"}
flow:
  - A -> B: INVITE
    optional: perhaps
YAML
    server_says "diagnostic 9: Value is not accepted. Valid values: true, false."
    [ "$(grep -c ^diagnostic "$work/server")" = 1 ] || fail "more than one: $(cat "$work/server")"
    in_editor <<'YAML'
title: A calls B
source: RFC 3261
parties:
  A: phone
  B: {role: peer, number: "1"}
flow:
  - A -> B: INVITE
YAML
    [ ! -s "$work/server" ] || fail "a good file is marked: $(cat "$work/server")"
}

run_tests
