#!/usr/bin/env bash
# The JSON Schemas in the tree are what the reader's tables give, and each file names its own.
. "$(dirname "$0")/lib.sh"
. "$OFFHOOK_SOURCE/tests/system/corpus.sh"

cd "$OFFHOOK_SOURCE" || exit 1

# is_made_of_tables KIND FILE
is_made_of_tables()
{
    offhook 0 schema "$1"
    diff -u "$2" "$work/said" >"$work/diff" ||
        fail "$2 is not what 'offhook schema $1' prints; write it anew: $(head -8 "$work/diff")"
}

test_the_schemas_in_the_tree_are_made_of_the_tables_of_the_reader()
{
    is_made_of_tables scenario scenarios/scenario.schema.json
    is_made_of_tables adapter dut-adapters/adapter.schema.json
}

# names_its_schema LINE FILE...
names_its_schema()
{
    local line=$1 file
    shift
    for file; do
        [ "$(head -1 "$file")" = "# yaml-language-server: \$schema=$line" ] ||
            fail "the first line of $file is not: # yaml-language-server: \$schema=$line"
    done
}

test_each_file_names_its_schema_in_the_first_line()
{
    local list
    mapfile -t list < <(scenario_files)
    names_its_schema ../scenario.schema.json "${list[@]}"
    mapfile -t list < <(adapter_files)
    names_its_schema adapter.schema.json "${list[@]}"
}

# reads_as KIND: the reader's word on each file of the corpus.
reads_as()
{
    local file
    corpus "$1" "$work"
    for file in "$work"/good/*.yaml; do
        "$OFFHOOK" lint "$file" >"$work/said" 2>&1 || fail "$file is refused: $(head -3 "$work/said")"
    done
    for file in "$work"/bad/*.yaml; do
        ! "$OFFHOOK" lint "$file" >"$work/said" 2>&1 || fail "$file is taken"
    done
}

test_the_reader_takes_the_good_files_of_the_corpus_and_refuses_the_bad_ones()
{
    reads_as scenarios
    rm -rf "$work"/good "$work"/bad
    reads_as adapters
}

test_there_are_schemas_of_two_kinds_of_files()
{
    offhook 2 schema
    says "give 'scenario' or 'adapter'"
    offhook 2 schema report
}

run_tests
