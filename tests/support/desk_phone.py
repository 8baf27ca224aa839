#!/usr/bin/env python3
"""A phone on the desk, for tests: the reference phone at an address of its own, and who does at it what
offhook asks. What is asked is read from a tmux pane or from a file that offhook's output goes to; each
sentence is done once, through the phone's control channel, unless it is to be left undone.

usage: desk_phone.py PHONE IP:PORT SERVER:PORT WATCH [LEAVE...]
WATCH: a file, or tmux:SOCKET. LEAVE: a sentence, as in "hang up", that is not done the first time that
it is asked, or, with "!" behind it, never.
The word "hasty" alone: who dials hangs up at once, unasked.
Says what it did, a line each, until its standard input ends."""
import json, os, re, subprocess, sys, threading, time

phone, address, server, watch, *leave = sys.argv[1:]
hasty = "hasty" in leave
process = subprocess.Popen(
    [phone, "--listen", address, "--account", "sip:1001@" + server], stdin=subprocess.PIPE,
    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    env=dict(os.environ, OFFHOOK_PHONE_PASSWORD="offhook-1001"))
COMMANDS = [
    (r"let the phone register", {"command": "register"}), (r"make the phone un-register", {"command": "unregister"}),
    (r"dial (\S+)", {"command": "dial"}), (r"answer the call", {"command": "answer"}),
    (r"reject the call", {"command": "reject"}), (r"hang up", {"command": "hangup"}),
    (r"put the call on hold", {"command": "hold"}), (r"take the call off hold", {"command": "resume"}),
]


def screen():
    """What is asked just now, and a number that changes with each question."""
    if watch.startswith("tmux:"):
        shown = subprocess.run(["tmux", "-L", watch[5:], "capture-pane", "-p"], capture_output=True, text=True).stdout
    else:
        try:
            shown = open(watch, errors="replace").read()
        except OSError:
            shown = ""
    text = " ".join(shown.split())
    asked = list(re.finditer(r"On \S+(?: phone)? \(1001\): (.*?)(?= Waiting for| Enter: done| Done\.| \S+ did not come\.|$)", text))
    if not asked:
        return None, 0
    last = asked[-1]
    over = re.search(r"seen on the wire|the person |no longer asked", text[last.end():])
    about = re.findall(r"Scenario (\d+ of \d+[^:]*):", text[: last.start()])
    return (None, 0) if over else (last.group(1), (len(asked), about[-1:]))


def act(sentence):
    for pattern, command in COMMANDS:
        found = re.match(pattern, sentence)
        if not found:
            continue
        told = dict(command)
        if found.groups():
            told["to"] = "sip:%s@%s" % (found.group(1), server)
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()
        print("did:", sentence.split(":")[0], flush=True)
        if hasty and told["command"] == "dial":
            time.sleep(0.4)
            process.stdin.write('{"command": "hangup"}\n')
            process.stdin.flush()
        return


def look():
    done = None
    while process.poll() is None:
        now = screen()
        if now[0] is None:
            done = None
        elif now != done:
            done = now
            left = next((word for word in leave if now[0].startswith(word.rstrip("!"))), None)
            if left:
                if not left.endswith("!"):
                    leave.remove(left)
                print("left:", now[0], flush=True)
            else:
                act(now[0])
        time.sleep(0.05)


threading.Thread(target=look, daemon=True).start()
threading.Thread(target=lambda: [None for _ in process.stdout], daemon=True).start()
sys.stdin.read()
process.kill()
process.wait()
