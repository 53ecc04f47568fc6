"""One round of what happens without anybody's click: every room's jobs, each alone, so that none stops the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.utils.module_loading import module_has_submodule

Job = Callable[[Path, datetime], int]


@dataclass(frozen=True)
class Done:
    """What came of one job. count: things it did. failure: the kind of its error, or ""; never what an error says."""

    job: str
    count: int
    failure: str = ""


def jobs() -> list[tuple[str, Job]]:
    """(room.job, job) of every room that is served, the community's last: its mail tells of what the others did."""
    return [
        (f"{room.rpartition('.')[2]}.{job.__name__}", job)
        for room in settings.ROOMS
        if module_has_submodule(import_module(room), "jobs")
        for job in import_module(f"{room}.jobs").JOBS
    ]


def work_once(todo: Sequence[tuple[str, Job]], folder: Path, now: datetime) -> list[Done]:
    """Runs each of `todo` for the instance in `folder`; a job that fails is named and the next one runs."""
    done = []
    for name, job in todo:
        try:
            done.append(Done(name, job(folder, now)))
        except Exception as problem:  # whatever it is, the other jobs go on
            done.append(Done(name, 0, type(problem).__name__))
    connections.close_all()
    return done
