#!/usr/bin/env python3
"""sipp_load.py RATE SECONDS: SIPp calling SIPp, for what bench_load costs beside it."""
import socket
import subprocess
import sys
import time

RATE, CALLS = int(sys.argv[1]), int(sys.argv[1]) * int(sys.argv[2])
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    port = free_port()
    buffers = ["-nostdin", "-buff_size", "8000000"]
    uas = subprocess.Popen(["sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(port), *buffers],
                           **QUIET)
    try:
        time.sleep(0.5)
        began = time.perf_counter()
        uac = subprocess.run(["sipp", "127.0.0.1:%d" % port, "-sn", "uac", "-i", "127.0.0.1", "-d", "0",
                              "-r", str(RATE), "-m", str(CALLS), "-l", "15000", *buffers], **QUIET)
        took = time.perf_counter() - began
        cpu_ns = int(open("/proc/%d/schedstat" % uas.pid).read().split()[0])
    finally:
        uas.kill()
        uas.wait()
    print("SIPp as the peer     %d calls at %d/s in %.2f s, %s; %.1f us CPU a call" %
          (CALLS, RATE, took, "all completed" if uac.returncode == 0 else "NOT all completed",
           cpu_ns / 1000 / CALLS))


main()
