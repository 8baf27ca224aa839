"""text_to_pcap.py TEXT CAPTURE: the messages of a readable trace (harness/trace/trace.h) as a classic
pcap of raw IPv4 packets. RTP is left out. Prints the address after "# phone:" in the text, if any."""
import re
import struct
import sys

text = open(sys.argv[1], encoding="latin-1", newline="").read()
streams, out = {}, bytearray(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 101))


def unescape(line):
    table = {"r": b"\r", "n": b"\n", "0": b"\0", "\\": b"\\"}
    pattern = r"\\(x[0-9a-fA-F]{2}|.)"
    return re.sub(pattern.encode(), lambda m: bytes([int(m.group(1)[1:], 16)])
                  if m.group(1)[:1] == b"x" else table[m.group(1).decode()], line.encode("latin-1"))


def address(word):
    host, port = word.rsplit(":", 1)
    return bytes(int(part) for part in host.split(".")), int(port)


def add(time_s, source, destination, transport, payload):
    if transport == "udp":
        inner = struct.pack(">HHHH", source[1], destination[1], 8 + len(payload), 0) + payload
    else:
        key = (source, destination)
        inner = struct.pack(">HHIIBBHHH", source[1], destination[1], streams.get(key, 1),
                            streams.get((destination, source), 1), 0x50, 0x18, 65535, 0, 0) + payload
        streams[key] = streams.get(key, 1) + len(payload)
    packet = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(inner), 0, 0, 64,
                         17 if transport == "udp" else 6, 0) + source[0] + destination[0] + inner
    seconds = 1700000000 + int(time_s)
    out.extend(struct.pack("<IIII", seconds, int(time_s % 1 * 1e9), len(packet), len(packet)) + packet)


lines = text.split("\n")
at = 0
while at < len(lines):
    head = re.match(r"(\d+\.\d+) (\S+) -> (\S+)(?: (\w+))?$", lines[at])
    at += 1
    if not head:
        continue
    begin = at
    while lines[at] != ".":
        at += 1
    body = lines[begin:at]
    if head.group(4) == "rtp":
        continue
    message = b"\r\n".join(unescape(line) for line in body) + b"\r\n"
    if b"\r\n\r\n" not in message:
        message += b"\r\n"
    head_bytes, rest = message.split(b"\r\n\r\n", 1)
    length = re.search(rb"\r\n(?:Content-Length|l) *: *(\d+|\*)", head_bytes, re.I)
    if length and length.group(1) == b"*":
        head_bytes = head_bytes[:length.start(1)] + b"%d" % len(rest) + head_bytes[length.end(1):]
    elif length:
        rest = rest[:int(length.group(1))]
    add(float(head.group(1)), address(head.group(2)), address(head.group(3)), head.group(4) or "udp",
        head_bytes + b"\r\n\r\n" + rest)
open(sys.argv[2], "wb").write(out)
phone = re.search(r"^# phone: \w+ (\S+)", text, re.M)
print(phone.group(1) if phone else "")
