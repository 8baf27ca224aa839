"""Sockets of a program that has the mutants' library in it, seen from the other side.

preloaded_sockets.py LIBRARY: plays a small "phone" (a Python process with the library preloaded) against
plain sockets of its own, and prints a line per test. Exit status 1 if one fails.
"""
import os
import select
import socket
import subprocess
import sys
import tempfile
import time

LIBRARY = sys.argv[1]
REPORT = None

PRELUDE = """
import fcntl, os, select, socket, struct, sys, termios, threading, time
peer = ("127.0.0.1", int(sys.argv[1]))
def udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    return s
def tcp():
    return socket.create_connection(peer)
def bye(n, body=""):
    return ("BYE sip:b@127.0.0.1 SIP/2.0\\r\\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK%d\\r\\n"
            "From: <sip:a@b>;tag=a\\r\\nTo: <sip:b@b>;tag=b\\r\\nCall-ID: c%d\\r\\nCSeq: %d BYE\\r\\n"
            "Content-Length: %d\\r\\n\\r\\n%s" % (n, n, n, len(body), body)).encode()
"""


def phone(fault, code, port):
    """A process that runs the code with the fault; its standard output is what it says."""
    environment = dict(os.environ, LD_PRELOAD=LIBRARY, OFFHOOK_MUTANT_REPORT=REPORT)
    environment.pop("OFFHOOK_MUTANT", None)
    if fault:
        environment["OFFHOOK_MUTANT"] = fault
    return subprocess.Popen([sys.executable, "-c", PRELUDE + code, str(port)], env=environment,
                            stdout=subprocess.PIPE)


def said(process):
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0, "the phone failed"
    return out


def udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    s.settimeout(20)
    return s


def listener():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(8)
    s.settimeout(20)
    return s


def read_until_end(connection):
    connection.settimeout(20)
    data = b""
    while True:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece


def answer_to(message, status="200 OK"):
    keep = [l for l in message.split(b"\r\n\r\n")[0].split(b"\r\n")[1:] if not l.startswith(b"Content-")]
    return b"\r\n".join([b"SIP/2.0 " + status.encode()] + keep + [b"Content-Length: 0", b"", b""])


def cseqs(data):
    return [int(l.split()[1]) for l in data.split(b"\r\n") if l.startswith(b"CSeq:")]


def report():
    try:
        return open(REPORT).read().splitlines()
    except OSError:
        return []


def test_without_a_fault_all_bytes_pass_as_they_are():
    s = udp()
    p = phone(None, "u = udp()\nfor m in (bye(7), b'\\x80\\x00noise', b'', b'x' * 60000): u.sendto(m, peer)\n"
              "m, f = u.recvfrom(65536); sys.stdout.buffer.write(bye(7)); sys.stdout.flush()", s.getsockname()[1])
    got = []
    for _ in range(4):
        data, source = s.recvfrom(65536)
        got.append(data)
    s.sendto(b"done", source)
    assert said(p) == got[0]
    assert got[1:] == [b"\x80\x00noise", b"", b"x" * 60000]
    assert report() == []


def test_each_way_of_sending_a_datagram_is_edited_and_its_answer_mapped_back():
    s = udp()
    ways = ["u.sendto(m, peer)", "u.connect(peer); u.send(m)", "u.sendmsg([m[:9], m[9:]], [], 0, peer)",
            "u.connect(peer); os.write(u.fileno(), m)", "u.connect(peer); os.writev(u.fileno(), [m[:5], m[5:]])"]
    reads = ["u.recv(4096)", "u.recvfrom(4096)[0]", "u.recvmsg(4096)[0]", "os.read(u.fileno(), 4096)",
             "(lambda a, b: (os.readv(u.fileno(), [a, b]), a + b)[1])(bytearray(11), bytearray(4085))"]
    for way, read in zip(ways, reads):
        p = phone("bye-cseq-skips", "u = udp(); m = bye(7)\nif 1:\n  %s\ngot = %s\n"
                  "sys.stdout.buffer.write(bytes(got))" % (way, read), s.getsockname()[1])
        data, source = s.recvfrom(65536)
        assert cseqs(data) == [12], way
        s.sendto(answer_to(data), source)
        assert cseqs(said(p)) == [7], read
    assert report().count("in-force ") == 5
    assert report().count("struck BYE sip:b@127.0.0.1 SIP/2.0") == 5


def test_what_is_no_sip_is_left_alone():
    s = udp()
    p = phone("bye-cseq-skips", "u = udp()\nfor m in (b'\\x80\\x00' + b'BYE ' * 9, b'', b'\\r\\n\\r\\n', b'BYE'):\n"
              "  u.sendto(m, peer)", s.getsockname()[1])
    assert [s.recv(4096) for _ in range(4)] == [b"\x80\x00" + b"BYE " * 9, b"", b"\r\n\r\n", b"BYE"]
    said(p)


def test_what_stacks_ask_before_they_read_fits_what_they_get():
    """Peeking, the length by FIONREAD, and MSG_TRUNC tell of the message as the phone gets it."""
    s = udp()
    p = phone("via-missing", """
u = udp(); u.sendto(bye(7), peer)
select.select([u], [], [])
n = struct.unpack("i", fcntl.ioctl(u, termios.FIONREAD, b"    "))[0]
t = len(u.recv(65536, socket.MSG_PEEK)); whole = u.recv(n)
print(n == t == len(whole), b"z9hG4bK7" in whole)""", s.getsockname()[1])
    data, source = s.recvfrom(65536)
    assert b"Via" not in data
    s.sendto(answer_to(data), source)
    assert said(p) == b"True True\n"


def test_a_message_is_dropped_repeated_delayed_or_sent_elsewhere():
    s, next_door = udp(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while True:
        try:
            next_door.bind(("127.0.0.1", s.getsockname()[1] + 1))
            break
        except OSError:
            s = udp()
    next_door.settimeout(20)
    port, code = s.getsockname()[1], "u = udp(); print(u.sendto(bye(7), peer) == len(bye(7))); u.sendto(b'end', peer)"
    assert said(phone("no-bye", code, port)) == b"True\n"
    assert s.recv(4096) == b"end"
    assert said(phone("bye-repeated", code + "; time.sleep(0.3)", port)) == b"True\n"
    assert sorted(len(s.recv(4096)) for _ in range(3))[1:] == [len_of_bye()] * 2
    assert said(phone("bye-elsewhere", code, port)) == b"True\n"
    assert next_door.recv(4096).startswith(b"BYE ") and s.recv(4096) == b"end"
    began = time.monotonic()
    p = phone("lawful-answer-late", "u = udp(); u.sendto(bye(7).replace(b'BYE sip:b@127.0.0.1 SIP/2.0', b'SIP/2.0 200 OK'), peer)\n"
              "u.sendto(b'end', peer); u.recv(9)", port)
    assert s.recv(4096) == b"end"
    data, source = s.recvfrom(4096)
    assert data.startswith(b"SIP/2.0 200 OK") and time.monotonic() - began >= 1.0
    s.sendto(b"done", source)
    said(p)


def len_of_bye():
    scope = {}
    exec("import sys; sys.argv = ['', '0']\n" + PRELUDE, scope)
    return len(scope["bye"](7))


def test_a_stream_in_pieces_is_edited_message_by_message():
    l = listener()
    p = phone("bye-cseq-skips", """
t = tcp(); m = bye(1) + b"\\r\\n\\r\\n" + bye(2, "body") + bye(3)
for i in range(0, len(m), 7):
    t.send(m[i:i + 7])
t.shutdown(socket.SHUT_WR); t.recv(1)""", l.getsockname()[1])
    c, _ = l.accept()
    data = read_until_end(c)
    c.close()
    said(p)
    assert cseqs(data) == [6, 7, 8] and data.count(b"\r\n\r\nbodyBYE") == 1
    assert b"\r\n\r\n\r\n\r\nBYE" in data


def test_a_stream_is_read_in_small_bites_by_one_who_waits_for_readiness():
    """The waiting is the kernel's own: what is held back here must not be forgotten there."""
    l = listener()
    for waiting in ("select.select([t], [], [], 10)[0]", "q.poll(10)"):
        p = phone("via-missing", """
t = tcp(); t.setblocking(False); q = select.epoll(); q.register(t, select.EPOLLIN)
t.send(bye(1)); t.send(bye(2)); got = b""
while True:
    if not %s: sys.exit("never readable again")
    try: piece = t.recv(13)
    except BlockingIOError: continue
    if not piece: break
    got += piece
sys.stdout.buffer.write(got)""" % waiting, l.getsockname()[1])
        c, _ = l.accept()
        data = b""
        while data.count(b"\r\n\r\n") < 2:
            data += c.recv(4096)
        assert b"Via" not in data
        first, second = data.split(b"\r\n\r\n")[:2]
        answers = answer_to(first + b"\r\n\r\n") + answer_to(second + b"\r\n\r\n")
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(0, len(answers), 31):
            c.send(answers[i:i + 31])
        c.close()
        got = said(p)
        assert got.count(b"SIP/2.0 200 OK") == 2 and got.endswith(b"\r\n\r\n")
        assert got.index(b"branch=z9hG4bK1") < got.index(b"branch=z9hG4bK2")


def test_a_stream_of_something_else_passes_at_once():
    l = listener()
    p = phone("bye-cseq-skips", """
t = tcp(); t.send(b'11:{"a":"BYE"},')
while True:
    got = t.recv(4096)
    if not got: break
    t.send(got)""", l.getsockname()[1])
    c, _ = l.accept()
    c.settimeout(20)
    assert c.recv(4096) == b'11:{"a":"BYE"},'
    for text in (b"2:ok,", b"BYE sip:a SIP/2.0\r\nCSeq: 1 BYE\r\n\r\n"):
        c.send(text)
        assert c.recv(4096) == text
    c.close()
    said(p)


def test_half_a_message_goes_out_when_the_phone_closes():
    l = listener()
    p = phone("bye-cseq-skips", "t = tcp(); t.send(bye(1)[:60]); t.close()", l.getsockname()[1])
    c, _ = l.accept()
    assert read_until_end(c).startswith(b"BYE sip:b@127.0.0.1 SIP/2.0\r\nVia")
    said(p)


def test_a_peer_who_does_not_read_loses_nothing():
    l = listener()
    l.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    # Loopback's segments of 64 KB never fit into such a window: the kernel would open it by a timer that backs off.
    l.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1000)
    p = phone("bye-cseq-skips", """
t = tcp(); t.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096); t.setblocking(False)
for n in range(3000):
    m = bye(n, "x" * 500)
    while True:
        try:
            assert t.send(m) == len(m); break
        except BlockingIOError:
            print("full", flush=True); select.select([], [t], [], 10); time.sleep(0.01)
t.setblocking(True); t.send(bye(9999)); t.shutdown(socket.SHUT_WR); t.recv(1)""", l.getsockname()[1])
    c, _ = l.accept()
    assert p.stdout.readline() == b"full\n"
    data = read_until_end(c)
    c.close()
    said(p)
    assert cseqs(data) == [n + 5 for n in range(3000)] + [10004]


def test_a_number_that_was_a_file_before_is_a_socket_now():
    """Files end inside the C library, where nobody sees their close."""
    s = udp()
    p = phone("bye-cseq-skips", """
import ctypes
libc = ctypes.CDLL(None); libc.fopen.restype = ctypes.c_void_p
for n in range(8):
    f = ctypes.c_void_p(libc.fopen(b"/etc/passwd", b"r")); fd = libc.fileno(f)
    os.read(fd, 10); libc.fclose(f)
    u = udp(); assert u.fileno() == fd; u.sendto(bye(7), peer); os.close(u.detach())
    f = ctypes.c_void_p(libc.fopen(b"/etc/passwd", b"r")); assert libc.fileno(f) == fd
    assert len(os.read(fd, 10)) == 10; libc.fclose(f)""", s.getsockname()[1])
    assert [cseqs(s.recv(4096)) for _ in range(8)] == [[12]] * 8
    said(p)


def test_threads_do_not_disturb_each_other():
    s = udp()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    p = phone("bye-cseq-skips", """
together = threading.Barrier(4)  # the library knows the latest 32 changes: no thread may lag more
def work(k):
    u = udp()
    for n in range(200):
        if n % 8 == 0:
            together.wait()
        u.sendto(bye(k * 1000 + n), peer)
        assert b"CSeq: %d BYE" % (k * 1000 + n) in u.recv(4096)
threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print("done")""", s.getsockname()[1])
    seen = set()
    for _ in range(800):
        data, source = s.recvfrom(65536)
        seen.add(cseqs(data)[0])
        s.sendto(answer_to(data), source)
    assert said(p) == b"done\n"
    assert seen == {k * 1000 + n + 5 for k in range(4) for n in range(200)}


def main():
    global REPORT
    failed = 0
    for name, test in [(n, t) for n, t in globals().items() if n.startswith("test_")]:
        with tempfile.TemporaryDirectory() as folder:
            REPORT = os.path.join(folder, "report")
            try:
                test()
                print("ok: " + name[5:])
            except (AssertionError, OSError, subprocess.TimeoutExpired) as trouble:
                import traceback
                failed += 1
                print("not ok: %s: %r\n%s" % (name[5:], trouble, traceback.format_exc()))
    return failed > 0


sys.exit(main())
