"""lint_speed.py BUILD FOLDER: how long `offhook lint` takes for 1,000 scenario files, on one core: copies of
those of the tree, read from FOLDER. The best of five, beside the 500 ms that are aimed at."""
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time

AIM_MS, FILES = 500, 1000
build, folder = sys.argv[1], pathlib.Path(sys.argv[2]) / "lint"
sources = sorted(p for p in pathlib.Path("scenarios").glob("*/*.yaml") if p.parent.name != "requirements")
folder.mkdir()
for i in range(FILES):
    shutil.copy(sources[i % len(sources)], folder / f"{i}.yaml")

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
best = None
for _ in range(5):
    before, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([f"{build}/offhook", "lint", folder], check=True, stdout=subprocess.DEVNULL)
    wall = (time.monotonic() - before) * 1000
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime) * 1000
    if best is None or wall < best[0]:
        best = (wall, cpu)
print(f"{FILES} files: {best[0]:.0f} ms ({best[1]:.0f} ms of processor time); "
      f"{best[0] / AIM_MS:.2f} of the {AIM_MS} ms aimed at")
sys.exit(best[0] > AIM_MS)
