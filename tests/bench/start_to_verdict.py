#!/usr/bin/env python3
"""start_to_verdict.py BUILD OUT: what a run takes over what flow and phone themselves take.

The flow's own time is read from run.json (its journal); the phone's is that of its program alone,
start to ready. A verdict is there when its line is printed; behind it the phone is stopped and the
capture closed (the kernel takes some 20 ms for that), which the whole process waits for as well.
Medians of several runs, each kind in turn, beside `sipp -m 1`.
"""
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time

TIMES = 15
MANY = 20
BUILD, OUT = sys.argv[1], sys.argv[2]
FLOW = "scenarios/cisco-7960/call-out-busy.yaml"


def seconds(command, **options):
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, **options)
    return time.perf_counter() - began


def flow_seconds(folder):
    """From the flow's first event to its last, of all scenarios below."""
    total = 0
    for path, _, files in os.walk(folder):
        if "run.json" in files:
            journal = json.load(open(os.path.join(path, "run.json")))["journal"]
            at = {entry["kind"]: entry["t_ns"] for entry in journal}
            total += (at["flow-ends"] - at["flow-begins"]) / 1e9
    return total


def run(name, scenarios):
    """Seconds until the last verdict, until the end of the process, and of the flows."""
    folder = os.path.join(OUT, name)
    shutil.rmtree(folder, ignore_errors=True)
    began = verdict = time.perf_counter()
    command = [BUILD + "/offhook", "run", scenarios, "-o", folder, "--color", "never"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as offhook:
        for line in offhook.stdout:
            if line.startswith(b"PASS"):
                verdict = time.perf_counter()
    if offhook.returncode != 0:
        sys.exit("a healthy phone did not pass: " + " ".join(command))
    return verdict - began, time.perf_counter() - began, flow_seconds(folder)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def phone_alone():
    command = [BUILD + "/offhook-reference-phone", "--listen", "127.0.0.1:%d" % free_port(), "--account",
               "sip:1001@127.0.0.1:9", "--auth-user", "1001"]
    began = time.perf_counter()
    phone = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL,
                             env=dict(os.environ, OFFHOOK_PHONE_PASSWORD="secret"))
    for line in phone.stdout:
        if b'"ready"' in line:
            ready = time.perf_counter() - began
            break
    phone.stdin.write(b'{"id":1,"command":"quit"}\n')
    phone.stdin.flush()
    phone.wait(timeout=10)
    return ready


def sipp_one(port, *options):
    return seconds(["sipp", "127.0.0.1:%d" % port, "-sn", "uac", "-m", "1", "-d", "0", "-nostdin",
                    "-i", "127.0.0.1", *options], stderr=subprocess.DEVNULL)


def main():
    many = os.path.join(OUT, "many")
    os.makedirs(many)
    for i in range(MANY):
        shutil.copy(FLOW, os.path.join(many, "flow-%d.yaml" % i))
    port = free_port()
    uas = subprocess.Popen(["sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-nostdin"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    one, whole, further, peer, hasty = [], [], [], [], []
    try:
        time.sleep(0.5)
        for _ in range(TIMES):
            phone = phone_alone()
            verdict, process, flow = run("one", FLOW)
            one.append(verdict - flow - phone)
            whole.append(process - flow - phone)
            verdicts, _, flows = run("all", many)
            further.append(((verdicts - flows) - (verdict - flow)) / (MANY - 1))
            peer.append(sipp_one(port))
            hasty.append(sipp_one(port, "-r", "1000"))
    finally:
        uas.kill()
        uas.wait()
    ms = {name: statistics.median(values) * 1000
          for name, values in (("one", one), ("whole", whole), ("further", further), ("peer", peer),
                                 ("hasty", hasty))}
    print("a run of one         %.1f ms to its verdict over flow and phone (aim: 30)" % ms["one"])
    print("                     %.1f ms to its end" % ms["whole"])
    print("each further one     %.1f ms over its flow (aim: 5)" % ms["further"])
    print("sipp -m 1            %.1f ms, %.1f times a run of one to its end" %
          (ms["peer"], ms["peer"] / ms["whole"]))
    print("sipp -m 1 -r 1000    %.1f ms, %.1f times" % (ms["hasty"], ms["hasty"] / ms["whole"]))


main()
