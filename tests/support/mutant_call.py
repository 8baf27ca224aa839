#!/usr/bin/python3
"""One call of a faulty reference phone, captured by several programs at once:

    unshare -n mutant_call.py PHONE FOLDER (udp|tcp) MTU

The phone, in a network namespace of its own, calls a peer in another one; this process' namespace is the router
between them. FOLDER then has
    phone.pcap    by tcpdump, at the phone's interface
    peer.pcapng   by dumpcap, at the peer's
    any.pcap      by tcpdump -i any at the router, which sees each packet twice
The peer challenges the INVITE by a 407 and takes what comes then, answers, and hears the phone hang up. The phone's
faults are those of FAULTS. Needs root. Nothing is awaited by time alone, but for the voice behind the BYE.
"""
import ctypes
import json
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import sys
import time

FAULTS = ["ack-new-branch", "same-cseq", "wrong-response", "other-payload-type", "rtp-after-bye"]
A, B, A_ROUTER, B_ROUTER = "192.0.2.7", "198.51.100.8", "192.0.2.1", "198.51.100.1"
REALM, USER = "elm.example", "mira"
NEW_NET = 0x40000000
DEADLINE = time.monotonic() + 40
libc = ctypes.CDLL(None, use_errno=True)


def wait_for(what, is_so, meanwhile=lambda: None):
    while not is_so():
        if time.monotonic() > DEADLINE:
            sys.exit(f"{what} does not come")
        meanwhile()
        time.sleep(0.01)


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Namespace:
    """Of a process that only holds it."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "-n", "cat"], stdin=subprocess.PIPE)
        own = os.readlink("/proc/self/ns/net")
        wait_for("a namespace", lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != own)
        self.enter = ["nsenter", "-t", str(self.holder.pid), "-n"]

    def ip(self, *words):
        subprocess.run([*self.enter, "ip", *words], check=True)

    def socket(self, kind):
        """Made there; it stays there."""
        with open("/proc/self/ns/net") as own, open(f"/proc/{self.holder.pid}/ns/net") as other:
            assert libc.setns(other.fileno(), NEW_NET) == 0, os.strerror(ctypes.get_errno())
            made = socket.socket(socket.AF_INET, kind)
            assert libc.setns(own.fileno(), NEW_NET) == 0
        return made

    def end(self):
        self.holder.stdin.close()
        self.holder.wait()


def connect(end, name, address, router, mtu):
    """end's interface `name`, and the router's of the same name."""
    ip("link", "add", name, "mtu", mtu, "type", "veth", "peer", "name", name, "mtu", mtu, "netns", str(end.holder.pid))
    ip("address", "add", router + "/24", "dev", name)
    ip("link", "set", name, "up")
    end.ip("address", "add", address + "/24", "dev", name)
    end.ip("link", "set", name, "up")
    end.ip("route", "add", "default", "via", router)


class Capture:
    def __init__(self, path, *command):
        self.path = path
        path.touch()
        path.chmod(0o666)
        self.program = subprocess.Popen([*command, "-w", str(path)], stderr=open(str(path) + ".log", "w"))

    def has(self, text):
        assert self.program.poll() is None, open(str(self.path) + ".log").read()
        return text in self.path.read_bytes()

    def end(self):
        self.program.send_signal(signal.SIGINT)
        self.program.wait()


class Peer:
    def __init__(self, home, transport):
        self.transport, self.text, self.connection = transport, b"", None
        self.socket = home.socket(socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
        self.socket.bind((B, 5060))
        if transport == "tcp":
            self.socket.listen(1)
        self.rtp = home.socket(socket.SOCK_DGRAM)
        self.rtp.bind((B, 4000))
        self.rtp_count = 0

    def cut(self):
        """A whole message of what came over TCP; None."""
        head, end, rest = self.text.partition(b"\r\n\r\n")
        length = int((re.search(rb"(?mi)^Content-Length: *(\d+)", head) or [0, 0])[1])
        if not end or len(rest) < length:
            return None
        self.text = rest[length:]
        return (head + end + rest[:length]).decode()

    def receive(self):
        """The next message; voice is counted."""
        while not (message := self.cut()):
            asked = [self.connection or self.socket, self.rtp]
            ready = select.select(asked, [], [], max(0, DEADLINE - time.monotonic()))[0]
            if not ready:
                sys.exit("the phone says nothing more")
            if self.rtp in ready:
                self.rtp.recv(2000)
                self.rtp_count += 1
            if asked[0] not in ready:
                continue
            if self.transport == "udp":
                data, self.phone = self.socket.recvfrom(9000)
                return data.decode()
            if self.connection:
                self.text += self.connection.recv(9000)
            else:
                self.connection = self.socket.accept()[0]
        return message

    def await_(self, method):
        while True:
            text = self.receive()
            if text.startswith(method):
                return text

    def answer(self, request, status, *lines, body=""):
        kept = re.findall(r"(?m)^(?:Via|From|Call-ID|CSeq): .*(?=\r$)", request)
        to = re.search(r"(?m)^To: .*(?=\r$)", request).group()
        tag = "" if ";tag=" in to or status[:3] == "100" else ";tag=peer"
        text = "\r\n".join([f"SIP/2.0 {status}", *kept, to + tag, *lines, f"Content-Length: {len(body)}", "", body])
        if self.transport == "udp":
            self.socket.sendto(text.encode(), self.phone)
        else:
            self.connection.sendall(text.encode())

    def voice(self, count):
        while self.rtp_count < count:
            self.rtp.settimeout(max(0.1, DEADLINE - time.monotonic()))
            self.rtp.recv(2000)
            self.rtp_count += 1


def play(peer, phone, transport):
    def tell(command, **more):
        phone.stdin.write(json.dumps(dict(command=command, id=1, **more)) + "\n")

    tell("dial", to=f"sip:joel@{B}:5060" + (";transport=tcp" if transport == "tcp" else ""))
    invite = peer.await_("INVITE")
    peer.answer(invite, "407 Proxy Authentication Required",
                f'Proxy-Authenticate: Digest realm="{REALM}", nonce="apple1", qop="auth", algorithm=MD5')
    peer.await_("ACK")
    invite = peer.await_("INVITE")
    sdp = f"v=0\r\no=joel 1 1 IN IP4 {B}\r\ns=-\r\nc=IN IP4 {B}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
    contact = f"Contact: <sip:joel@{B}:5060" + (";transport=tcp>" if transport == "tcp" else ">")
    peer.answer(invite, "180 Ringing", contact)
    peer.answer(invite, "200 OK", contact, "Allow: INVITE, ACK, CANCEL, BYE", "Supported: ",
                "Content-Type: application/sdp", body=sdp)
    peer.await_("ACK")
    peer.voice(20)
    tell("hangup")
    peer.answer(peer.await_("BYE"), "200 OK")
    peer.voice(peer.rtp_count + 80)


def main():
    program, folder, transport, mtu = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    phones, peers = Namespace(), Namespace()
    ip("link", "set", "lo", "up")
    connect(phones, "left", A, A_ROUTER, mtu)
    connect(peers, "right", B, B_ROUTER, mtu)
    pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    captures = [Capture(folder / "phone.pcap", *phones.enter, "tcpdump", "-U", "-Z", "root", "-i", "left"),
                Capture(folder / "peer.pcapng", *peers.enter, "dumpcap", "-q", "-n", "-i", "right"),
                Capture(folder / "any.pcap", "tcpdump", "-U", "-Z", "root", "-i", "any")]
    peer = Peer(peers, transport)
    probe = peers.socket(socket.SOCK_DGRAM)
    mark = lambda text: lambda: probe.sendto(text, (A, 9))
    wait_for("the capture", lambda: all(c.has(b"it begins") for c in captures), mark(b"it begins"))
    phone = subprocess.Popen(
        [*phones.enter, program, "--listen", A + ":5060", "--account", f"sip:{USER}@{B}:5060", "--transport", transport,
         "--log", str(folder / "phone.log"), *(word for name in FAULTS for word in ("--mutant", name))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        env=dict(os.environ, OFFHOOK_PHONE_PASSWORD="apple-tree-4"))
    try:
        while json.loads(phone.stdout.readline()).get("event") != "ready":
            pass
        play(peer, phone, transport)
        wait_for("the capture's end", lambda: all(c.has(b"it ends") for c in captures), mark(b"it ends"))
    finally:
        phone.kill()
        phone.wait()
        for one in [*captures, phones, peers]:
            one.end()


main()
