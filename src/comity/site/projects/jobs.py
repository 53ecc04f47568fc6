"""What projects does without being asked, once `comity work` comes round: each job may run twice without harm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

Job = Callable[[Path, datetime], int]

JOBS: tuple[
    Job, ...
] = ()  # each takes the instance's folder and the present moment, and returns how many things it did
