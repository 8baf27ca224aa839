#!/usr/bin/env bash
# offhook doctor: what is sound is ok, what is broken is named, with what to do; and nothing is left.
. "$(dirname "$0")/lib.sh"

can_capture || skip "capturing needs root"

# line WORD CHECK SENTENCE: a line of the last doctor, as "NOT ok" "dial" "no INVITE".
line()
{
    tr -s ' ' <"$work/said" | sed -e ':a' -e 'N' -e '$!ba' -e 's/\n \+/ /g' -e 's/\n //g' |
        grep -q -- "^$1 $2 .*$3" || fail "there should be: $1 $2 ... $3"$'\n'"but it says: $(cat "$work/said")"
}

no_line()
{
    ! grep -q -- "^$1  *$2 " "$work/said" || fail "there should be no: $1 $2"$'\n'"$(cat "$work/said")"
}

# doctor STATUS ARGUMENT...: with the reference phone unless --phone is among the arguments.
doctor()
{
    local expected=$1 default=(--phone "$phone")
    shift
    [[ " $* " != *" --phone "* ]] || default=()
    offhook "$expected" doctor --color never "${default[@]}" "$@"
}

# deaf_to VERB: its command is confirmed and not passed on; all others reach the phone.
deaf_to()
{
    cat <<SCRIPT
exec 4>&1
while read -r command; do
    case \$command in
    *'"$1"'*)
        id=\${command#*'"id"'}; id=\${id#*'"'}; id=\${id%%'"'*}
        printf '{"id":"%s","ok":true}\n' "\$id" >&4 ;;
    *) printf '%s\n' "\$command" ;;
    esac
    [[ \$command != *'"quit"'* ]] || break
done | "\$@"
SCRIPT
}

test_a_sound_bench_is_all_ok()
{
    doctor 0
    for check in addresses ports sockets capture clock disk adapter starts listens register dial hangup rtp hold resume \
        answer reject unregister transfer consult join forward forward-off dnd dnd-off redial restart \
        stops leaves; do
        line ok "$check" ""
    done
    line ok transfer REFER
    line ok "complete-t.*" REFER
    line ok dtmf "telephone events in its RTP"
    line ok mute "its RTP fell silent"
    line ok unmute "sound in its RTP"
    no_line "NOT ok" ".*"
    says "all ok: offhook reference phone can be tested here (the reference phone, not yours)"
    line ok hangup BYE
    line ok hangup CANCEL
    line ok password "a 407 was answered with right credentials"
    line ok password "a 401 was answered with right credentials"
    ends_within 20000
}

test_baresip()
{
    command -v baresip >/dev/null || { skip_test "baresip is not installed"; return; }
    doctor 0 --phone "$OFFHOOK_SOURCE/dut-adapters/baresip.yaml"
    line ok version "baresip [0-9]"
    line ok rtp "packets"
    line note unclaimed unregister
}

test_over_tcp()
{
    doctor 0 --transport tcp
    line ok listens "at TCP port"
    line ok dial INVITE
    line ok hold INVITE
    sed '/^ *- tcp$/d' "$phone" >"$work/reference-phone.yaml"
    doctor 1 --transport tcp --phone "$work/reference-phone.yaml"
    line "NOT ok" abilities "lacks the ability 'tcp'"
    says "1 not ok"
}

# Told to use TCP, it goes on with UDP.
test_a_phone_that_takes_another_transport()
{
    sed 's/\${transport}/udp/' "$phone" >"$work/reference-phone.yaml"
    doctor 1 --transport tcp --phone "$work/reference-phone.yaml"
    line "NOT ok" dial "INVITE came over udp, not tcp"
    says "look for \${transport} in the adapter"
    line - hangup "not tried: dial does not work"
    line - answer "not tried: register does not work"
    ends_within 8000 # no message is waited for that cannot come
}

test_the_lines_as_json()
{
    doctor 0 --json
    # the form of a report is borrowed: expect wants "scenarios"
    python3 -c 'import json, sys; r = json.load(sys.stdin); r["scenarios"] = []; print(json.dumps(r))' \
        <"$work/said" >"$work/lines"
    expect "('offhook-doctor/1', True, 'reference-phone')" "r['format'], r['ok'], r['phone']" "$work/lines"
}

test_a_program_that_is_missing()
{
    sed 's,programs}/offhook-reference-phone,programs}/no-such-phone,' "$phone" >"$work/reference-phone.yaml"
    doctor 1 --phone "$work/reference-phone.yaml"
    line "NOT ok" starts "'.*/no-such-phone' cannot be started"
    no_line "NOT ok" dial
    says "1 not ok"
}

# It registers the port that it has, and so it can be called; but it was told another.
test_a_phone_that_listens_elsewhere()
{
    adapter elsewhere <<'SCRIPT'
words=()
for word in "$@"; do
    [[ $word != 127.*:* ]] || word=${word%:*}:9
    words+=("$word")
done
exec "${words[@]}"
SCRIPT
    doctor 1 --phone "$work/elsewhere.yaml"
    line "NOT ok" listens 'nothing has UDP port 127.*do: give it .*{phone.port}'
    line ok dial INVITE
    line ok resume INVITE
    line - answer "not tried: it does not listen"
    line - reject "not tried: it does not listen"
    says "1 not ok, 6 not tried"
    ends_within 8000
}

test_a_phone_that_is_never_ready()
{
    adapter never <<'SCRIPT'
exec sleep 1000
SCRIPT
    sed -i 's/within: 5 s/within: 500 ms/' "$work/never.yaml"
    doctor 1 --phone "$work/never.yaml"
    line "NOT ok" starts "not ready within 500 ms: the connection stands, but 'ready: event: {\"event\":\"ready\"}' never came"
    line ok leaves ""
    ends_within 4000
}

# What it complained of stands far above the last line, which only resets the colours.
test_a_phone_that_is_not_ready_after_it_complained()
{
    adapter complains <<'SCRIPT'
printf '\033[31mcannot open audio.so\033[0m\nNo such file\r\nphone is ready.\n\033[;m' >&2
exec sleep 1000
SCRIPT
    sed -i 's/within: 5 s/within: 500 ms/' "$work/complains.yaml"
    doctor 1 --phone "$work/complains.yaml" --keep complaints
    line "NOT ok" starts "it printed: cannot open audio.so | No such file; all that it printed is 'phone_output' in run.json"
    says "that run.json is complaints/idle/run.json"
    grep -q '"phone_output": .*phone is ready' complaints/idle/run.json || fail "its output is not kept"
    does_not_say 'x1B'
}

# The password that it is given is not the account's.
test_a_phone_with_a_wrong_password()
{
    sed "s/^  OFFHOOK_PHONE_PASSWORD: .*/  OFFHOOK_PHONE_PASSWORD: \${password};regint=0/" "$phone" >"$work/reference-phone.yaml"
    doctor 1 --phone "$work/reference-phone.yaml"
    line "NOT ok" password "the credentials of the INVITE after a 407 are not those of its account: .*password is wrong"
    line "NOT ok" password "the credentials of the REGISTER after a 401"
    says 'look at ${auth-user} and ${password} in'
    for check in register dial hangup hold resume answer reject unregister stops; do
        line ok "$check" ""
    done
    says "2 not ok"
}

# Nothing but the challenges shows that it has no credentials at all.
test_a_phone_that_answers_no_challenge()
{
    doctor 1 --phone-param mutant=no-second-invite
    line "NOT ok" password "no INVITE with credentials came within 3 s of a 407"
    line ok dial INVITE
    line ok answer 200
}

# It hangs up as soon as the call is set up: nothing can be told to it in the call.
test_a_phone_that_hangs_up_by_itself()
{
    self_ending
    doctor 1 --phone "$work/quits.yaml"
    line "NOT ok" hangup "the phone ended the call by itself (BYE), before it could be told"
    line ok hangup CANCEL
    line "NOT ok" hold "the phone ended the call by itself (BYE)"
    line - resume "not tried: the phone had ended the call by itself"
    line "NOT ok" answer "the phone ended the call by itself (BYE)"
    does_not_say "look at 'verbs: hold'"
    does_not_say ", -"
}

# self_ending: the reference phone, told by its wrapper to hang up as soon as a call stands.
self_ending()
{
    adapter quits <<'SCRIPT'
exec 3<&0 4>&1
coproc PHONE { exec "$@" 3<&- 4>&-; }
exec 5>&"${PHONE[1]}" 6<&"${PHONE[0]}"
(while read -r command <&3; do printf '%s\n' "$command" >&5; done) &
while read -r said <&6; do
    printf '%s\n' "$said" >&4
    case $said in *'"event":"established"'*) printf '{"id":"self","command":"hangup"}\n' >&5 ;; esac
done
SCRIPT
}

# What it waits for is shown on a terminal, and nothing of it stays.
test_on_a_terminal_it_shows_what_it_waits_for()
{
    adapter slow <<'SCRIPT'
sleep 0.3
exec "$@"
SCRIPT
    mkdir -p "$work/tmp"
    env OFFHOOK_TEST_MARK="$mark" TMPDIR="$work/tmp" "$python" - "$OFFHOOK" doctor --color never \
        --phone "$work/slow.yaml" >"$work/said" <<'PY'
import os, pty, re, signal, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
signal.alarm(90)
shown = b""
while True:
    try:
        got = os.read(fd, 65536)
    except OSError:
        break
    if not got:
        break
    shown += got
os.waitpid(pid, 0)
text = shown.decode().replace("\r\n", "\n")
print("hints:", "waiting until the phone is ready" in text, "waiting for the phone to end" in text)
print(re.sub(r"[^\n]*\r\x1b\[K", "", text), end="")
PY
    says "hints: True True"
    does_not_say "waiting"
    line ok starts "ready after"
    line ok leaves ""
    nothing_is_left "on a terminal"
}

test_a_verb_that_does_nothing()
{
    adapter nothing < <(deaf_to hangup)
    doctor 1 --phone "$work/nothing.yaml"
    line "NOT ok" hangup "the driver confirmed it, but the wire does not show it: no BYE or CANCEL"
    says "look at 'verbs: hangup' in $work/nothing.yaml"
    line ok dial INVITE
    line ok answer 200
    says "2 not ok" # in talk, and while it rings
}

# What a verb comes to in the RTP alone is seen there, or missed.
test_keys_and_silence_that_do_not_come()
{
    adapter keyless < <(deaf_to dtmf)
    doctor 1 --phone "$work/keyless.yaml"
    line "NOT ok" dtmf "the wire does not show it: no telephone event in its RTP, or INFO"
    says "1 not ok"
    adapter loud < <(deaf_to mute)
    doctor 1 --phone "$work/loud.yaml"
    line "NOT ok" mute "the wire does not show it: no silence in its RTP"
    line ok unmute "sound in its RTP"
    says "1 not ok"
    adapter taken < <(deaf_to dnd)
    doctor 1 --phone "$work/taken.yaml"
    line "NOT ok" dnd "it sent 180 Ringing; wanted is a 4xx"
    says "1 not ok"
}

test_a_verb_that_dials_nobody()
{
    adapter mute < <(deaf_to dial)
    doctor 1 --phone "$work/mute.yaml"
    line "NOT ok" dial "the driver confirmed it, but the wire does not show it: no INVITE"
    for check in password rtp hangup hold resume; do
        line - "$check" "not tried: dial does not work"
    done
    says "1 not ok, 14 not tried"
    line ok answer 200
    line ok stops ""
}

test_a_verb_that_does_something_else()
{
    sed 's/^  reject: .*/  reject: {send: {command: answer}}/' "$phone" >"$work/reference-phone.yaml"
    doctor 1 --phone "$work/reference-phone.yaml"
    line "NOT ok" reject "it sent 200 OK; wanted is a 4xx, 5xx or 6xx"
    line ok answer 200
    adapter nothing < <(deaf_to reject)
    doctor 1 --phone "$work/nothing.yaml"
    line "NOT ok" reject "the wire does not show it: no 4xx, 5xx or 6xx to the INVITE within"
}

test_a_verb_that_is_refused()
{
    sed 's/^  register: .*/  register: {send: {command: sing}}/' "$phone" >"$work/reference-phone.yaml"
    doctor 1 --phone "$work/reference-phone.yaml"
    line "NOT ok" register "the phone refused"
    line ok dial INVITE
}

test_a_phone_that_sends_no_rtp()
{
    doctor 1 --phone-param mutant=no-rtp
    line "NOT ok" rtp "no packet of the phone came in half a second of talk"
    line ok dial INVITE
    line ok answer 200
}

test_a_phone_that_holds_in_silence()
{
    doctor 1 --phone-param mutant=hold-without-invite
    line "NOT ok" hold "the wire does not show it: no INVITE with sendonly or inactive audio"
    line ok dial INVITE
}

test_a_phone_that_dies_in_the_call()
{
    adapter dies <<'SCRIPT'
exec 3<&0
while read -r said; do
    printf '%s\n' "$said"
    case $said in *'"event":"established"'*) exit 7 ;; esac
done < <("$@" <&3)
SCRIPT
    doctor 1 --phone "$work/dies.yaml"
    line "NOT ok" call "status 7"
    line - hangup "not tried: the phone's program was gone"
}

test_a_phone_that_will_not_end()
{
    adapter deaf <<'SCRIPT'
trap '' TERM INT HUP
grep --line-buffered -v quit | "$@"
while :; do sleep 0.1; done
SCRIPT
    doctor 1 --phone "$work/deaf.yaml"
    line "NOT ok" stops "did not end in its time and was killed"
    line ok leaves ""
}

test_a_phone_that_leaves_a_process_and_a_file()
{
    adapter daemon <<'SCRIPT'
env -u OFFHOOK_PHONE setsid sleep 30 </dev/null >/dev/null 2>&1 &
exec "$@"
SCRIPT
    doctor_leaves daemon "processes of it still run"
    adapter litter <<'SCRIPT'
echo x >"$TMPDIR/litter"
exec "$@"
SCRIPT
    doctor 1 --phone "$work/litter.yaml"
    line "NOT ok" leaves litter
}

# The process that it left is ours to end, before the test looks for what offhook left.
doctor_leaves()
{
    start doctor --color never --phone "$work/$1.yaml"
    timeout 60 tail --pid="$pid" -s 0.02 -f /dev/null
    # shellcheck disable=SC2046
    kill $(marked) 2>/dev/null
    finish 1 "doctor with a phone that leaves a process"
    line "NOT ok" leaves "$2"
}

test_without_the_right_to_capture()
{
    command -v setpriv >/dev/null || { skip_test "setpriv is not installed"; return; }
    chmod 711 "$scratch" && mkdir -p "$work/tmp" "$work/bin" && chmod 777 "$work" "$work/tmp"
    # Copies: the tree may lie where another user cannot go.
    cp "$OFFHOOK" "$OFFHOOK_BUILD/offhook-reference-phone" "$work/bin"
    cp "$phone" "$work/reference-phone.yaml"
    local OFFHOOK=$work/bin/offhook phone=$work/reference-phone.yaml
    before=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    doctor 1 -o "$work/out"
    line "NOT ok" capture "do: "
    line ok dial INVITE
    says "1 not ok"
    doctor 0 -o "$work/out" --no-capture
    line note capture "not wanted"
}

test_a_folder_that_cannot_be_written()
{
    echo x >"$work/file"
    doctor 1 -o "$work/file"
    line "NOT ok" disk "is no folder"
}

test_the_recordings_are_kept_on_demand()
{
    doctor 0 --keep "$work/kept"
    [ -s "$work/kept/call/capture.pcap" ] || fail "there is no recording"
    offhook 0 check "$work/kept"
    [ ! -e offhook-out ] || fail "it wrote an output folder"
}

test_an_interruption_ends_it_in_order()
{
    start doctor --color never --phone "$phone"
    while ! grep -q '^ok *dial' "$work/said" && kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
    kill -TERM "$pid"
    finish 1 "a doctor who is interrupted"
    line "NOT ok" interrupted ""
    line ok leaves ""
}

test_wrong_words()
{
    offhook 2 doctor --phone no-such-phone
    says "no phone adapter is called 'no-such-phone'"
    offhook 2 doctor --transport smoke
    says "--transport has no 'smoke': udp or tcp"
    offhook 2 doctor something
    offhook 2 doctor --strict
    offhook 0 doctor --help
    says "offhook doctor --phone ./my-phone.yaml"
}

run_tests
