"""What awaits somebody in the office: each room's `office.py` has a function `duties` that says it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.module_loading import module_has_submodule

if TYPE_CHECKING:
    from comity.site.community.models import Account


@dataclass(frozen=True)
class Duty:
    """One line of the office. label: what is to be done, in the reader's language. note: such as "3 overdue"; may be ""."""

    label: str
    address: str
    note: str = ""
    is_urgent: bool = False


def duties_of(account: Account) -> list[Duty]:
    """What every room that is served has for `account`, urgent things first."""
    found = [
        duty
        for room in settings.ROOMS
        if module_has_submodule(import_module(room), "office")
        for duty in import_module(f"{room}.office").duties(account)
    ]
    return sorted(found, key=lambda duty: not duty.is_urgent)
