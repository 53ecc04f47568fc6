"""The same input gives the same release in every process, whatever the order of Python's sets there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
sys.path[:0] = ["src", "benchmarks"]
from random_tables import random_release
from comity.disclosure import Policy, protect
from comity.disclosure.one_table import as_csv
for tables in (random_release(3), random_release(8)):
    protected = protect(tables, Policy())
    print(protected.report.as_record())
    for rows in protected.tables.values():
        print(as_csv(rows))
"""


def test_two_processes_make_the_same_release():
    printed = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(printed) == 1
    assert "suppressed" in printed.pop()
