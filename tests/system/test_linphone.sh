#!/usr/bin/env bash
# A second real phone, on a terminal: linphone, whose known findings are forgiven by name and nothing else.
. "$(dirname "$0")/lib.sh"

command -v linphone-daemon >/dev/null || skip "linphone-cli is not installed"
can_capture || skip "capturing needs root"
known=$OFFHOOK_SOURCE/dut-adapters/linphone.known.yaml
linphone=$OFFHOOK_SOURCE/dut-adapters/linphone.yaml

# without_sound: linphone where no sound server is installed.
without_sound()
{
    sed 's/needs: pulseaudio/needs: there-is-no-such-program/' "$linphone" >"$work/mute.yaml"
}

test_the_407_flow_with_voice()
{
    command -v pulseaudio >/dev/null || { skip_test "pulseaudio is not installed"; return; }
    play 0 --phone "$linphone" --baseline "$known"
    report_is_valid
    expect "[]" "broken()"
    expect "pass" "s['verdict']"
    expect True "sum(m['packets'] for m in s['media'] if m['from'] == 'A') > 10"
    expect "True" "r['phones'][0]['name'].startswith('linphone 5') and not r['phones'][0]['reference']"
    does_not_say "not yours"
}

test_it_is_called_with_what_is_known()
{
    command -v pulseaudio >/dev/null || { skip_test "pulseaudio is not installed"; return; }
    flow=$OFFHOOK_SOURCE/scenarios/cisco-7960/call-in.yaml
    play 0 --phone "$linphone" --baseline "$known"
    expect "['response.contact']" "broken()"
    play 1 --phone "$linphone"
    expect "[('response.contact', 'RFC 3261 12.1.1')]" \
        "[(f['id'], f['clause']) for f in s['findings'] if f['level'] == 'must']"
}

test_without_a_sound_server_it_lacks_rtp_and_is_not_failed()
{
    without_sound
    play 3 --phone "$work/mute.yaml"
    expect "skip" "s['verdict']"
    reason_says "the phone lacks the ability 'rtp': there-is-no-such-program is not there; install it"
}

test_what_runs_beside_the_phone_and_ends_is_no_fault_of_the_phone()
{
    sed "s/^      - pulseaudio\$/      - 'false'/; s/needs: pulseaudio/needs: sh/" "$linphone" >"$work/broken.yaml"
    play 3 --phone "$work/broken.yaml"
    expect "error" "s['verdict']"
    reason_says "'false', which runs beside the phone, ended"
}

test_list_phones_says_what_it_lacks_and_why()
{
    mkdir -p "$work/bin" "$work/build" # data are looked for beside the program
    ln -s "$OFFHOOK_SOURCE/dut-adapters" "$work/dut-adapters"
    cp "$OFFHOOK" "$work/build/offhook"
    local OFFHOOK=$work/build/offhook
    before=("$(command -v env)" PATH="$work/bin")
    offhook 0 list phones
    says "not here: rtp, since pulseaudio is not there; install it"
}

run_tests
