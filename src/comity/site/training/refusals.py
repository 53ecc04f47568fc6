"""The one error of this room."""

from __future__ import annotations

from comity.errors import ComityError


class TrainingRefused(ComityError):
    """Something about training cannot be done as asked."""
