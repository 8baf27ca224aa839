#!/usr/bin/env python3
"""Writes the messages of a run as readable text (harness/trace/trace.h), for tests/data/edits/.

    offhook run -o OUT SCENARIO... && tests/edits/captures.py OUT > tests/data/edits/captures.txt

Each scenario is a capture, with its seats and the phone's account in comments:
    # = NAME
    # seat NAME ADDRESS
    # phone SEAT USER PASSWORD
Frames are the places of the messages in their capture, from 1, as in the run's own capture but for
its RTP. A capture is kept as it was recorded, byte by byte; only the stamps start at zero.
"""

import json
import pathlib
import sys


def line_of(text):
    """One line of a message in the readable form."""
    escaped = text.replace("\\", "\\\\")
    return "\\x2e" if escaped == "." else escaped


def print_capture(folder, scenario):
    run = json.loads((folder / scenario["folder"] / "run.json").read_text())
    secrets = json.loads((folder / scenario["folder"] / "secrets.json").read_text())["secrets"]
    print(f"# = {scenario['id'].split('/')[-1]}")
    for seat in run["seats"]:
        print(f"# seat {seat['name']} {seat['sip']}")
    for secret in secrets:
        print(f"# phone {secret['seat']} {secret['username']} {secret['password']}")
    start = scenario["messages"][0]["time_s"]
    for message in scenario["messages"]:
        print(f"{message['time_s'] - start:.3f} {message['source']} -> {message['destination']}")
        for line in message["text"].removesuffix("\r\n").split("\r\n"):
            print(line_of(line))
        print(".")
    print()


def main():
    folder = pathlib.Path(sys.argv[1])
    report = json.loads((folder / "report.json").read_text())
    print("# Sound calls of the reference phone, as captures.py wrote them. Each draw of drawn.txt")
    print("# edits one message of one of them.")
    for scenario in report["scenarios"]:
        print_capture(folder, scenario)


if __name__ == "__main__":
    main()
