# shellcheck shell=bash
# What every interruption must come to; sourced after lib.sh.

# interrupted SIGNAL...: sends the signals and expects an orderly end within 5 s.
interrupted()
{
    local signal
    for signal; do
        kill "-$signal" "$pid" || fail "offhook is not there"
    done
    finish 3 "interrupted by $1"
    ends_within 5000
    report_is_valid
    expect "True inconclusive interrupted by the user []" \
        "' '.join(map(str, (r['interrupted'], s['verdict'], s['reason'], broken())))"
    [ -s "$work/out/$folder/run.json" ] || fail "there is no run.json"
}

# What was recorded can be judged again.
judged_again()
{
    offhook 3 check "$work/out" --json
    expect "inconclusive interrupted by the user" "s['verdict'] + ' ' + s['reason']" "$work/said"
}
