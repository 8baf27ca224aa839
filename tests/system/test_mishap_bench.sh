#!/usr/bin/env bash
# Mishaps 8, 9, 10, 11, 14 and 18 of README.md: the bench is at fault. Error, exit status 3, a sentence that says what to
# do; nothing is laid to the phone.
. "$(dirname "$0")/lib.sh"

can_capture || skip "capturing needs root"
mishaps=$OFFHOOK_SOURCE/tests/data/mishaps
bound=30

# an_error SENTENCE...: and no finding.
an_error()
{
    local sentence
    ends_within 12000
    report_says error "[]"
    for sentence; do reason_says "$sentence"; done
    says "ERROR"
}

test_08_two_phones_on_one_address()
{
    local where
    flow=$mishaps/talk-short.yaml
    for where in "twin at=start" "neighbour at=established"; do
        # shellcheck disable=SC2086
        hostile fault=$where
        play 3 "${hostile[@]}"
        grep -q "second phone is there" "$work/hostile.says" || fail "there was no second phone"
        an_error "another program listens at 127." "the address of hostile phone" "end it ('ss -ulnp src 127."
    done
}

# squatter: a program that holds the address of --listen before the phone comes, in an adapter's script.
squatter='squat()
{
    while [ "$1" != --listen ]; do shift; done
    env -u OFFHOOK_PHONE python3 -c "import socket, sys, time
host, port = sys.argv[1].rsplit(\":\", 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((host, int(port)))
print(\"squats\", flush=True)
time.sleep(1000)" "$2" </dev/null | { read -r line; say "$line"; cat >/dev/null; } &
    while ! grep -q squats "${0%.sh}.says"; do sleep 0.01; done
}'

test_09_the_port_is_taken_before()
{
    adapter taken <<SCRIPT
$squatter
squat "\$@"
exec "\$@"
SCRIPT
    play 3 --phone "$work/taken.yaml"
    an_error "ended before it was ready" "cannot listen on"
}

# The phone of the first scenario is killed; meanwhile someone takes its port.
test_10_the_port_is_taken_meanwhile()
{
    mkdir "$work/flows"
    cp "$mishaps/talk.yaml" "$work/flows/1.yaml"
    cp "$mishaps/answer.yaml" "$work/flows/2.yaml"
    adapter meanwhile <<SCRIPT
$squatter
[ ! -e $work/once ] || squat "\$@"
>$work/once
say "pid \$\$"
exec "\$@" > >(tee -a "\${0%.sh}.says")
SCRIPT
    flow=$work/flows
    begin --phone "$work/meanwhile.yaml"
    until_said meanwhile '"established"' && kill -KILL "$(sed -n 's/^pid //p' "$work/meanwhile.says")"
    finish 3 "a port taken meanwhile"
    ends_within 8000
    report_is_valid
    expect "['inconclusive', 'error'] []" "str([x['verdict'] for x in r['scenarios']]) + ' ' + str([f for x in r['scenarios'] for f in x['findings']])"
    expect True "'cannot listen on' in r['scenarios'][1]['reason']"
}

# own_network: what follows is run in a network of its own, where lo is up.
own_network()
{
    command -v ip >/dev/null && unshare -n true 2>/dev/null || return
    before=(unshare -n bash -c 'ip link set lo up && exec "$@"' bash)
}

# gone WORD...: lo goes down in the talk; WORDs are more arguments of run.
gone()
{
    adapter talk <<'SCRIPT'
exec "$@" > >(tee -a "${0%.sh}.says")
SCRIPT
    flow=$mishaps/talk.yaml
    begin --phone "$work/talk.yaml" "$@"
    until_said talk '"established"' && nsenter -t "$pid" -n ip link set lo down
    finish 3 "the interface goes away"
    an_error "$sentence"
}

test_11_the_interface_goes_away()
{
    own_network || { skip_test "no right to a network of its own"; return; }
    local sentence="the interface lo, which has 127."
    gone
    reason_says "went down; bring it up again"
    gone --no-capture
}

# unprivileged: what follows is run without any right, from a copy that everybody may read.
unprivileged()
{
    mkdir -p "$work/bin" "$work/out"
    cp "$OFFHOOK" "$OFFHOOK_BUILD/offhook-reference-phone" "$work/bin"
    cp "$phone" "$scenario" "$mishaps/talk.yaml" "$work"
    chmod 711 "$scratch"
    chmod 777 "$work/out"
    before=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    "${before[@]}" true 2>/dev/null || before=(setpriv --bounding-set=-all --inh-caps=-all)
    "${before[@]}" true 2>/dev/null
}

test_14_no_right_to_capture()
{
    unprivileged || { skip_test "no right to drop rights"; return; }
    local own=$OFFHOOK
    OFFHOOK=$work/bin/offhook flow=$work/authentication-407.yaml
    echo '{"of": "an older run"}' >"$work/out/report.json"
    chmod 666 "$work/out/report.json"
    play 3 --phone "$work/reference-phone.yaml"
    ends_within 2000
    says "no right to capture on lo"
    says "sudo setcap cap_net_raw+ep $work/bin/offhook"
    says "--no-capture"
    [ ! -e "$work/out/report.json" ] || fail "the report of an older run is still there"

    play 0 --phone "$work/reference-phone.yaml" --no-capture
    report_says pass "[]"
    expect tap "s['evidence']['source']"
    [ ! -e "$work/out/$folder/capture.pcap" ] || fail "a capture was written"

    OFFHOOK=$own
}

test_18_the_report_folder_cannot_be_written()
{
    unprivileged || { skip_test "no right to drop rights"; return; }
    local own=$OFFHOOK
    OFFHOOK=$work/bin/offhook flow=$work/authentication-407.yaml
    chmod 555 "$work/out"
    play 2 --phone "$work/reference-phone.yaml" --no-capture
    ends_within 2000
    says "nothing can be written to $work/out: Permission denied"
    says "choose another folder with -o"
    [ -z "$(ls -A "$work/out")" ] || fail "something was written all the same"

    >"$work/file"
    offhook 2 run "$flow" -o "$work/file/out" --phone "$work/reference-phone.yaml" --no-capture
    says "cannot make the folder '$work/file"
    OFFHOOK=$own
}

test_18_the_report_folder_cannot_be_written_any_more()
{
    unprivileged || { skip_test "no right to drop rights"; return; }
    local own=$OFFHOOK flow=$work/talk.yaml
    OFFHOOK=$work/bin/offhook
    adapter watched <<'SCRIPT'
exec "$@" > >(tee -a "${0%.sh}.says")
SCRIPT
    chmod 666 "$work/watched.says"
    sed -i "s,\${programs},$work/bin," "$work/watched.yaml"
    begin --phone "$work/watched.yaml" --no-capture
    until_said watched '"established"' && chmod 555 "$work/out" "$work/out/talk"
    kill -INT "$pid"
    finish 3 "the folder cannot be written any more"
    ends_within 5000
    says "cannot write '$work/out/talk/"
    says "Permission denied check the rights on the file and its folders"
    [ -z "$(find "$work/out" -type f ! -name secrets.json)" ] || fail "torn files are left: $(find "$work/out" -type f)"
    chmod 777 "$work/out" "$work/out/talk"
    OFFHOOK=$own
}

run_tests
