#!/usr/bin/env python3
"""Draws 120 edits of what the phone sent in tests/data/edits/captures.txt, with a fixed seed.

    tests/edits/draw.py > tests/data/edits/drawn.txt

Drawn, each uniformly: a message of the phone x a line of it (start line, header, SDP) x a kind of
edit x what the kind leaves open. Nothing here knows what a rule looks at, and a draw is never
thrown away for what it is. Drawn again is only
  - what cannot be done: nothing to do it to in this line, no other value known, a line that has no
    next one to be swapped with, a start line taken away (what is left would be no SIP message);
  - what changes no byte;
  - the very same edit of the very same message.
An edit of the body brings Content-Length along, so that it is one edit and not two.

All ways to write the same otherwise (case, compact form, folding, white space, order, a parameter
that nobody knows) are one kind of the eight. It should mostly be lawful; each other may be.
"""

import pathlib
import random
import re

SEED = 3261
COUNT = 120
CAPTURES = pathlib.Path(__file__).parent.parent / "data" / "edits" / "captures.txt"

COMPACT = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m", "Supported": "k",
           "Content-Type": "c", "Content-Length": "l"}
TAKES_PARAMETERS = {"Via", "From", "To", "Contact", "Route", "Record-Route", "Content-Type"}

# Other well-formed values. %s: the method of the request, or of what is answered.
OTHER_VALUES = {
    "request": ["%s sip:4711@192.0.2.7 SIP/2.0", "OPTIONS sip:192.0.2.7 SIP/2.0"],
    "status": ["SIP/2.0 202 Accepted", "SIP/2.0 486 Busy Here", "SIP/2.0 183 Session Progress"],
    "Via": ["SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKother"],
    "Max-Forwards": ["69", "0", "255"],
    "From": ["<sip:4711@192.0.2.7>;tag=other", '"Other" <sip:4711@example.net>;tag=another'],
    "To": ["<sip:4711@192.0.2.7>;tag=other", "<sip:4711@example.net>"],
    "Call-ID": ["other@192.0.2.7"],
    "CSeq": ["4711 %s", "4711 OPTIONS"],
    "Contact": ["<sip:4711@192.0.2.7:5062>", "*"],
    "Route": ["<sip:192.0.2.9;lr>"],
    "Record-Route": ["<sip:192.0.2.9;lr>"],
    "User-Agent": ["Other/1.0"],
    "Allow": ["INVITE, ACK, BYE", "OPTIONS"],
    "Supported": ["timer", "replaces, path"],
    "Require": ["timer"],
    "Expires": ["7200", "0"],
    "RAck": ["4711 4711 INVITE"],
    "Authorization": ["Basic MTAwMTpvdGhlcg=="],
    "Proxy-Authorization": ["Basic MTAwMTpvdGhlcg=="],
    "Content-Type": ["text/plain"],
    "Content-Length": ["0", "4711"],
    "v": ["1"],
    "o": ["other 4711 4711 IN IP4 192.0.2.7"],
    "s": ["other"],
    "c": ["IN IP4 192.0.2.7", "IN IP6 2001:db8::7"],
    "t": ["4711 4712"],
    "m": ["audio 4000 RTP/AVP 18", "video 4000 RTP/AVP 34"],
    "a": ["rtpmap:18 G729/8000", "inactive", "sendonly"],
}


class Inapplicable(Exception):
    pass


class Message:
    def __init__(self, capture, number, lines):
        self.capture, self.number, self.lines = capture, number, lines
        self.empty = lines.index("") if "" in lines else len(lines)
        if lines[0].startswith("SIP/2.0 "):
            cseq = next(line for line in lines if line.startswith("CSeq:"))
            self.method = cseq.split()[-1]
        else:
            self.method = lines[0].split()[0]

    def places(self):
        return [i for i in range(len(self.lines)) if i != self.empty]

    def length_of(self, body):
        return sum(len(line.encode()) + 2 for line in body)


class Line:
    """A line cut into what stands before its value, and the value."""

    def __init__(self, message, index):
        text = message.lines[index]
        self.index, self.message, self.text = index, message, text
        self.is_start = index == 0
        self.is_body = index > message.empty
        if self.is_start:
            self.name, self.head, self.value = "start line", "", text
        elif self.is_body:
            self.name, self.head, self.value = text[0], text[:2], text[2:]
        else:
            self.name, _, rest = text.partition(":")
            self.value = rest.strip()
            self.head = text[:len(text) - len(self.value)]

    def with_value(self, value):
        return [self.head + value]


# --- the kinds: line -> what stands in its place, or (way, lines) ---

def remove(line, rng):
    if line.is_start:
        raise Inapplicable
    return []


def double(line, rng):
    return [line.text, line.text]


def empty(line, rng):
    if line.is_start:
        raise Inapplicable
    return [line.head.rstrip()]


def other_value(line, rng):
    key = line.name
    if line.is_start:
        key = "status" if line.text.startswith("SIP/2.0 ") else "request"
    if key not in OTHER_VALUES:
        raise Inapplicable
    value = rng.choice(OTHER_VALUES[key])
    return line.with_value(value % line.message.method if "%s" in value else value)


def change_word(word, rng):
    if word.isdigit():
        number = max(0, int(word) + rng.choice([-1, 1]))
        return str(number).rjust(len(word), "0")
    last = word[-1]
    if last.isdigit():
        return word[:-1] + str((int(last) + 1) % 10)
    first = "a" if last.islower() else "A"
    return word[:-1] + chr((ord(last) - ord(first) + 1) % 26 + ord(first))


def change_part(line, rng):
    """One word: a number by one, of others the last character."""
    words = list(re.finditer(r"[A-Za-z0-9]+", line.value))
    if not words:
        raise Inapplicable
    word = rng.choice(words)
    changed = change_word(word.group(), rng)
    return line.with_value(line.value[:word.start()] + changed + line.value[word.end():])


PARTS = [r";[^;,<>]+", r", ?[^,]+", r" [^ ,;<>]+", r"[^:<>@ ]+@", r":\d+(?=[^\d]|$)"]


def remove_part(line, rng):
    """One parameter, item of a list, word behind a space, user or port."""
    parts = [hit for form in PARTS for hit in re.finditer(form, line.value)]
    if not parts:
        raise Inapplicable
    part = rng.choice(parts)
    return line.with_value(line.value[:part.start()] + line.value[part.end():])


def garble(line, rng):
    """One separator taken away, or one put where it came."""
    at = [i for i, c in enumerate(line.text) if c in '<>":;/@=,. ']
    if at and rng.random() < 0.5:
        i = rng.choice(at)
        return [line.text[:i] + line.text[i + 1:]]
    i = rng.randrange(len(line.head), len(line.text) + 1)
    return [line.text[:i] + rng.choice(["<", '"', "{", "@", ",,", "\\x07"]) + line.text[i:]]


def in_other_case(line, rng):
    name = line.head if not line.is_start else line.text.split()[0]
    changed = name.lower() if name.upper() == name else name.upper()
    return [changed + line.text[len(name):]]


def in_compact_form(line, rng):
    if line.is_body or line.name not in COMPACT:
        raise Inapplicable
    return [COMPACT[line.name] + line.text[len(line.name):]]


def folded(line, rng):
    at = [hit.start() for hit in re.finditer(r"[ ;]", line.value)]
    if line.is_start or line.is_body or not at:
        raise Inapplicable
    i = rng.choice(at)
    return [line.head + line.value[:i], " " + line.value[i:].lstrip()]


def with_white_space(line, rng):
    if line.is_start:
        return [line.text.replace(" ", "  ", 1)]
    if line.is_body:
        return [line.head + " " + line.value]
    return [line.name + " :  " + line.value + rng.choice(["", " ", "\\x09"])]


def with_unknown_parameter(line, rng):
    if line.is_body or line.name not in TAKES_PARAMETERS:
        raise Inapplicable
    return [line.text + ";x-other=1"]


def before_its_neighbour(line, rng):
    message, i = line.message, line.index
    if line.is_start or i + 1 >= len(message.lines) or i + 1 == message.empty:
        raise Inapplicable
    return [message.lines[i + 1], line.text]


WAYS = [in_other_case, in_compact_form, folded, with_white_space, with_unknown_parameter,
        before_its_neighbour]


def otherwise(line, rng):
    way = rng.choice(WAYS)
    return way.__name__.replace("_", " "), way(line, rng)


KINDS = [remove, double, empty, other_value, change_part, remove_part, garble, otherwise]


# --- drawing ---

def hunks_of(line, put):
    """(first line, old lines, new lines) of the message, and of its length if the body changed."""
    message = line.message
    old = message.lines[line.index:line.index + 1]
    if len(put) == 2 and put[1] == line.text and put[0] != line.text:
        old = message.lines[line.index:line.index + 2]
    if old == put:
        raise Inapplicable
    hunks = [(line.index + 1, old, put)]
    if line.is_body:
        body = message.lines[message.empty + 1:line.index] + put + \
            message.lines[line.index + len(old):]
        body = [text.replace("\\x07", "\a").replace("\\x09", "\t") for text in body]
        at = next(i for i, text in enumerate(message.lines) if text.startswith("Content-Length:"))
        length = f"Content-Length: {message.length_of(body)}"
        if length != message.lines[at]:
            hunks.insert(0, (at + 1, [message.lines[at]], [length]))
    return hunks


def draw_one(messages, rng):
    message = rng.choice(messages)
    line = Line(message, rng.choice(message.places()))
    kind = rng.choice(KINDS)
    put, way = kind(line, rng), kind.__name__.replace("_", " ")
    if isinstance(put, tuple):
        way, put = f"{way}: {put[0]}", put[1]
    return message, line.name, way, hunks_of(line, put)


def read_messages():
    """Those whose source is the phone's seat."""
    messages, capture, phone, number, lines = [], None, None, 0, None
    for text in CAPTURES.read_text().split("\n"):
        if lines is not None:
            if text != ".":
                lines.append(text)
                continue
            if is_phones:
                messages.append(Message(capture, number, lines))
            lines = None
        elif text.startswith("# = "):
            capture, number = text[4:], 0
        elif text.startswith("# seat A "):
            phone = text.split()[-1]
        elif re.match(r"\d", text):
            is_phones = text.split()[1] == phone
            number, lines = number + 1, []
    return messages


def main():
    rng = random.Random(SEED)
    messages = read_messages()
    drawn, seen, again = [], set(), 0
    while len(drawn) < COUNT:
        try:
            message, name, way, hunks = draw_one(messages, rng)
        except Inapplicable:
            again += 1
            continue
        key = (message.capture, message.number, str(hunks))
        again += key in seen
        if key not in seen:
            seen.add(key)
            drawn.append((message, name, way, hunks))
    print(f"# Written by tests/edits/draw.py: {COUNT} edits of {len(messages)} messages, seed {SEED};")
    print(f"# {again} draws could not be done or were had before. Never edited by hand.")
    print("# NUMBER | CAPTURE | MESSAGE OF IT | FIELD | KIND; then '@ LINE OF THE MESSAGE', lines")
    print("# taken away ('-'), lines put there ('+').")
    for i, (message, name, way, hunks) in enumerate(drawn):
        print(f"\n= {i + 1} | {message.capture} | {message.number} | {name} | {way}")
        for first, old, put in hunks:
            print(f"@ {first}")
            for text in old:
                print(f"-{text}")
            for text in put:
                print(f"+{text}")


if __name__ == "__main__":
    main()
