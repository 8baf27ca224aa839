#!/usr/bin/python3
"""A program on pipes, reached over TCP: tcp_phone.py HOST:PORT FAULT PROGRAM ARGUMENT...

Lines go to and fro as they are. At the first that says "dial" it has a fault: none, hang (nothing is passed on any more),
flood (megabytes without an end of line, and many lines), nonsense, close (of the connection), die."""
import os, signal, socket, subprocess, sys, threading

address, fault, *program = sys.argv[1:]
host, port = address.rsplit(":", 1)
engine = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
with socket.create_server((host, int(port))) as server:
    link = server.accept()[0]


def back():
    for line in engine.stdout:
        link.sendall(line)
    os._exit(engine.wait())


def fail():
    if fault == "hang":
        pass
    elif fault == "flood":
        link.sendall(b"x" * 3_000_000 + b"\n" + b'{"event": "noise"}\n' * 20_000)
    elif fault == "nonsense":
        link.sendall(b'}{\n\xff\xfe\0\n[1]\n{"id": []}\n"ok"\n')
    elif fault == "close":
        link.shutdown(socket.SHUT_RDWR)
        signal.pause()
    elif fault == "die":
        sys.stderr.write("out of wire\n")
        os.kill(os.getpid(), signal.SIGABRT)


threading.Thread(target=back, daemon=True).start()
for line in link.makefile("rb"):
    if fault != "none" and b'"dial"' in line:
        fail()
        continue
    engine.stdin.write(line)
    engine.stdin.flush()
engine.stdin.close()
engine.wait()
