"""Backs up and restores an instance of 1 GB: the published demo, 500 MB of records and a 500 MB response store.

python benchmarks/backups.py [FOLDER]
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from comity.demo.minneapolis import publish_demo
from comity.instance.backups import back_up, restore
from comity.instance.backups.keys import create_key

HALF = 500_000_000


def fill(instance: Path) -> None:
    random.seed(7)
    publish_demo(instance, today=date(2026, 11, 22))
    with (instance / "records" / "large.parquet").open("wb") as file:
        for _ in range(HALF // 10_000_000):
            file.write(random.randbytes(10_000_000))
    with closing(sqlite3.connect(instance / "responses.sqlite3")) as store:
        store.execute("PRAGMA synchronous=OFF")
        store.execute("CREATE TABLE response (slot BLOB PRIMARY KEY, answers BLOB)")
        rows = ((random.randbytes(32), random.randbytes(2000)) for _ in range(HALF // 2050))
        store.executemany("INSERT INTO response VALUES (?, ?)", rows)
        store.commit()


def main() -> None:
    folder = Path(tempfile.mkdtemp(dir=sys.argv[1] if len(sys.argv) > 1 else None))
    try:
        fill(folder / "town")
        recipient = create_key(folder / "key.txt")
        os.sync()
        start = time.perf_counter()
        made = back_up(folder / "town", folder / "kept", recipients=[recipient], now=datetime(2026, 11, 22, tzinfo=UTC))
        backed_up = time.perf_counter()
        found = restore(made.file, folder / "again", identity=folder / "key.txt")
        restored = time.perf_counter()
        print(f"{made.size / 1e9:.2f} GB: backup {backed_up - start:.1f} s, restore {restored - backed_up:.1f} s,")
        print(f"{found.files} files and {found.entries} entries of the ledger verified; load {os.getloadavg()[0]:.1f}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
