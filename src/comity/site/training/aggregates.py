"""What the public sees of who is trained: one share for each course, protected like every count that is released.

A share is of all officers whom any mandate of the course binds, on the first day of the month, by what was known then: two
readings on different days cannot be subtracted. Counts up to the policy's minimum are told only as a bound of that width.
docs/methods/training.md has the argument.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

from comity.disclosure import Policy
from comity.errors import ComityError
from comity.releases.catalogue import read_catalogue, state_of
from comity.site.community.models import Agency
from comity.site.training.models import Course
from comity.site.training.standing import State, standing, today


@dataclass(frozen=True)
class PublicShare:
    """percent: of n officers. bound: "exactly", "at least", "at most", or "hidden" where n is too small for any."""

    course: Course
    n: int | None
    percent: int | None
    bound: str


def protected_share(course: Course, *, current: int, n: int, minimum: int) -> PublicShare:
    """The share as it may leave. Whoever sees a bound knows of the smaller count that it is from 0 to `minimum`."""
    if n <= 2 * minimum:
        return PublicShare(course, None, None, "hidden")
    if n - current <= minimum:
        return PublicShare(course, n, math.floor(100 * (n - minimum) / n), "at least")
    if current <= minimum:
        return PublicShare(course, n, math.ceil(100 * minimum / n), "at most")
    return PublicShare(course, n, round(100 * current / n), "exactly")


def as_of() -> date:
    return today().replace(day=1)


def public_shares(agency: Agency) -> list[PublicShare]:
    """One share a course that has a mandate, by title."""
    day = as_of()
    known_at = datetime.combine(day, time(), ZoneInfo(settings.TIME_ZONE_OF_AGENCY))
    minimum = release_minimum()
    officers: dict[int, dict[int, bool]] = {}
    courses: dict[int, Course] = {}
    for each in standing(agency, day, known_at=known_at):
        courses[each.mandate.course_id] = each.mandate.course
        seen = officers.setdefault(each.mandate.course_id, {})
        for one in each.officers:
            seen[one.officer.pk] = seen.get(one.officer.pk, True) and one.state is State.CURRENT
    return [
        protected_share(courses[pk], current=sum(seen.values()), n=len(seen), minimum=minimum)
        for pk, seen in officers.items()
    ]


def release_minimum() -> int:
    """The largest minimum that any release here promises, and never under the usual one."""
    usual = Policy().minimum
    try:
        return max(usual, _minimum_of(settings.PUBLIC, state_of(settings.PUBLIC)))
    except ComityError:
        return usual


@lru_cache(maxsize=2)
def _minimum_of(public: Path, state: str) -> int:
    return max((int(each.policy.get("minimum") or 0) for each in read_catalogue(public).releases), default=0)
