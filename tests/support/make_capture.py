#!/usr/bin/python3
"""Writes a pcap of messages given as readable text (harness/trace/trace.h, oh_trace_read_text):

    0.012 192.0.2.7:5060 -> 192.0.2.1:5060
    INVITE sip:... SIP/2.0
    ...
    .

    make_capture.py TEXT... >capture.pcap

Datagrams over raw IPv4; "Content-Length: *" becomes the true length. Options before the texts:
    times=N     the whole N times, each with Call-IDs, tags and branches of its own, a minute apart
    snaplen=N   packets are cut to N bytes
"""
import socket
import struct
import sys

START = 1_700_000_000


def messages(path):
    head, lines = None, []
    for line in open(path, encoding="latin-1").read().split("\n"):
        if head is None:
            words = line.split()
            if len(words) >= 4 and words[2] == "->":
                head, lines = (float(words[0]), words[1], words[3]), []
        elif line == ".":
            text = "\r\n".join(lines)
            body = text.split("\r\n\r\n", 1)[1] if "\r\n\r\n" in text else ""
            if "\r\n\r\n" not in text:
                text += "\r\n"
                if not text.endswith("\r\n\r\n"):
                    text += "\r\n"
            yield (*head, text.replace("Content-Length: *", f"Content-Length: {len(body)}"))
            head = None
        else:
            lines.append(line)


def address(text):
    host, port = text.rsplit(":", 1)
    return socket.inet_aton(host), int(port)


def frame(source, destination, text):
    (src, sport), (dst, dport) = address(source), address(destination)
    udp = struct.pack(">HHHH", sport, dport, 8 + len(text), 0) + text
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, src, dst)
    total = sum(struct.unpack(">10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    total = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return ip[:10] + struct.pack(">H", total) + ip[12:] + udp


def main():
    options = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    paths = [word for word in sys.argv[1:] if "=" not in word]
    snaplen = int(options.get("snaplen", 65535))
    out = sys.stdout.buffer
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snaplen, 101))
    for n in range(int(options.get("times", 1))):
        for path in paths:
            for time_s, source, destination, text in messages(path):
                if n > 0:
                    for mark in ("Call-ID: ", "tag=", "z9hG4bK"):
                        text = text.replace(mark, f"{mark}{n}x")
                data = frame(source, destination, text.encode("latin-1"))
                when = START + 60 * n + time_s
                cut = data[:snaplen]
                out.write(struct.pack("<IIII", int(when), round(when % 1 * 1e6) % 1_000_000, len(cut), len(data)))
                out.write(cut)


main()
