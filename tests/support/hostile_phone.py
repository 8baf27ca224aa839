"""A small SIP phone of its own make, on JSON lines as the reference phone is, that can be hostile.

Without a fault it is healthy: it registers, dials (answering challenges by MD5), rings, answers, hangs
up, and sends G.711 silence. With `--fault NAME` it does one thing that no phone should, and is healthy
otherwise; `--never NAME` leaves one message out. What it says goes to standard output and, line by
line, to the file of `--says`, for tests to wait for.
"""
import argparse
import hashlib
import heapq
import itertools
import json
import os
import random
import re
import select
import socket
import struct
import subprocess
import sys
import time

T1, T2, FRAME = 0.5, 4.0, 0.020
EOL = "\r\n"
# RFC 3261 13.2.1, 13.3.1.4, 11.2: what it takes; an empty Supported says that there are no extensions.
ABLE = [("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS"), ("Supported", "")]


def token(n=16):
    return "".join(random.choices("0123456789abcdef", k=n))


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


class Message:
    def __init__(self, data):
        head, _, self.body = data.decode("utf-8", "replace").partition(EOL * 2)
        self.start, *lines = head.split(EOL)
        self.headers = [(k.strip(), v.strip()) for k, _, v in (line.partition(":") for line in lines)]
        words = self.start.split(" ")
        self.status = int(words[1]) if words[0] == "SIP/2.0" else None
        self.method = self.get("CSeq").split()[1] if self.status else words[0]

    def all(self, name):
        return [v for k, v in self.headers if k.lower() == name.lower()]

    def get(self, name):
        return next(iter(self.all(name)), "")

    def uri(self, name):
        found = re.search(r"<([^>]*)>", self.get(name))
        return found.group(1) if found else self.get(name).split(";")[0]

    def tag(self, name):
        found = re.search(r";tag=([^;>\s]+)", self.get(name))
        return found.group(1) if found else None

    def branch(self):
        return re.search(r";branch=([^;\s]+)", self.get("Via")).group(1)


class Call:
    def __init__(self, call_id=None, local_tag=None):
        self.id = call_id or token() + "@hostile"
        self.local_tag = local_tag or token(8)
        self.local = self.remote = self.target = None  # From and To as they are written; where requests go
        self.route, self.cseq = [], 1
        self.invite = self.ok = self.ack = None
        self.media = None
        self.state = "new"


class Phone:
    def __init__(self, args):
        self.args = args
        self.me, self.server = address(args.listen), address(args.server)
        self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if args.fault == "twin":
            self.sip.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.sip.bind(self.me)
        self.sip.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sip.setblocking(False)
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind((self.me[0], args.rtp_port))
        self.rtp.setblocking(False)
        self.timers, self.order = [], itertools.count()
        self.open = {}  # branch: the request that awaits its answer
        self.call = None
        self.register_id, self.register_tag, self.register_cseq = token() + "@hostile", token(8), 0
        self.quitting = self.flooding = self.hung_up = False
        self.pending = b""
        self.others = []  # connections that are kept open and silent

    # --- what it says ---

    def say(self, **what):
        line = json.dumps(what, separators=(",", ":"))
        os.write(1, line.encode() + b"\n")
        self.note(line)

    def note(self, line):
        with open(self.args.says, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def at(self, moment, do):
        heapq.heappush(self.timers, (moment, next(self.order), do))

    def after(self, seconds, do):
        self.at(time.monotonic() + seconds, do)

    # --- messages ---

    def here(self):
        return "%s:%d" % self.me

    def aor(self):
        return "sip:%s@%s" % (self.args.user, self.args.server)

    def contact(self):
        return "<sip:%s@%s>" % (self.args.user, self.here())

    def send(self, text, to=None):
        self.sip.sendto(text.encode(), to or self.server)

    def via(self, branch):
        return "SIP/2.0/UDP %s;branch=%s;rport" % (self.here(), branch)

    def request(self, method, uri, headers, body="", branch=None, to=None):
        """Sends it, and again until it is answered."""
        branch = branch or "z9hG4bK" + token()
        lines = ["%s %s SIP/2.0" % (method, uri), "Via: " + self.via(branch), "Max-Forwards: 70"]
        lines += ["%s: %s" % h for h in headers]
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append("Content-Length: %d" % len(body))
        text = EOL.join(lines) + EOL * 2 + body
        self.send(text, to)
        if method != "ACK":
            self.open[branch] = {"method": method, "uri": uri, "headers": headers, "body": body, "text": text}
            self.again(branch, T1, method, to)
        return text

    def again(self, branch, wait, method, to):
        def repeat():
            if branch in self.open and not self.open[branch].get("provisional"):
                self.send(self.open[branch]["text"], to)
                self.again(branch, wait * 2 if method == "INVITE" else min(wait * 2, T2), method, to)

        if wait < 32:
            self.after(wait, repeat)

    def respond(self, m, status, phrase, tag=None, headers=(), body="", ids=None):
        to = m.get("To") + (";tag=" + tag if tag and not m.tag("To") else "")
        ids = ids or {}
        lines = ["SIP/2.0 %d %s" % (status, phrase)]
        lines += ["Via: " + ids.get("via", v) for v in m.all("Via")]
        lines += ["Record-Route: " + v for v in m.all("Record-Route") if status in (180, 200)]
        lines += ["From: " + ids.get("from", m.get("From")), "To: " + ids.get("to", to)]
        lines += ["Call-ID: " + ids.get("call-id", m.get("Call-ID")), "CSeq: " + m.get("CSeq")]
        lines += ["%s: %s" % h for h in headers]
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append("Content-Length: %d" % len(body))
        text = EOL.join(lines) + EOL * 2 + body
        host, port = address(re.search(r"SIP/2.0/UDP ([^;\s]+)", m.get("Via")).group(1))
        self.send(text, (host, port))
        return text

    def sdp(self):
        return EOL.join(["v=0", "o=- 1 1 IN IP4 " + self.me[0], "s=-", "c=IN IP4 " + self.me[0], "t=0 0",
                         "m=audio %d RTP/AVP 0" % self.args.rtp_port, "a=rtpmap:0 PCMU/8000"]) + EOL

    def credentials(self, m, method, uri):
        name = "Proxy-Authenticate" if m.status == 407 else "WWW-Authenticate"
        asked = {}
        for key, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', m.get(name)):
            asked[key] = quoted or plain
        md5 = lambda *parts: hashlib.md5(":".join(parts).encode()).hexdigest()
        one = md5(self.args.auth_user, asked["realm"], os.environ["HOSTILE_PASSWORD"])
        two, cnonce = md5(method, uri), token(8)
        text = 'Digest username="%s", realm="%s", nonce="%s", uri="%s"' % (
            self.args.auth_user, asked["realm"], asked["nonce"], uri)
        if "auth" in asked.get("qop", "").split(","):
            response = md5(one, asked["nonce"], "00000001", cnonce, "auth", two)
            text += ', qop=auth, nc=00000001, cnonce="%s"' % cnonce
        else:
            response = md5(one, asked["nonce"], two)
        text += ', response="%s", algorithm=MD5' % response
        if "opaque" in asked:
            text += ', opaque="%s"' % asked["opaque"]
        return ("Proxy-Authorization" if m.status == 407 else "Authorization", text)

    # --- the user ---

    def on_command(self, line):
        order = json.loads(line)
        verb, ident = order["command"], order.get("id")
        if verb == self.args.never:
            self.note("it is told to " + verb)
            return
        trouble = getattr(self, "do_" + verb)(order)
        if trouble:
            self.say(id=ident, ok=False, error=trouble)

    def ok(self, order):
        self.say(id=order.get("id"), ok=True)

    def do_register(self, order, expires=60):
        self.ok(order)
        self.register(expires)

    def do_unregister(self, order):
        self.do_register(order, 0)

    def register(self, expires, credentials=()):
        self.register_cseq += 1
        self.request("REGISTER", "sip:" + self.args.server, [
            ("From", "<%s>;tag=%s" % (self.aor(), self.register_tag)), ("To", "<%s>" % self.aor()),
            ("Call-ID", self.register_id), ("CSeq", "%d REGISTER" % self.register_cseq),
            ("Contact", self.contact()), ("Expires", str(expires)), *credentials])

    def do_dial(self, order):
        call = self.call = Call()
        call.local, call.remote = "<%s>;tag=%s" % (self.aor(), call.local_tag), "<%s>" % order["to"]
        call.target, call.state = order["to"], "calling"
        self.ok(order)
        if self.args.never != "invite":
            self.invite()
        self.say(event="calling")
        self.strike("calling")

    def invite(self, credentials=()):
        call = self.call
        call.invite = self.request("INVITE", call.target, [
            ("From", call.local), ("To", call.remote), ("Call-ID", call.id), ("CSeq", "%d INVITE" % call.cseq),
            ("Contact", self.contact()), *ABLE, *credentials], self.sdp())

    def do_answer(self, order):
        call = self.call
        if not call or call.state != "incoming":
            return "There is no incoming call to answer."
        self.ok(order)
        ids = {}
        if self.args.fault == "other-call":
            ids = {"call-id": token() + "@another", "from": "<sip:other@another.invalid>;tag=" + token(8),
                   "to": "<sip:another@another.invalid>;tag=" + token(8),
                   "via": self.via("z9hG4bK" + token()).replace(self.here(), self.args.server)}
        call.ok = lambda: self.respond(call.request, 200, "OK", call.local_tag,
                                       [("Contact", self.contact()), *ABLE], self.sdp(), ids)
        call.ok()
        call.state = "answered"
        self.repeat_ok(call, T1)
        return None

    def repeat_ok(self, call, wait):
        def repeat():
            if call.state == "answered":
                call.ok()
                self.repeat_ok(call, min(wait * 2, T2))

        if self.args.fault != "other-call":
            self.after(wait, repeat)

    def do_reject(self, order):
        self.ok(order)
        self.respond(self.call.request, 486, "Busy Here", self.call.local_tag)
        self.call = None

    def do_hangup(self, order):
        self.ok(order)
        self.hung_up = True
        if self.call and self.call.state == "established" and self.args.never != "bye" and not self.flooding:
            self.bye()
        self.say(event="hanging-up")

    def bye(self):
        call = self.call
        call.cseq += 1
        call.state, call.media = "ended", None
        headers = [("From", call.local), ("To", call.remote), ("Call-ID", call.id), ("CSeq", "%d BYE" % call.cseq)]
        headers += [("Route", r) for r in call.route]
        self.request("BYE", call.target, headers)

    def do_quit(self, order):
        self.ok(order)
        self.quitting = True

    # --- the wire ---

    def on_datagram(self, data):
        try:
            m = Message(data)
        except (ValueError, IndexError, AttributeError):
            return
        if m.status is None:
            self.on_request(m)
        elif m.branch() in self.open:
            self.on_response(m, self.open[m.branch()])
        elif m.status >= 200 and m.method == "INVITE" and self.call and self.call.ack:
            self.send(self.call.ack)

    def on_request(self, m):
        call = self.call if self.call and self.call.id == m.get("Call-ID") else None
        if m.method == "INVITE" and call:
            if call.state == "answered":
                call.ok()
        elif m.method == "INVITE":
            self.on_invite(m)
        elif m.method == "ACK":
            if call and call.state == "answered":
                self.established(m)
        elif m.method == "BYE" and call:
            self.respond(m, 200, "OK")
            call.state, call.media = "ended", None
            self.say(event="ended", reason="remote hangup")
        elif m.method == "CANCEL" and call and call.state == "incoming":
            self.respond(m, 200, "OK", call.local_tag)
            self.respond(call.request, 487, "Request Terminated", call.local_tag)
            call.state = "ended"
        else:
            known = m.method == "OPTIONS"
            self.respond(m, 200 if known else 481, "OK" if known else "No Call", token(8), ABLE if known else ())

    def on_invite(self, m):
        call = self.call = Call(m.get("Call-ID"))
        call.request, call.state = m, "incoming"
        call.local, call.remote = m.get("To") + ";tag=" + call.local_tag, m.get("From")
        call.target, call.route = m.uri("Contact"), m.all("Record-Route")
        self.remember_media(m)
        self.respond(m, 180, "Ringing", call.local_tag, [("Contact", self.contact())])
        self.say(event="incoming")
        self.strike("incoming")

    def on_response(self, m, request):
        if m.status < 200:
            request["provisional"] = True
            if request["method"] == "INVITE" and m.status >= 180:
                self.say(event="ringing")
                self.strike("ringing")
            return
        if request["method"] == "INVITE":
            self.on_invite_final(m, request)
            return
        del self.open[m.branch()]
        if request["method"] == "REGISTER":
            self.on_register_final(m, request)

    def on_register_final(self, m, request):
        if m.status in (401, 407) and not any(k.endswith("uthorization") for k, _ in request["headers"]):
            expires = int(dict(request["headers"])["Expires"])
            self.register(expires, [self.credentials(m, "REGISTER", "sip:" + self.args.server)])
        elif m.status == 200:
            self.say(event="registered")

    def on_invite_final(self, m, request):
        call = self.call
        if call.state == "calling":
            call.state = "answered"
        if m.status >= 300:
            if self.args.never == "refusal-ack":
                request["provisional"] = True
                return
            self.ack_refusal(m, request)
            del self.open[m.branch()]
            if m.status in (401, 407) and call.cseq == 1 and self.args.never != "second-invite":
                call.cseq, call.state = 2, "calling"
                self.invite([self.credentials(m, "INVITE", call.target)])
            return
        request["provisional"] = True
        if call.state == "established" or self.args.never == "ack":
            if call.ack:
                self.send(call.ack)
            return
        call.remote, call.target = m.get("To"), m.uri("Contact")
        call.route = list(reversed(m.all("Record-Route")))
        self.remember_media(m)
        secret = [h for h in request["headers"] if h[0].endswith("uthorization")]
        headers = [("From", call.local), ("To", call.remote), ("Call-ID", call.id), ("CSeq", "%d ACK" % call.cseq)]
        call.ack = self.request("ACK", call.target, headers + [("Route", r) for r in call.route] + secret)
        self.established(m)

    def ack_refusal(self, m, request):
        kept = [h for h in request["headers"] if h[0] in ("From", "Call-ID", "Route")]
        branch = "z9hG4bK" + token() if self.args.fault == "ack-branch" else m.branch()
        self.request("ACK", request["uri"], kept + [("To", m.get("To")), ("CSeq", m.get("CSeq").split()[0] + " ACK")],
                     branch=branch)

    def remember_media(self, m):
        host, port = re.search(r"^c=IN IP4 (\S+)", m.body, re.M), re.search(r"^m=audio (\d+)", m.body, re.M)
        if host and port:
            self.call.remote_rtp = (host.group(1), int(port.group(1)))

    def established(self, m):
        call = self.call
        call.state = "established"
        call.media = [random.getrandbits(16), random.getrandbits(32), random.getrandbits(32), time.monotonic()]
        self.voice(call)
        self.say(event="established")
        self.strike("established")

    def voice(self, call):
        if not call.media:
            return
        number, stamp, source, due = call.media
        self.rtp.sendto(struct.pack("!BBHII", 0x80, 0, number, stamp, source) + b"\xff" * 160, call.remote_rtp)
        due += FRAME  # held up, it catches up: its timestamps go by the clock
        call.media = [(number + 1) & 0xFFFF, (stamp + 160) & 0xFFFFFFFF, source, due]
        self.at(due, lambda: self.voice(call))

    # --- the faults ---

    def strike(self, event):
        if self.args.at == event:
            getattr(self, "fault_" + self.args.fault.replace("-", "_"), lambda: None)()

    def fault_flood(self, number=0):
        """No faster than it is answered: the kernel would drop them. A user who hangs up is heard meanwhile."""
        self.flooding = True
        for number in range(number, number + 50):
            call = "%d-%s" % (number, token(8))
            self.send(EOL.join([
                "MESSAGE sip:%s SIP/2.0" % self.args.server, "Via: " + self.via("z9hG4bK" + call), "Max-Forwards: 70",
                "From: <%s>;tag=%s" % (self.aor(), token(8)), "To: <%s>" % self.aor(), "Call-ID: %s@flood" % call,
                "CSeq: 1 MESSAGE", "Content-Type: text/plain", "Content-Length: 4"]) + EOL * 2 + "spam")
        self.await_answer("z9hG4bK" + call)
        if number + 1 < self.args.flood:
            self.after(0, lambda: self.fault_flood(number + 1))
            return
        self.flooding = False
        self.note("flooded")
        if self.hung_up:
            self.bye()

    def await_answer(self, branch):
        until = time.monotonic() + 20
        while time.monotonic() < until:
            select.select([self.sip], [], [], 1)
            try:
                while True:
                    if branch.encode() in self.sip.recv(65536):
                        return
            except BlockingIOError:
                pass

    def fault_junk(self):
        noise = random.Random(7)
        largest = 65507
        empty = [b""] * 20
        binary = [b"\xff" + noise.randbytes(noise.choice([0, 1, 11, 99, 999, 8999])) for _ in range(200)]
        broken = [b"INVITE ", b"sip:x", b"\x00" * 1000]
        for data in empty + binary + broken:
            self.sip.sendto(data, self.server)
        for first in (b"\x00", b"\xff", b"A", b"\r\n"):
            self.sip.sendto((first * largest)[:largest], self.server)
        self.sip.sendto(noise.randbytes(largest), self.server)
        self.note("junk sent")

    def fault_half_sip(self):
        """Datagrams that begin as SIP and are none."""
        for data in (b"INVITE sip:a@b SIP/2.0\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n",
                     b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP \xff\xfe;branch=\x00\r\nContent-Length: -5\r\n\r\n",
                     (b"OPTIONS sip:x SIP/2.0\r\n" + b"X: " + b"y" * 70000)[:65507]):
            self.sip.sendto(data, self.server)
        self.note("junk sent")

    def second_phone(self, where):
        """Another program, not the phone's child by any sign, at the phone's IP."""
        script = ("import socket, sys, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
                  "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1); s.bind((sys.argv[1], int(sys.argv[2]))); "
                  "print('bound', flush=True); time.sleep(1000)")
        environment = {k: v for k, v in os.environ.items() if k != "OFFHOOK_PHONE"}
        other = subprocess.Popen([sys.executable, "-c", script, *map(str, where)], env=environment,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        other.stdout.readline()
        self.others.append(other)
        self.note("the second phone is there")

    def fault_twin(self):
        self.second_phone(self.me)

    def fault_neighbour(self):
        self.second_phone((self.me[0], 0))

    def fault_half_tcp(self):
        """Half a request over TCP, and not a byte more."""
        try:
            s = socket.create_connection(self.server, 5)
        except OSError:
            self.note("nobody listens there")
            return
        s.sendall(("OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bK%s\r\nContent-Le" % (
            self.args.server, self.here(), token())).encode())
        self.others.append(s)
        self.note("half sent")

    # --- the loop ---

    def run(self):
        self.note("pid %d" % os.getpid())
        self.strike("start")
        self.say(event="ready")
        while not self.quitting:
            wait = max(0.0, self.timers[0][0] - time.monotonic()) if self.timers else None
            ready, _, _ = select.select([0, self.sip, self.rtp], [], [], wait)
            now = time.monotonic()  # what is set from here on waits for its turn, or the user would not be heard
            while self.timers and self.timers[0][0] <= now:
                heapq.heappop(self.timers)[2]()
            if 0 in ready and not self.on_input():
                break
            if self.sip in ready:
                self.on_datagram(self.sip.recv(65536))
            if self.rtp in ready:
                self.rtp.recv(2048)
        if self.call and self.call.state == "established":
            self.bye()

    def on_input(self):
        data = os.read(0, 65536)
        self.pending += data
        *lines, self.pending = self.pending.split(b"\n")
        for line in lines:
            self.on_command(line)
        return bool(data)


def main():
    p = argparse.ArgumentParser()
    for name in ("listen", "server", "user", "auth-user", "says"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--rtp-port", type=int, required=True)
    p.add_argument("--fault", default="none")
    p.add_argument("--at", default="established", help="the event at which the fault strikes")
    p.add_argument("--never", default="none")
    p.add_argument("--flood", type=int, default=10000, help="how many messages a flood has; whole fifties")
    Phone(p.parse_args()).run()


if __name__ == "__main__":
    sys.exit(main())
