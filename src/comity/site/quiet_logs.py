"""Logs that can be handed to anybody: which kind of error, in which line, and nothing about who asked or what they wrote."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class BareFormatter(logging.Formatter):
    """Level, logger, and for an exception its type and lines. Messages and their arguments are left out.

    A message can hold an address with what was asked, an exception's text the values a database refused.
    """

    def format(self, record: logging.LogRecord) -> str:
        if not record.exc_info or record.exc_info[0] is None:
            return f"{record.levelname} {record.name}"
        lines = " <- ".join(
            f"{Path(frame.filename).name}:{frame.lineno}"
            for frame in reversed(traceback.extract_tb(record.exc_info[2]))
        )
        return f"{record.levelname} {record.name}: {record.exc_info[0].__name__} at {lines}"


class QuietServer(logging.Logger):
    """What gunicorn asks of a logger, at any level it is set to: no access log, no peer addresses, no request lines."""

    def __init__(self, cfg: Any) -> None:
        super().__init__("gunicorn", logging.WARNING)
        handler = logging.StreamHandler()
        handler.setFormatter(BareFormatter())
        self.addHandler(handler)
        self.error_log = self.access_log = self

    access_log_enabled = False

    def access(self, resp: Any, req: Any, environ: Mapping[str, Any], request_time: Any) -> None:
        """Nothing."""

    def reopen_files(self) -> None:
        """There are none."""

    def close_on_exec(self) -> None:
        """There are no files."""
