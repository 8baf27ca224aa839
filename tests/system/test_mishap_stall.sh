#!/usr/bin/env bash
# Mishap 16 of README.md: offhook itself is stopped for two seconds. What hangs on a deadline is void then, and what was
# seen stands; a healthy phone is not accused.
. "$(dirname "$0")/lib.sh"

can_capture || skip "capturing needs root"
mishaps=$OFFHOOK_SOURCE/tests/data/mishaps
bound=30

# stalled COMMAND SCENARIO STATUS: offhook is stopped for two seconds when the phone is told COMMAND, before the phone
# hears of it.
stalled()
{
    adapter stall <<SCRIPT
offhook=\$PPID
exec 3<&0
while read -r line <&3; do
    case \$line in *'"$1"'*) kill -STOP \$offhook; say stopped; (sleep 2; kill -CONT \$offhook) & ;; esac
    printf '%s\\n' "\$line"
done | "\$@"
SCRIPT
    flow=$2
    play "$3" --phone "$work/stall.yaml"
    ends_within 15000
    grep -q stopped "$work/stall.says" || fail "offhook was not stopped"
    report_is_valid
    expect "[]" "broken()"
    expect True "s['evidence']['timers_late_s'] > 1 or $3 == 0"
}

test_16_the_host_stalls()
{
    stalled dial "$scenario" 0
    expect pass "s['verdict']"
    stalled hangup "$mishaps/talk-short.yaml" 0
    expect pass "s['verdict']"
    stalled answer "$mishaps/answer.yaml" 0
    expect pass "s['verdict']"
}

# Where the time mattered it is void. The phone hears of the hangup late, and its BYE comes when the deadline is long
# over. (What the judge makes of it is told by tests/judge/test_absence.c; here it is the whole program.)
test_16_the_host_stalls_while_a_deadline_runs()
{
    adapter stall <<'SCRIPT'
offhook=$PPID
exec 3<&0
while read -r line <&3; do
    case $line in *'"hangup"'*) sleep 0.3; kill -STOP $offhook; say stopped; sleep 2; kill -CONT $offhook; sleep 0.3 ;; esac
    printf '%s\n' "$line"
done | "$@"
SCRIPT
    sed 's/^  - A -> P: BYE/&\n    within: 1 s/' "$mishaps/talk-short.yaml" >"$work/hurried.yaml"
    flow=$work/hurried.yaml
    play 3 --phone "$work/stall.yaml"
    ends_within 15000
    grep -q stopped "$work/stall.says" || fail "offhook was not stopped"
    report_says inconclusive "[]"
    reason_says "our own host stalled, so that a deadline proves nothing"
}

# And a phone that is at fault by more than time stays so.
test_16_the_host_stalls_and_the_phone_is_at_fault()
{
    hostile fault=ack-branch
    begin "${hostile[@]}"
    until_said hostile '"established"' && kill -STOP "$pid" && sleep 2
    kill -CONT "$pid"
    finish 1 "a stall in the talk"
    ends_within 10000
    report_says fail "['ack.branch']"
}

run_tests
