#!/usr/bin/env python3
"""Turns a capture into readable text (harness/trace/trace.h), message by message, for tests/data/kills/captures/.

    tests/kills/captures.py CAPTURE.pcap PHONE-ADDRESS TITLE [SECRETS.json] > NAME.txt

Each message is kept as it was captured, byte by byte, under a name: its number among the messages and what
it is ("7 ACK", "5 200 INVITE"). Stamps start at zero. RTP packets that go on from one another are one line,
at their mean distance; a stream begins anew where a message stands between. PHONE-ADDRESS is whose side
is judged; an account is taken from the secrets of a run.
"""

import json
import re
import struct
import sys


def packets(path):
    """Stamp and IPv4 packet of each frame."""
    data = open(path, "rb").read()
    nano = {0xA1B23C4D: 1, 0xA1B2C3D4: 1000}[struct.unpack_from("<I", data)[0]]
    at = 24
    while at + 16 <= len(data):
        seconds, part, kept = struct.unpack_from("<III", data, at)
        frame = data[at + 16:at + 16 + kept]
        at += 16 + kept
        if frame[12:14] == b"\x08\x00":
            yield seconds * 10**9 + part * nano, frame[14:]


def cut(stream):
    """Whole SIP messages at the head of a TCP stream, and what is left."""
    found = []
    while True:
        stream = stream.lstrip(b"\r\n")
        end = stream.find(b"\r\n\r\n")
        if end < 0:
            return found, stream
        length = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", stream[:end])
        whole = end + 4 + int(length.group(1) if length else 0)
        if len(stream) < whole:
            return found, stream
        found.append(stream[:whole])
        stream = stream[whole:]


def datagrams(path):
    """Stamp, source, destination, transport and bytes of each datagram and each message on TCP."""
    streams, expected = {}, {}
    for stamp, ip in packets(path):
        header = (ip[0] & 15) * 4
        total, protocol = struct.unpack_from(">H", ip, 2)[0], ip[9]
        source, target = (".".join(map(str, ip[i:i + 4])) for i in (12, 16))
        body = ip[header:total]
        ends = f"{source}:{struct.unpack_from('>H', body)[0]}", f"{target}:{struct.unpack_from('>H', body, 2)[0]}"
        if protocol == 17:
            yield stamp, *ends, "", body[8:]
        elif protocol == 6:
            number, payload = struct.unpack_from(">I", body, 4)[0], body[(body[12] >> 4) * 4:]
            if not payload or number < expected.get(ends, 0):
                continue
            expected[ends] = number + len(payload)
            found, streams[ends] = cut(streams.get(ends, b"") + payload)
            for message in found:
                yield stamp, *ends, " tcp", message


def is_sip(data):
    return re.match(rb"(SIP/2\.0 \d|[A-Z]+ \S+ SIP/2\.0\r\n)", data) is not None


def escaped(line):
    text = "".join(chr(b) if 32 <= b < 127 or b == 9 else f"\\x{b:02x}" for b in line.replace(b"\\", b"\\\\"))
    return "\\x2e" if text == "." else text


def print_message(number, stamp, source, target, transport, data):
    lines = data.split(b"\r\n")
    method = re.search(rb"(?im)^cseq\s*:\s*\d+\s+(\S+)", data)
    first = lines[0].split(b" ")
    name = first[1] + b" " + method.group(1) if first[0] == b"SIP/2.0" else first[0]
    print(f"\n# = {number} {name.decode()}")
    print(f"{stamp / 1e9:.6f} {source} -> {target}{transport}")
    for line in lines[:-1] if lines[-1] == b"" else lines:
        print(escaped(line))
    print(".")


class Voice:
    """Packets of RTP from one address to another, as lines that say what goes on."""

    def __init__(self, number, stamp, source, target):
        self.head = f"\n# = {number} RTP\n{stamp / 1e9:.6f} {source} -> {target} rtp"
        self.rows = []

    def add(self, stamp, data):
        second, sequence, clock, source = struct.unpack_from(">BHII", data, 1)
        row = dict(marker=second >> 7, type=second & 127, sequence=sequence, timestamp=clock, ssrc=source,
                   length=len(data) - 12 - 4 * (data[0] & 15), count=1, first=stamp, last=stamp, step=None)
        if row["length"] == 4 and row["type"] >= 96:
            event, end, duration = struct.unpack_from(">BBH", data, 12)
            row.update(event=event, end=end >> 7, volume=end & 127, duration=duration, more=None)
        if not (self.rows and self.goes_on(self.rows[-1], row, stamp)):
            self.rows.append(row)

    @staticmethod
    def goes_on(old, new, stamp):
        if any(old.get(k) != new.get(k) for k in ("type", "ssrc", "length", "event", "end", "volume")) or new["marker"] \
                or new["sequence"] != (old["sequence"] + old["count"]) % 65536 or stamp - old["last"] > 150_000_000:
            return False
        step = (new["timestamp"] - old["timestamp"]) / old["count"]
        more = (new["duration"] - old["duration"]) / old["count"] if "event" in new else None
        if step < 0 or (old["step"] not in (None, step)) or (more is not None and (more < 0 or old["more"] not in (None, more))):
            return False
        old.update(step=step, more=more, last=stamp, count=old["count"] + 1)
        return True

    def print(self):
        print(self.head)
        for i, row in enumerate(self.rows):
            following = self.rows[i + 1]["first"] if i + 1 < len(self.rows) else row["last"]
            every = (following - row["first"]) // row["count"] if i + 1 < len(self.rows) else \
                (row["last"] - row["first"]) // max(1, row["count"] - 1)
            text = f"packets {row['count']} every-us {max(every // 1000, 1)} type {row['type']} sequence {row['sequence']}"
            text += f" timestamp {row['timestamp']} timestamp-step {int(row['step'] or 0)} ssrc {row['ssrc']}"
            if "event" in row:
                text += f" event {row['event']} volume {row['volume']} duration {row['duration']}"
                text += f" duration-step {int(row['more'] or 0)}" + " end" * row["end"]
            else:
                text += f" length {row['length']}"
            print(text + " marker" * row["marker"])
        print(".")


def main():
    path, phone, title = sys.argv[1:4]
    print(f"# {title}\n# phone: phone {phone}")
    if len(sys.argv) > 4:
        for secret in json.load(open(sys.argv[4]))["secrets"]:
            print(f"# account: {secret['username']} {secret['password']}")
    start, number, voices = None, 0, {}
    for stamp, source, target, transport, data in datagrams(path):
        start = start or stamp
        if is_sip(data):
            for voice in voices.values():
                voice.print()
            voices, number = {}, number + 1
            print_message(number, stamp - start, source, target, transport, data)
        elif len(data) > 12 and data[0] >> 6 == 2 and not 72 <= data[1] & 127 <= 79 and source.startswith(phone + ":"):
            if (source, target) not in voices:
                number += 1
                voices[source, target] = Voice(number, stamp - start, source, target)
            voices[source, target].add(stamp - start, data)
    for voice in voices.values():
        voice.print()


if __name__ == "__main__":
    main()
