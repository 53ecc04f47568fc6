"""Who is current, who is due and who is overdue: worked out from dates when it is read, never stored."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Max, Q

from comity.site.community.models import Agency
from comity.site.training.models import Completion, Mandate, Officer

SOON_DAYS = 60


class State(StrEnum):
    CURRENT = "current"
    DUE = "due"
    OVERDUE = "overdue"


@dataclass(frozen=True)
class Standing:
    """How one officer stands to one mandate. deadline: None where a completion is valid for ever."""

    officer: Officer
    state: State
    completed_on: date | None
    deadline: date | None
    is_soon: bool


@dataclass(frozen=True)
class MandateStanding:
    """All officers that a mandate binds, those who need something first."""

    mandate: Mandate
    officers: tuple[Standing, ...]

    @property
    def counts(self) -> Counter[State]:
        return Counter(each.state for each in self.officers)

    @property
    def n(self) -> int:
        return len(self.officers)

    @property
    def current(self) -> int:
        return self.counts[State.CURRENT]

    @property
    def overdue(self) -> int:
        return self.counts[State.OVERDUE]

    @property
    def soon(self) -> int:
        return sum(each.is_soon for each in self.officers)

    @property
    def share(self) -> float | None:
        return self.current / self.n if self.n else None


def today() -> date:
    """The day it is where the agency is."""
    return settings.CLOCK().astimezone(ZoneInfo(settings.TIME_ZONE_OF_AGENCY)).date()


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def state_of(mandate: Mandate, officer: Officer, completed_on: date | None, on: date) -> Standing:
    """A completion counts for the mandate's months; after that, or without one, there is a deadline."""
    first_due = max(mandate.due_on, officer.joined_on + timedelta(days=mandate.days_to_comply))
    if completed_on is not None and mandate.months is None:
        return Standing(officer, State.CURRENT, completed_on, None, False)
    valid_until = None if completed_on is None else add_months(completed_on, mandate.months or 0)
    deadline = first_due if valid_until is None else max(valid_until, first_due)
    if valid_until is not None and on <= valid_until:
        state = State.CURRENT
    else:
        state = State.DUE if on <= deadline else State.OVERDUE
    is_soon = state is not State.OVERDUE and (deadline - on).days <= SOON_DAYS
    return Standing(officer, state, completed_on, deadline, is_soon)


def standing(agency: Agency, on: date, *, known_at: datetime | None = None) -> list[MandateStanding]:
    """Every mandate in force on a day, with its officers. known_at: by what was recorded then; None: by all that is."""
    mandates = [
        *Mandate.objects.filter(course__agency=agency)
        .filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on))
        .select_related("course", "group")
        .order_by("course__title", "group__name", "id")
    ]
    return _stand(mandates, agency, on, known_at)


def standing_of(mandate: Mandate, on: date) -> MandateStanding:
    return _stand([mandate], mandate.course.agency, on, None)[0]


def _stand(mandates: Iterable[Mandate], agency: Agency, on: date, known_at: datetime | None) -> list[MandateStanding]:
    serving = [
        *Officer.objects.filter(agency=agency, joined_on__lte=on)
        .filter(Q(left_on__isnull=True) | Q(left_on__gt=on))
        .order_by("number")
        .prefetch_related("groups")
    ]
    groups = {officer.pk: {group.pk for group in officer.groups.all()} for officer in serving}
    counted = Q(taken_back__isnull=True)
    known = Q()
    if known_at is not None:
        counted |= Q(taken_back__at__gt=known_at)
        known = Q(recorded_at__lte=known_at)
    latest = {
        (officer, course): day
        for officer, course, day in Completion.objects.filter(
            counted, known, officer__agency=agency, completed_on__lte=on
        )
        .values_list("officer", "version__course")
        .annotate(latest=Max("completed_on"))
        .values_list("officer", "version__course", "latest")
    }
    order = {State.OVERDUE: 0, State.DUE: 1, State.CURRENT: 2}
    found = []
    for mandate in mandates:
        bound = [each for each in serving if mandate.group_id is None or mandate.group_id in groups[each.pk]]
        states = [state_of(mandate, each, latest.get((each.pk, mandate.course_id)), on) for each in bound]
        states.sort(key=lambda each: (order[each.state], each.deadline or date.max, each.officer.number))
        found.append(MandateStanding(mandate, tuple(states)))
    return found
