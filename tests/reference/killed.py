"""Ends a process just before one of its writing system calls, as a power cut or `kill -9` would."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

WRITES = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "shutil.rmtree"}


def is_killed(work: Callable[[], object], *, at: int) -> bool:
    """Do `work` in a process killed just before its `at`-th writing system call; False when it came to its end."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
    try:
        left = at

        def count(*_: object) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                os._exit(9)

        def watch(event: str, args: tuple[object, ...]) -> None:
            if event in WRITES and not (event == "open" and isinstance(args[2], int) and not args[2] & os.O_CREAT):
                count()

        os.fsync = count
        os.sync = count
        sys.addaudithook(watch)
        work()
        os._exit(0)
    finally:
        os._exit(1)
