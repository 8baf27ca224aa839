#!/usr/bin/python3
"""MenuPhone: a phone with a menu for people, as some unknown program may have it. What it is told by one key, it
asks for on a line of its own; what happens it tells in the midst of all else, in colour, and draws its prompt
anew. The SIP it leaves to an engine, the reference phone.

menu_phone.py MENU.INI: at its terminal; with `console = HOST:PORT` there, for who connects."""
import configparser, json, os, socket, subprocess, sys, threading

config = configparser.ConfigParser(interpolation=None)
config.read(sys.argv[1])
sip = config["sip"]
if "console" in sip:
    host, port = sip["console"].rsplit(":", 1)
    with socket.create_server((host, int(port))) as server:
        sys.stdin = sys.stdout = server.accept()[0].makefile("rw", newline="\n")
engine = subprocess.Popen(
    [sip["engine"], "--listen", sip["listen"], "--transport", sip["transport"], "--account",
     f"sip:{sip['user']}@{sip['proxy']}", "--rtp-port", sip["media"]],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    env=dict(os.environ, OFFHOOK_PHONE_PASSWORD=sip["password"]))
screen, answered = threading.Lock(), threading.Condition()
answers, state, waits = {}, "idle", False


def show(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def prompt():
    show(f"\033[1m[{state}]\033[0m > ")


def happened(event):
    """Tells of it above the prompt, if that stands there."""
    global state
    name = event["event"]
    words = {"incoming": "incoming call from " + event.get("from", "?"), "ringing": "it rings there",
             "established": "connected", "ended": "call over: " + event.get("reason", "?"),
             "registered": "logged in", "unregistered": "logged out", "held": "other side is on hold",
             "resumed": "other side is back"}.get(name)
    state = {"incoming": "ringing", "calling": "calling", "established": "talking", "ended": "idle"}.get(name, state)
    if not words:
        return
    with screen:
        show(f"\r\033[K\033[33m* {words}\033[0m\n")
        if waits:
            prompt()


def listen():
    for line in engine.stdout:
        message = json.loads(line)
        if "event" in message:
            happened(message)
        else:
            with answered:
                answers[message["id"]] = message
                answered.notify_all()
    os._exit(1 if engine.wait() else 0)


def tell(number, command, **more):
    """None if the engine took it, else why not."""
    engine.stdin.write(json.dumps({"id": number, "command": command, **more}) + "\n")
    engine.stdin.flush()
    with answered:
        answered.wait_for(lambda: number in answers)
        answer = answers.pop(number)
    return None if answer["ok"] else answer["error"]


KEYS = {"d": ("dial", "Number: ", "to", "calling {}"), "a": ("answer", None, None, "answered"),
        "x": ("reject", None, None, "refused"), "e": ("hangup", None, None, "ended"),
        "h": ("hold", None, None, "holding"), "u": ("resume", None, None, "back"),
        "t": ("transfer", "To: ", "to", "handing over to {}"), "k": ("dtmf", "Keys: ", "keys", "pressed {}"),
        "l": ("register", None, None, "logging in"), "o": ("unregister", None, None, "logging out")}


def ask(question):
    with screen:
        show(question)
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None


def obey(number, key):
    if key == "q":
        if ask("Really quit (y/n)? ") in ("y", None):
            tell(number, "quit")
            sys.exit(engine.wait())
        return "still here"
    if key not in KEYS:
        return "? d dial, a answer, x refuse, e end, h hold, u back, t transfer, k keys, l login, o logout, q quit"
    command, question, name, done = KEYS[key]
    value = ask(question) if question else None
    trouble = tell(number, command, **({name: value} if name else {}))
    return "sorry: " + trouble if trouble else done.format(value)


show("MenuPhone 2.1 (type ? for help)\n")
threading.Thread(target=listen, daemon=True).start()
number = 0
while True:
    number += 1
    with screen:
        waits = True
        prompt()
    line = sys.stdin.readline()
    with screen:
        waits = False
    words = obey(number, line.strip() if line else "q")
    with screen:
        show(words + "\n")
