"""One SQLite writer at a time, waiting in the kernel: SQLite's own waiting is by sleeping, and up to 100 ms too long."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connections


@contextmanager
def sqlite_turn(store: str) -> Iterator[None]:
    """Holds off whoever else takes turns at `store`, in any process. Does nothing on other databases."""
    if connections[store].vendor != "sqlite":
        yield
        return
    path = Path(str(connections[store].settings_dict["NAME"]) + ".turn")
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
