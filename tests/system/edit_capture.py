"""edit_capture.py COUNT: for each line "CAPTURE PHONE-IP[:PORT] FOLDER" of standard input, parted by tabs,
copies of a classic pcap, in each of which one field of one message that the phone sent is another, of the
same length: FOLDER/NN-FRAME-FIELD.pcap. A field is edited in every copy of its message, so that a repeat
stays one. Prints of each how many there were to choose COUNT from."""
import re
import struct
import sys

LINK_HEADER = {101: 0, 228: 0, 0: 4, 1: 14, 113: 16, 276: 20}
START = re.compile(rb"(?:\A|\r\n)([A-Z]+ sips?:[^\r\n ]+ SIP/2.0|SIP/2.0 \d\d\d [^\r\n]*)\r\n")

FIRST, LATER, AGAIN, CHALLENGED = "first", "later", "again", "challenged"

# Each is wrong by an RFC wherever it is made: name, messages (by their start line), in which requests
# of a call (a first one, one in a dialog, there one that is not the phone's first, the first one that
# answers a challenge; None: all, and responses), pattern whose group is changed, what it becomes (None: its last character another).
FIELDS = [
    ("call-id", b"ACK |BYE |CANCEL |PRACK ", None, rb"\r\nCall-ID: *([^\r\n]+)", None),
    ("from-tag", b"ACK |BYE |CANCEL |PRACK |SIP/2.0 ", None, rb"\r\nFrom:[^\r\n]*;tag=([^;\r\n]+)", None),
    ("to-tag", b"[A-Z]+ sip", LATER, rb"\r\nTo:[^\r\n]*;tag=([^;\r\n]+)", None),
    ("cseq-number", b"ACK |CANCEL |SIP/2.0 ", None, rb"\r\nCSeq: *(\d+)", None),
    ("cseq-lower", b"(?!ACK |CANCEL )[A-Z]+ sip", AGAIN, rb"\r\nCSeq: *(\d+)", b"0"),
    ("cseq-lower", b"(?!ACK |CANCEL )[A-Z]+ sip", CHALLENGED, rb"\r\nCSeq: *(\d+)", b"0"),
    ("cseq-method", b"", None, rb"\r\nCSeq: *\d+ ([A-Z]+)", None),
    ("branch", b"CANCEL |SIP/2.0 ", None, rb"\r\nVia:[^\r\n]*?;branch=([^;, \r\n]+)", None),
    ("cookie", b"[A-Z]+ sip", None, rb"\r\nVia:[^\r\n]*?;branch=(z9hG4bK)", None),
    ("request-uri", b"INVITE |ACK |BYE |CANCEL ", None, rb"^[A-Z]+ sips?:([^@:; ]+)", None),
    ("nonce", b"", CHALLENGED, rb"Authorization:[^\r\n]*[ ,]nonce=\"([^\"]+)\"", None),
    ("realm", b"", CHALLENGED, rb"Authorization:[^\r\n]*[ ,]realm=\"([^\"]+)\"", None),
    ("contact", b"INVITE |REGISTER ", None, rb"\r\n(Contact):", b"X"),
    ("max-forwards", b"[A-Z]+ sip", None, rb"\r\n(Max-Forwards):", b"X"),
    ("no-to-tag", b"SIP/2.0 [2-6]", None, rb"\r\nTo:[^\r\n]*;(tag)=", b"x"),
    ("no-via", b"SIP/2.0 ", None, rb"\r\n(Via):", b"X"),
    ("no-cseq", b"SIP/2.0 ", None, rb"\r\n(CSeq):", b"X"),
    ("no-from", b"SIP/2.0 ", None, rb"\r\n(From):", b"X"),
    ("no-to", b"SIP/2.0 ", None, rb"\r\n(To):", b"X"),
    ("no-from-tag", b"", FIRST, rb"\r\nFrom:[^\r\n]*;(tag)=", b"x"),
]


def packets(data, phone):
    """Where each IPv4 packet's UDP or TCP payload begins and ends, and whether the phone sent it."""
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    ip, _, port = phone.partition(":")
    sender = bytes(int(part) for part in ip.split("."))
    from_port = struct.pack(">H", int(port)) if port else b""
    link = LINK_HEADER[struct.unpack(order + "I", data[20:24])[0]]
    at = 24
    while at + 16 <= len(data):
        end = at + 16 + struct.unpack(order + "I", data[at + 8:at + 12])[0]
        ip, at = at + 16 + link, end
        protocol = data[ip + 9:ip + 10]
        if not b"\x45" <= data[ip:ip + 1] <= b"\x4f" or protocol not in (b"\x06", b"\x11"):
            continue
        inner = ip + (data[ip] & 15) * 4
        begin = inner + (8 if protocol == b"\x11" else (data[inner + 12] >> 4) * 4)
        sent = data[ip + 12:ip + 16] == sender and data[inner:inner + 2].startswith(from_port)
        if begin < end:
            yield begin, end, sent


def other(value):
    """The same with its last character another one of its kind."""
    last = value[-1:]
    kinds = (b"0123456789", b"abcdefghijklmnopqrstuvwxyz", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    for kind in kinds:
        if last in kind:
            return value[:-1] + kind[(kind.index(last) + 5) % len(kind):][:1]
    return value[:-1] + b"x"


def changed(value, to):
    if to is None:
        return other(value)
    return to * len(value) if to == b"0" else to + value[1:]


def places_of(message, challenged, calls):
    """Where in its call a request stands; a response nowhere."""
    if message.startswith(b"SIP/2.0"):
        return ()
    call = re.search(rb"\r\nCall-ID: *([^\r\n]+)", message).group(1)
    again = call in calls
    calls.add(call)
    if re.search(rb"\r\nTo:[^\r\n]*;tag=", message):
        return (LATER, AGAIN) if again else (LATER,)
    nonce = re.search(rb"Authorization:[^\r\n]*[ ,]nonce=\"([^\"]+)\"", message)
    if nonce and nonce.group(1) in challenged:
        challenged.remove(nonce.group(1))
        return (CHALLENGED,)
    return (FIRST,)


def messages(data, phone):
    """What the phone sent: where it begins, the message, and where in its call it stands."""
    sent, challenged, begun = [], set(), set()
    for begin, end, is_phones in packets(data, phone):
        start = START.search(data[begin:end])
        if not start:
            continue
        begin += start.start(1)
        message = data[begin:end]
        if is_phones:
            sent.append((begin, message, places_of(message, challenged, begun)))
        else:
            challenged.update(re.findall(rb"Authenticate:[^\r\n]*[ ,]nonce=\"([^\"]+)\"", message))
    return sent


def edits(sent):
    calls = any(m.startswith(b"INVITE") or b" INVITE\r\n" in m for _, m, _ in sent)
    seen, found = set(), []
    for number, (_, message, places) in enumerate(sent):
        background = calls and re.search(rb"\r\nCSeq: *\d+ (REGISTER|OPTIONS)", message)
        if message in seen or message.startswith(b"SIP/2.0 100") or background:
            continue
        seen.add(message)
        for name, which, where, pattern, to in FIELDS:
            match = re.search(pattern, message)
            if not match or not re.match(which, message) or (where and where not in places):
                continue
            found.append((number, name, message, match.start(1), match.group(1), to))
    return found


def edit(path, phone, folder, count):
    data = open(path, "rb").read()
    sent = messages(data, phone)
    found = edits(sent)
    step = max(1, len(found) / count)
    for i in range(min(count, len(found))):
        number, name, message, at, value, to = found[int(i * step)]
        copy = bytearray(data)
        for begin, same, _ in sent:
            if same == message:
                copy[begin + at:begin + at + len(value)] = changed(value, to)
        with open(f"{folder}/{i:02d}-{number}-{name}.pcap", "wb") as out:
            out.write(copy)
    return len(found)


for line in sys.stdin:
    print(edit(*line.rstrip("\n").split("\t"), int(sys.argv[1])))
