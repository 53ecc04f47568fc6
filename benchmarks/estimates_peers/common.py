"""What every peer's program shares: the data of one piece of work, and a fair way to time it and to see its memory.

Run: python PEER.py FOLDER REPEAT. Prints one line of JSON and leaves its numbers in FOLDER/values.npy.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

FOLDER, REPEAT = Path(sys.argv[1]), int(sys.argv[2])
GIVEN = json.loads((FOLDER / "given.json").read_text())


def best(work, repeat=REPEAT):
    """The result, the least wall and processor seconds, and the extra memory of the first run in KiB (Linux)."""
    before = _memory("VmRSS", reset=True)
    wall, cpu, memory = [], [], 0
    for at in range(repeat):
        start, used = time.perf_counter(), time.process_time()
        result = work()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
        if at == 0:
            memory = _memory("VmHWM") - before
    return result, {"seconds": min(wall), "cpu": min(cpu), "kib": memory}


def done(values, figures, **more):
    np.save(FOLDER / "values.npy", np.asarray(values, float))
    print(json.dumps(figures | more))


def _memory(name, *, reset=False):
    """Resident memory now (VmRSS) or its peak since the last reset (VmHWM)."""
    if not Path("/proc/self/status").exists():
        return 0
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])
