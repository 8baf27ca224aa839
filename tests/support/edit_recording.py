"""Does to a recording what a bench can do to it. Usage: edit_recording.py FOLDER OPERATION

  lose SEED PERCENT   so many of the frames of capture.pcap are not there
  lose-rtp COUNT      the last so many frames that are no SIP are not there
  set-clock SECONDS   from the middle of the flow on all stamps are so much later (or, below 0, earlier), in the
                      capture and in run.json
Prints how many frames are gone, or how many stamps are changed.
"""
import json
import os
import random
import struct
import sys


def frames(data):
    at = 24
    while at < len(data):
        length = 16 + struct.unpack_from("<I", data, at + 8)[0]
        yield data[at:at + length]
        at += length


def is_sip(frame):
    return b"SIP/2.0" in frame


def keep(path, choose):
    with open(path, "rb") as file:
        data = file.read()
    all_frames = list(frames(data))
    kept = choose(all_frames)
    with open(path, "wb") as file:
        file.write(data[:24] + b"".join(kept))
    return len(all_frames) - len(kept)


def lose(path, seed, percent):
    dice = random.Random(seed)
    return keep(path, lambda all_frames: [f for f in all_frames if dice.random() * 100 >= percent])


def lose_rtp(path, count):
    def choose(all_frames):
        gone = [i for i, f in enumerate(all_frames) if not is_sip(f)][-count:]
        return [f for i, f in enumerate(all_frames) if i not in gone]

    return keep(path, choose)


def set_clock(folder, seconds):
    shift = int(seconds * 1e9)
    with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
        run = json.load(file)
    begin = next(j["t_ns"] for j in run["journal"] if j["kind"] == "flow-begins")
    end = next(j["t_ns"] for j in run["journal"] if j["kind"] == "flow-ends")
    middle, changed = (begin + end) // 2, 0
    for entry in run["journal"] + run["tap"]:
        if entry["t_ns"] >= middle:
            entry["t_ns"] += shift
            changed += 1
    run["ended_ns"] += shift
    run["clock_step_ns"] = abs(shift)
    if os.environ.get("UNNOTICED"):
        del run["clock_step_ns"]
    with open(os.path.join(folder, "run.json"), "w", encoding="utf-8") as file:
        json.dump(run, file)
    path = os.path.join(folder, "capture.pcap")
    with open(path, "rb") as file:
        data = file.read()
    out = [data[:24]]
    for frame in frames(data):
        s, ns = struct.unpack_from("<II", frame)
        if s * 10**9 + ns >= middle:
            s, ns = divmod(s * 10**9 + ns + shift, 10**9)
        out.append(struct.pack("<II", s, ns) + frame[8:])
    with open(path, "wb") as file:
        file.write(b"".join(out))
    return changed


def main(folder, operation, *numbers):
    path = os.path.join(folder, "capture.pcap")
    values = [float(n) for n in numbers]
    print({"lose": lambda: lose(path, int(values[0]), values[1]),
           "lose-rtp": lambda: lose_rtp(path, int(values[0])),
           "set-clock": lambda: set_clock(folder, values[0])}[operation]())


if __name__ == "__main__":
    main(*sys.argv[1:])
