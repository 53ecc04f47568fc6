"""What awaits somebody in the office: each room's `office.py` has a function `duties` that says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Duty:
    """One line of the office. label: what is to be done, in the reader's language. note: such as "3 overdue"; may be ""."""

    label: str
    address: str
    note: str = ""
    is_urgent: bool = False
