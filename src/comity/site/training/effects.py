"""Did a course change anything? Units that took it up at different times, against an outcome, by `disparity.rollout`.

A unit counts as trained from the first month at whose end a share of its officers had completed the course. Without units to
compare with, no sentence says that the course caused anything. Method: docs/methods/training.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

import pyarrow as pa
from django.conf import settings
from django.db import transaction
from django.db.models import Min

from comity.disparity.finding import Finding
from comity.disparity.rollout import rollout_finding
from comity.errors import ComityError
from comity.site.community.log import record
from comity.site.training.models import Completion, Course, EffectStatement, Officer
from comity.site.training.refusals import TrainingRefused

SHARE = 0.5


def trained_from(course: Course, *, share: float = SHARE) -> dict[str, str | None]:
    """Unit -> the month ("2026-05") from which `share` of its present officers had completed the course; None for never.

    The month is the one after the completion that made up the share, so that no month is treated in part.
    """
    if not 0 < share <= 1:
        raise TrainingRefused(f"A share of {share:g} is not above 0 and up to 1.", "Give such as 0.5.")
    officers = Officer.objects.filter(agency=course.agency, left_on__isnull=True).exclude(unit="")
    first = dict(
        Completion.objects.filter(officer__in=officers, version__course=course, taken_back=None)
        .values_list("officer")
        .annotate(first=Min("completed_on"))
    )
    units: dict[str, list[date | None]] = {}
    for pk, unit in officers.values_list("pk", "unit"):
        units.setdefault(unit, []).append(first.get(pk))
    return {unit: _month_after(days, share) for unit, days in sorted(units.items())}


def _month_after(days: list[date | None], share: float) -> str | None:
    done = sorted(day for day in days if day is not None)
    needed = math.ceil(share * len(days))
    if len(done) < needed:
        return None
    year, month = divmod(done[needed - 1].year * 12 + done[needed - 1].month, 12)
    return f"{year:04d}-{month + 1:02d}"


def panel(outcomes: pa.Table, adopted: Mapping[str, str | None]) -> pa.Table:
    """unit, period, outcome of `outcomes` with `adopted` beside them. Raises TrainingRefused where a unit has no officers.

    A unit of the records that no officer serves in stands for the untrained only if it is known to be one, so it is refused.
    """
    for column in ("unit", "period", "outcome"):
        if column not in outcomes.column_names:
            raise TrainingRefused(
                f"The outcomes have no column '{column}'.", "Give unit, period (such as 2026-05) and outcome."
            )
    units = [str(unit) for unit in outcomes["unit"].to_pylist()]
    strange = sorted(set(units) - adopted.keys())
    if strange:
        raise TrainingRefused(
            f"No officer serves in unit '{strange[0]}', which the outcomes name.",
            "Write the units of officers as the records have them, or leave that unit out.",
        )
    return pa.table(
        {
            "unit": units,
            "period": [str(each) for each in outcomes["period"].to_pylist()],
            "outcome": outcomes["outcome"],
            "adopted": pa.array([adopted[unit] for unit in units], pa.string()),
        }
    )


def evaluate(
    course: Course, table: pa.Table, *, outcome: str, random_timing: bool = False
) -> tuple[Finding, EffectStatement]:
    """The finding on a panel, stored as a statement. outcome: what was counted, such as "stops a month"."""
    finding = rollout_finding(table, random_timing=random_timing, identity=f"training-{course.slug}")
    with transaction.atomic():
        stored = EffectStatement.objects.create(
            course=course,
            outcome=outcome,
            made_at=settings.CLOCK(),
            finding=finding.as_record(),
            panel={name: table[name].to_pylist() for name in table.column_names},
        )
        record(
            "training.effect",
            f"course {course.slug}",
            by=None,
            agency=course.agency,
            details={"statement": stored.pk},
            public={"course": course.title, "outcome": outcome, "verdict": str(finding.verdict)},
        )
    return finding, stored


def course_named(slug: str, agency: str | None = None) -> Course:
    """The course by its short name. Raises ComityError where there is none, or several agencies have one."""
    found = [*Course.objects.filter(slug=slug).select_related("agency")]
    if agency is not None:
        found = [each for each in found if each.agency.slug == agency]
    if len(found) == 1:
        return found[0]
    if found:
        raise ComityError(f"{len(found)} agencies have a course '{slug}'.", "Say which with --agency.")
    names = ", ".join(Course.objects.order_by("slug").values_list("slug", flat=True)[:20])
    raise ComityError(
        f"There is no course '{slug}'.", f"There are: {names}." if names else "Add it in the office first."
    )
