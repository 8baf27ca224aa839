# shellcheck shell=bash
# For test_schema.sh and test_editor.sh: the files that reader and schema are held against.

# corpus KIND FOLDER: writes FOLDER/good/*.yaml and FOLDER/bad/*.yaml from tests/data/schema/KIND.txt.
corpus()
{
    mkdir -p "$2/good" "$2/bad"
    awk -v folder="$2" '
        /^(good|bad) / { name = $0; sub(/^[a-z]+ /, "", name); gsub(/[^a-z0-9]+/, "-", name)
            close(file); file = folder "/" $1 "/" name ".yaml"; next }
        file != "" { print >file }' "$OFFHOOK_SOURCE/tests/data/schema/$1.txt"
}

scenario_files()
{
    find "$OFFHOOK_SOURCE/scenarios" -name '*.yaml' ! -path '*/requirements/*' | sort
}

adapter_files()
{
    find "$OFFHOOK_SOURCE/dut-adapters" -maxdepth 1 -name '*.yaml' ! -name '*.known.yaml' | sort
}
