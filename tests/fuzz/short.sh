#!/usr/bin/env bash
# short.sh PROGRAM SEEDS SECONDS FOLDER: a fuzz target runs over its seeds, and then so long on what it makes
# of them. An input that breaks it is left in FOLDER. The draw is the same each time; what is new is looked
# for by hand, for longer.
set -euo pipefail
program=$1 seeds=$2 seconds=$3 found=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/corpus"
"$program" -seed=1 -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="$found/${program##*/}-" "$work/corpus" "$seeds" >"$work/said" 2>&1 || {
    tail -n 80 "$work/said"
    exit 1
}
ran=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/said")
count=$(find "$seeds" -type f | wc -l)
echo "$ran inputs, $count seeds among them"
[ "$count" -gt 0 ] && [ "${ran:-0}" -gt "$count" ]
