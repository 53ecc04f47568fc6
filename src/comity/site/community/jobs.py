"""What the community does without being asked: sends the mail that waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from comity.site.community.mail import send_waiting

Job = Callable[[Path, datetime], int]

JOBS: tuple[Job, ...] = (send_waiting,)
