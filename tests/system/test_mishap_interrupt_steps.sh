#!/usr/bin/env bash
# Mishap 17 of README.md: Ctrl-C at each step of a flow.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/interrupted.sh"
can_capture || skip "capturing needs root"
bound=30

# at_step NEVER HELD EVENT WHAT: in the 407 flow with a phone that leaves NEVER out. HELD, a step of ours (the second such,
# if it ends in 2), waits for a minute. Once WHAT was said by the phone or seen on the wire the flow stands there.
at_step()
{
    hostile "never=$1"
    flow=$work/held.yaml folder=held
    awk -v step="  - ${2%2}" -v nth="$([[ $2 == *2 ]] && echo 2 || echo 1)" '
        { print }
        index($0, step) == 1 && ++seen == nth { print "    after: 60 s" }
        ' "$scenario" >"$flow"
    [ "$4" != '"established"' ] || sed -i 's/for: 1 s/for: 60 s/' "$flow"
    begin "${hostile[@]}"
    case $3 in
    wire) until_wire 1 "$4" ;;
    said) until_said hostile "$4" ;;
    esac
    interrupted INT
    judged_again
}

test_17_before_the_first_invite() { at_step invite none said '"calling"'; }
test_17_before_the_407() { at_step none 'P -> A: 407' wire 'CSeq: 1 INVITE'; }
test_17_before_the_ack_to_the_407() { at_step refusal-ack none wire '407 Proxy'; }
test_17_before_the_second_invite() { at_step second-invite none wire 'CSeq: 1 ACK'; }
test_17_before_the_180() { at_step none 'P -> A: 180' wire 'CSeq: 2 INVITE'; }
test_17_before_the_200() { at_step none 'P -> A: 200' wire '180 Ringing'; }
test_17_before_the_ack_to_the_200() { at_step ack none wire 'SIP/2.0 200 OK'; }
test_17_in_the_talk() { at_step none none said '"established"'; }
test_17_before_the_hangup() { at_step hangup none said 'it is told to hangup'; }
test_17_before_the_bye() { at_step bye none said '"hanging-up"'; }
test_17_before_the_200_to_the_bye() { at_step none 'P -> A: 2002' wire 'BYE sip'; }

run_tests
