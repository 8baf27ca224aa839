#!/usr/bin/env python3
"""capture_speed.py BUILD OUT: how fast `offhook check` judges a capture, beside tshark and sngrep.

One core, 500,000 messages in calls of eight; the peers in turn in the same run, twice each, the
faster counts. tshark prints five fields of each message; sngrep reads without a screen. Both do
other things than judging, so the ratio is a bound, not a race. Then peak memory at ten times as
many messages, which must not be more than the capture's length has to do with it: exit status 1
where it is over 64 MiB.
"""
import os
import shutil
import subprocess
import sys
import time

BUILD, OUT = sys.argv[1], sys.argv[2]
MESSAGES = 500_000
MEMORY_MIB = 64
FIELDS = ["sip.Method", "sip.Status-Code", "sip.Call-ID", "sip.CSeq", "frame.time_epoch"]


def one_core():
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def measure(command, good=(0,)):
    """Seconds and MiB at the peak."""
    began = time.perf_counter()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, preexec_fn=one_core)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in good:
        sys.exit(f"{command[0]} ended with {child.returncode}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def generate(messages):
    path = os.path.join(OUT, f"{messages}.pcap")
    subprocess.run([os.path.join(BUILD, "tests/bench_capture"), str(messages), path], check=True)
    return path


def offhook(path):
    folder = os.path.join(OUT, "checked")
    return [os.path.join(BUILD, "offhook"), "check", path, "-o", folder]


def beside_peers(path):
    fields = [word for field in FIELDS for word in ("-e", field)]
    commands = {"offhook check": offhook(path),
                "tshark": ["tshark", "-r", path, "-Y", "sip", "-T", "fields", *fields],
                "sngrep": ["sngrep", "-N", "-q", "-l", str(MESSAGES), "-I", path,
                           "-O", os.path.join(OUT, "sngrep.pcap")]}
    commands = {name: line for name, line in commands.items() if shutil.which(line[0])}
    best = {}
    for _ in range(2):
        for name, line in commands.items():
            best[name] = min(measure(line), best.get(name, (1e9, 0)))
    ours = best["offhook check"][0]
    for name, (seconds, peak) in best.items():
        print(f"{name:14} {seconds:6.2f} s  {1e6 * seconds / MESSAGES:6.1f} us a message  "
              f"{peak:6.0f} MiB   {seconds / ours:5.1f} x")


def main():
    path = generate(MESSAGES)
    print(f"{MESSAGES:,} messages, all rules on, one core")
    beside_peers(path)
    os.unlink(path)
    path = generate(10 * MESSAGES)
    seconds, peak = measure(offhook(path))
    print(f"{10 * MESSAGES:,} messages: {seconds:.1f} s, peak {peak:.0f} MiB")
    os.unlink(path)
    return 1 if peak > MEMORY_MIB else 0


if __name__ == "__main__":
    sys.exit(main())
