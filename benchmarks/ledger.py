"""The ledger beside its peers: verifying 1,000 files and sha256sum; appending to and proving in a log of a million.

    python benchmarks/ledger.py [verify] [log]

Prints medians and ratios. Everything is made in a temporary folder from a fixed seed.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from comity.ledger import Log, Signer, seal_files, start_ledger, verify
from comity.ledger.merkle import is_included, leaf_hash

SIGNER = Signer.from_seed("example.com/benchmark", b"\x01" * 32)


def main() -> None:
    chosen = sys.argv[1:] or ["verify", "log"]
    for name in chosen:
        {"verify": measure_verify, "log": measure_log}[name]()


def measure_verify(*, files: int = 1_000, rounds: int = 15) -> None:
    """`verify` of a release of 1,000 files against `sha256sum` over the same files; start-up of both taken off."""
    for bytes_each in (2_000, 20_000, 200_000):
        with TemporaryDirectory() as folder:
            public, paths = _release(Path(folder) / "public", files, bytes_each)
            ours, theirs = [], []
            start = partial(subprocess.run, ["sha256sum", "/dev/null"], capture_output=True, check=True)
            empty = _seconds(start, rounds)
            for _ in range(rounds):  # side by side, so that what else the machine does falls on both
                ours += _seconds(partial(_verified, public), 1)
                theirs += _seconds(partial(subprocess.run, ["sha256sum", *paths], capture_output=True, check=True), 1)
            our, their = statistics.median(ours), statistics.median(theirs) - statistics.median(empty)
            print(
                f"verify {files:,} files of {bytes_each:,} bytes: {our * 1e3:.1f} ms; sha256sum {their * 1e3:.1f} ms "
                f"(start-up of {statistics.median(empty) * 1e3:.1f} ms taken off); ratio {our / their:.2f}"
            )


def measure_log(*, size: int = 1_000_000, rounds: int = 50) -> None:
    """Appending one entry to a log of a million, and one inclusion proof from its files."""
    with TemporaryDirectory() as folder:
        start_ledger(Path(folder), signer=SIGNER)
        log = Log(Path(folder) / "ledger")
        begun = time.perf_counter()
        log.append([_entry(number) for number in range(1, size)], signer=SIGNER)
        print(f"log of {size:,} entries made in {time.perf_counter() - begun:.1f} s")

        pick = random.Random(1)
        appended = _seconds(lambda: log.append([_entry(pick.randrange(size))], signer=SIGNER), rounds)
        print(f"append: median {_ms(appended)}, slowest {max(appended) * 1e3:.1f} ms")

        index = [pick.randrange(size) for _ in range(rounds)]
        proved = _seconds(lambda: log.inclusion_proof(index.pop()), rounds)
        print(f"inclusion proof: median {_ms(proved)}, slowest {max(proved) * 1e3:.1f} ms")
        consistent = _seconds(lambda: log.consistency_proof(pick.randrange(1, size)), rounds)
        print(f"consistency proof: median {_ms(consistent)}, slowest {max(consistent) * 1e3:.1f} ms")
        begun = time.perf_counter()
        _verified(Path(folder))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"verify of the whole log: {time.perf_counter() - begun:.1f} s; peak memory of this program {peak:,.0f} MiB"
        )
        assert is_included(leaf_hash(_entry(5)), 5, log.size, log.inclusion_proof(5), log.root())


def _release(public: Path, files: int, bytes_each: int) -> tuple[Path, list[str]]:
    pick = random.Random(1)
    folder = public / "releases/stops/2017/v1"
    (folder / "tables").mkdir(parents=True)
    named = {}
    for number in range(files):
        data = pick.randbytes(bytes_each)
        (folder / f"tables/{number:04}.csv").write_bytes(data)
        named[f"tables/{number:04}.csv"] = {"sha256": sha256(data).hexdigest(), "bytes": len(data)}
    (folder / "manifest.json").write_text(json.dumps({"files": named}))
    start_ledger(public, signer=SIGNER)
    seal_files(public, "release", ["releases/stops/2017/v1/manifest.json"], signer=SIGNER)
    return public, [str(folder / name) for name in named]


def _verified(public: Path) -> None:
    assert verify(public).is_intact


def _entry(number: int) -> bytes:
    return b'{"files":{},"kind":"release","number":%d}' % number


def _seconds(work: Callable[[], object], rounds: int) -> list[float]:
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return found


def _ms(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1e3:.1f} ms"


if __name__ == "__main__":
    main()
