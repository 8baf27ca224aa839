#!/usr/bin/env python3
"""Records conversations that no scenario plays, as pcap files for captures.py.

    tests/kills/record.py BUILD-FOLDER OUT [NAME...]

The reference phone of the build talks to a bare peer that lets it wait, or asks what no flow asks, or to
others of its kind; and SIPp talks to SIPp by the flows of tests/kills/sipp/. All on loopback, side by side, each at addresses of
its own; tcpdump listens. Needs root. The peer is no part of what is judged.
"""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).parent
SDP = "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\n" \
      "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"


class Phone:
    """A reference phone."""

    def __init__(self, build, user, address, server):
        self.uri = f"sip:{user}@{address}:5060"
        self.program = subprocess.Popen(
            [str(build / "offhook-reference-phone"), "--listen", address + ":5060", "--account", f"sip:{user}@{server}:5060",
             "--log", "/dev/null"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env=dict(os.environ, OFFHOOK_PHONE_PASSWORD="secret1"))
        self.wait("ready")

    def tell(self, command, **more):
        self.program.stdin.write(json.dumps(dict(command=command, id=1, **more)) + "\n")

    def wait(self, event):
        while json.loads(self.program.stdout.readline()).get("event") != event:
            pass

    def stop(self):
        self.program.kill()
        self.program.wait()


class Talk:
    """One conversation: the peer's socket, the phone and others, the capture."""

    def __init__(self, build, out, name, number):
        self.peer, self.phone = f"127.66.{number}.1", f"127.66.{number}.2"
        self.out, self.name, self.build, self.tags = out, name, build, 0
        self.phones = []
        self.dump = subprocess.Popen(
            ["tcpdump", "-i", "lo", "-U", "--immediate-mode", "-w", str(out / f"{name}.pcap"), "net", f"127.66.{number}.0/24"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while "listening" not in self.dump.stderr.readline():
            pass

    def start_phone(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.peer, 5060))
        self.judged = Phone(self.build, 1001, self.phone, self.peer)
        self.phones = [self.judged]
        self.tell, self.wait = self.judged.tell, self.judged.wait

    def another(self):
        """The next phone; it is no part of what is judged either."""
        number = len(self.phones) + 1
        self.phones.append(Phone(self.build, 1000 + number, self.phone[:-1] + str(number + 1), self.peer))
        return self.phones[-1]

    def get(self, start, within=40):
        self.socket.settimeout(within)
        while True:
            text = self.socket.recv(9000).decode()
            if text.startswith(start):
                return text

    def send(self, text):
        head, _, body = text.partition("\n\n")
        head = head.strip() + f"\nContent-Length: {len(body)}\n\n"
        self.socket.sendto((head.replace("\n", "\r\n") + body).encode(), (self.phone, 5060))

    def ask(self, method, more="", body="", cseq=1, branch=None, to="", uri=None, call=None, vias=""):
        """A request of the peer's."""
        call = call or self.name
        self.send(f"{method} {uri or f'sip:1001@{self.phone}'} SIP/2.0\n"
                  f"Via: SIP/2.0/UDP {self.peer}:5060;branch=z9hG4bK{branch or call + method + str(cseq)}\n{vias}"
                  f"Max-Forwards: 70\nFrom: <sip:2002@{self.peer}>;tag={call}-peer\n"
                  f"To: <sip:1001@{self.peer}>{to}\nCall-ID: {call}@{self.peer}\nCSeq: {cseq} {method}\n"
                  f"Contact: <sip:2002@{self.peer}:5060>" + ("\n" + more if more else "") + "\n\n" + body)

    def answer(self, request, status, body="", more=""):
        keep = re.findall(r"(?m)^(?:Via|From|Call-ID|CSeq|Record-Route): .*(?=\r$)", request)
        to = re.search(r"(?m)^To: .*(?=\r$)", request).group()
        if ";tag=" not in to and not status.startswith("100"):
            to += f";tag={self.name}-peer"
        self.send("\n".join([f"SIP/2.0 {status}", *keep, to, f"Contact: <sip:2002@{self.peer}:5060>"]) +
                  ("\n" + more if more else "") + ("\n\n" + body if body else "\n\n"))

    def session(self):
        return dict(body=SDP.format(self.peer), more="Content-Type: application/sdp")

    def stop(self):
        time.sleep(0.3)
        for phone in self.phones:
            phone.stop()
        self.dump.terminate()
        self.dump.wait()


def tag_of(text):
    return re.search(r"(?m)^To: .*(;tag=[^;\r]+)", text).group(1)


# --- the reference phone ---

def invite_unanswered(t):
    t.tell("dial", to=f"sip:2002@{t.peer}:5060")
    t.wait("ended")


def register_unanswered(t):
    t.tell("register")
    t.wait("register-failed")


def invite_late_100(t):
    t.tell("dial", to=f"sip:2002@{t.peer}:5060")
    invite = t.get("INVITE")
    time.sleep(1.7)
    for status in ("100 Trying", "180 Ringing"):
        t.answer(invite, status)
    time.sleep(0.3)
    t.answer(invite, "200 OK", **t.session())
    t.wait("established")
    time.sleep(0.4)
    t.tell("hangup")
    t.answer(t.get("BYE"), "200 OK")


def register_late_200(t):
    t.tell("register")
    request = t.get("REGISTER")
    time.sleep(1.7)
    contact = re.search(r"(?m)^Contact: (<[^>]*>)", request).group(1)
    keep = re.findall(r"(?m)^(?:Via|From|Call-ID|CSeq): .*(?=\r$)", request)
    to = re.search(r"(?m)^To: .*(?=\r$)", request).group()
    t.send("\n".join(["SIP/2.0 200 OK", *keep, to + ";tag=registrar", f"Contact: {contact};expires=60"]) + "\n\n")
    t.wait("registered")


def refusal_late_ack(t):
    t.ask("INVITE", **t.session())
    t.wait("incoming")
    t.tell("reject")
    refusal = t.get("SIP/2.0 486")
    time.sleep(7.7)
    t.ask("ACK", branch=t.name + "INVITE1", to=tag_of(refusal))
    time.sleep(0.5)


def success_late_ack(t):
    t.ask("INVITE", **t.session())
    t.wait("incoming")
    t.tell("answer")
    success = t.get("SIP/2.0 200")
    time.sleep(3.7)
    t.ask("ACK", to=tag_of(success), uri=f"sip:1001@{t.phone}:5060")
    time.sleep(0.4)
    t.ask("BYE", to=tag_of(success), uri=f"sip:1001@{t.phone}:5060", cseq=2)
    t.get("SIP/2.0 200")


def success_without_ack(t):
    t.ask("INVITE", **t.session())
    t.wait("incoming")
    t.tell("answer")
    t.answer(t.get("BYE"), "200 OK")


def glare(t):
    t.tell("dial", to=f"sip:2002@{t.peer}:5060")
    invite = t.get("INVITE")
    t.answer(invite, "180 Ringing")
    t.answer(invite, "200 OK", **t.session())
    t.wait("established")
    time.sleep(0.4)
    t.tell("hold")
    t.answer(t.get("INVITE"), "491 Request Pending")
    t.get("ACK")
    again = t.get("INVITE")
    t.answer(again, "100 Trying")
    time.sleep(0.2)
    session = t.session()
    session["body"] = session["body"].replace("o=- 1 1", "o=- 1 2") + "a=recvonly\r\n"
    t.answer(again, "200 OK", **session)
    t.wait("held")
    time.sleep(0.2)
    t.tell("hangup")
    t.answer(t.get("BYE"), "200 OK")


def asked(t):
    """What it is asked outside of a call, and what it refuses."""
    t.ask("OPTIONS", call="options")
    t.get("SIP/2.0")
    t.ask("OPTIONS", call="named", vias=f"Via: SIP/2.0/UDP house.example;branch=z9hG4bKbehind\n")
    t.get("SIP/2.0")
    t.ask("PUBLISH", call="unknown", more="Event: presence")
    t.get("SIP/2.0")
    t.ask("INVITE", call="required", more="Require: nothing-known\nContent-Type: application/sdp",
          body=SDP.format(t.peer))
    refusal = t.get("SIP/2.0 4")
    t.ask("ACK", call="required", branch="requiredINVITE1", to=tag_of(refusal))
    t.ask("INVITE", call="odd", more="Content-Type: text/odd", body="odd\r\n")
    refusal = t.get("SIP/2.0 4")
    t.ask("ACK", call="odd", branch="oddINVITE1", to=tag_of(refusal))
    time.sleep(0.3)


def behind_a_name(t):
    """A Via that does not tell where the request comes from."""
    t.send(f"OPTIONS sip:1001@{t.phone} SIP/2.0\nVia: SIP/2.0/UDP house.example;branch=z9hG4bKnamed\n"
           f"Max-Forwards: 70\nFrom: <sip:2002@{t.peer}>;tag=house\nTo: <sip:1001@{t.peer}>\n"
           f"Call-ID: house@{t.peer}\nCSeq: 1 OPTIONS\n\n")
    t.get("SIP/2.0")


def invite_while_pending(t):
    t.ask("INVITE", **t.session())
    t.wait("incoming")
    t.ask("INVITE", cseq=2, to=tag_of(t.get("SIP/2.0 180")), uri=f"sip:1001@{t.phone}:5060", **t.session())
    refusal = t.get("SIP/2.0 5")
    t.ask("ACK", cseq=2, branch=t.name + "INVITE2", to=tag_of(refusal), uri=f"sip:1001@{t.phone}:5060")
    time.sleep(0.2)
    t.tell("answer")
    success = t.get("SIP/2.0 200")
    t.ask("ACK", to=tag_of(success), uri=f"sip:1001@{t.phone}:5060")
    time.sleep(0.4)
    t.ask("BYE", to=tag_of(success), uri=f"sip:1001@{t.phone}:5060", cseq=3)
    t.get("SIP/2.0 200")


# --- reference phones among themselves ---

def call(t, other):
    t.tell("dial", to=other.uri)
    other.wait("incoming")
    other.tell("answer")
    t.wait("established")
    time.sleep(0.4)


def keys(t):
    call(t, t.another())
    t.tell("dtmf", keys="15#")
    t.wait("dtmf-sent")
    time.sleep(0.3)
    t.tell("hangup")


def two_calls(t):
    """Twice the same way, then the other."""
    other = t.another()
    for _ in range(2):
        call(t, other)
        t.tell("hangup")
        other.wait("ended")
        time.sleep(0.3)
    other.tell("dial", to=t.judged.uri)
    t.wait("incoming")
    t.tell("answer")
    t.wait("established")
    time.sleep(0.3)
    t.tell("hangup")


def transfer(t):
    other, target = t.another(), t.another()
    call(t, other)
    t.tell("transfer", to=target.uri)
    target.wait("incoming")
    target.tell("answer")
    t.wait("transferred")
    time.sleep(0.5)


def transferred(t):
    """By another: the judged phone is the one that dials anew."""
    other, target = t.another(), t.another()
    call(t, other)
    other.tell("transfer", to=target.uri)
    target.wait("incoming")
    target.tell("answer")
    t.wait("ended")
    time.sleep(0.5)
    t.tell("hangup")


def transfer_refused(t):
    other, target = t.another(), t.another()
    call(t, other)
    t.tell("transfer", to=target.uri)
    target.wait("incoming")
    target.tell("reject")
    t.wait("transfer-failed")
    time.sleep(0.3)
    t.tell("hangup")


def consult(t, other, target):
    call(t, other)
    t.tell("consult", to=target.uri)
    target.wait("incoming")
    target.tell("answer")
    t.wait("established")
    time.sleep(0.4)


def attended_transfer(t):
    other, target = t.another(), t.another()
    consult(t, other, target)
    t.tell("complete-transfer")
    t.wait("transferred")
    time.sleep(0.5)
    target.tell("hangup")


def joined(t):
    consult(t, t.another(), t.another())
    t.tell("join")
    t.wait("joined")
    time.sleep(0.5)
    t.tell("hangup")


def replaced(t):
    """By another: the judged phone is whom the first was asked to call."""
    other, target = t.another(), t.another()
    other.tell("dial", to=target.uri)
    target.wait("incoming")
    target.tell("answer")
    other.wait("established")
    other.tell("consult", to=t.judged.uri)
    t.wait("incoming")
    t.tell("answer")
    t.wait("established")
    other.wait("established")
    other.tell("complete-transfer")
    other.wait("transferred")
    time.sleep(0.5)
    t.tell("hangup")


# --- UPDATE, rport, two realms ---

def update(t):
    t.tell("dial", to=f"sip:2002@{t.peer}:5060")
    invite = t.get("INVITE")
    t.answer(invite, "180 Ringing", more="Require: 100rel\nRSeq: 1\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE")
    t.answer(t.get("PRACK"), "200 OK")
    t.wait("ringing")
    t.tell("update")
    t.answer(t.get("UPDATE"), "200 OK")
    t.wait("updated")
    time.sleep(0.2)
    t.answer(invite, "200 OK", **t.session())
    t.wait("established")
    time.sleep(0.4)
    t.tell("update", offer=True)
    t.answer(t.get("UPDATE"), "200 OK", **t.session())
    t.wait("updated")
    time.sleep(0.3)
    to, identity = (re.search(rf"(?m)^{name}: (.*)(?=\r$)", invite).group(1) for name in ("From", "Call-ID"))
    t.send(f"UPDATE sip:1001@{t.phone}:5060 SIP/2.0\nVia: SIP/2.0/UDP {t.peer}:5060;rport;branch=z9hG4bKtheirs\n"
           f"Max-Forwards: 70\nFrom: <sip:2002@{t.peer}>;tag={t.name}-peer\nTo: {to}\nCall-ID: {identity}\n"
           f"CSeq: 1 UPDATE\nContact: <sip:2002@{t.peer}:5060>\nContent-Type: application/sdp\n\n"
           + SDP.format(t.peer).replace("o=- 1 1", "o=- 1 2") + "a=sendonly\r\n")
    t.get("SIP/2.0 200")
    time.sleep(0.3)
    t.tell("hangup")
    t.answer(t.get("BYE"), "200 OK")


def rport(t):
    """Asked by one who wants the response where it sends from."""
    t.send(f"OPTIONS sip:1001@{t.phone} SIP/2.0\nVia: SIP/2.0/UDP {t.peer}:5060;rport;branch=z9hG4bKrport\n"
           f"Max-Forwards: 70\nFrom: <sip:2002@{t.peer}>;tag=rport\nTo: <sip:1001@{t.peer}>\n"
           f"Call-ID: rport@{t.peer}\nCSeq: 1 OPTIONS\n\n")
    t.get("SIP/2.0")


def two_realms(t):
    t.tell("dial", to=f"sip:2002@{t.peer}:5060")
    invite = t.get("INVITE")
    t.answer(invite, "407 Proxy Authentication Required", more="\n".join(
        f'Proxy-Authenticate: Digest realm="{realm}", nonce="{realm}nonce", qop="auth"' for realm in ("house", "town")))
    t.get("ACK")
    invite = t.get("INVITE")
    t.answer(invite, "486 Busy Here")
    t.wait("ended")


# --- SIPp with SIPp ---

def sipp(t):
    flow = t.name.removeprefix("sipp-")
    uas = subprocess.Popen(["sipp", "-sf", str(HERE / "sipp" / f"{flow}-uas.xml"), "-i", t.phone, "-p", "5060", "-m",
                            "1", "-nostdin", "-mi", t.phone, "-mp", "6000"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.7)
    subprocess.run(["sipp", "-sf", str(HERE / "sipp" / f"{flow}-uac.xml"), "-i", t.peer, "-p", "5060", "-m", "1",
                    "-nostdin", "-mi", t.peer, "-mp", "7000", "-s", "2002", f"{t.phone}:5060"],
                   stdout=open(t.out / f"{t.name}.log", "w"), stderr=subprocess.STDOUT, timeout=200)
    uas.wait(timeout=60)


PHONE = (invite_unanswered, register_unanswered, invite_late_100, register_late_200, refusal_late_ack,
         success_late_ack, success_without_ack, glare, asked, behind_a_name, invite_while_pending, keys, two_calls,
         transfer, transferred, transfer_refused, attended_transfer, joined, replaced, update, rport, two_realms)


def play(build, out, name, number, function):
    t = Talk(build, out, name, number)
    try:
        if function is not sipp:
            t.start_phone()
        function(t)
    except Exception as e:
        print(f"{name}: {type(e).__name__} {e}", file=sys.stderr)
    t.stop()


def main():
    build, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    talks = [("phone-" + f.__name__.replace("_", "-"), f) for f in PHONE]
    talks += [("sipp-" + p.name.removesuffix("-uac.xml"), sipp) for p in sorted((HERE / "sipp").glob("*-uac.xml"))]
    threads = [threading.Thread(target=play, args=(build, out, name, number, function))
               for number, (name, function) in enumerate(talks, 1) if len(sys.argv) < 4 or name in sys.argv[3:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
