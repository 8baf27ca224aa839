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
    was_stopped
    report_says pass "[]"
    expect "[]" "s['findings']"
    expect "{'pass'}" "set(x['verdict'] for x in s['steps'])"
    says "PASS 0 must broken, 0 should"
}

# was_stopped: by the test, and its report tells how late it was.
was_stopped()
{
    grep -q stopped "$work/stall.says" || fail "offhook was not stopped"
    expect "(True, True)" "1 < s['evidence']['timers_late_s'] < 20, s['evidence']['complete']"
}

test_16_the_host_stalls_when_the_phone_dials() { stalled dial "$scenario" 0; }
test_16_the_host_stalls_when_the_phone_hangs_up() { stalled hangup "$mishaps/talk-short.yaml" 0; }
test_16_the_host_stalls_when_the_phone_answers() { stalled answer "$mishaps/answer.yaml" 0; }

# Where the time mattered it is void. The phone hears of the hangup when offhook has given it up and ends the call. (What
# the judge makes of it is told by tests/judge/test_absence.c; here it is the whole program.)
test_16_the_host_stalls_while_a_deadline_runs()
{
    adapter stall <<SCRIPT
offhook=\$PPID
exec 3<&0
while read -r line <&3; do
    case \$line in *'"hangup"'*)
        kill -STOP \$offhook; say stopped; sleep 2; kill -CONT \$offhook
        until grep -aq '^BYE sip' "$work/out/hurried/capture.pcap"; do sleep 0.01; done ;;
    esac
    printf '%s\n' "\$line"
done | "\$@"
SCRIPT
    sed 's/^  - A -> P: BYE/&\n    within: 1 s/' "$mishaps/talk-short.yaml" >"$work/hurried.yaml"
    flow=$work/hurried.yaml
    play 3 --phone "$work/stall.yaml"
    ends_within 15000
    was_stopped
    report_says inconclusive "[]"
    expect "[('flow.missing', 'not-checkable')]" "[(f['id'], f['result']) for f in s['findings']]"
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
    expect True "s['evidence']['timers_late_s'] > 1"
    does_not_say "our own host stalled"
}

run_tests
