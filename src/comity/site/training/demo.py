"""A sample town's training: invented officers by number, three courses, a test with its decay, and one evaluation."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from comity.site.community.models import Account, Agency
from comity.site.training import actions, effects, importing, quizzes
from comity.site.training.models import Completion, Course, Officer, Session

SEED = 20
UNITS = tuple(f"Beat {number}" for number in range(1, 25))
OFFICERS_A_UNIT = 5
COURSES = (
    # title, hours, months valid, share of officers who are current
    ("Fair and lawful stops", Decimal("8"), 24, 0.75),
    ("Calming a situation", Decimal("16"), 12, 0.95),
    ("Hearing from the community", Decimal("4"), None, 0.6),
)
QUESTIONS = (
    ("What must a stop rest on?", "A hunch", "Facts that can be told", "b"),
    ("Who may see a person's answers to a survey?", "Nobody", "The chief", "a"),
    ("When is a person told why they were stopped?", "If they ask", "At the start", "b"),
    ("What is written down after a stop?", "The result", "Reason and result", "b"),
    ("Who decides whether a search was lawful?", "A court", "The officer", "a"),
)


def fill(agency: Agency, people: Mapping[str, Account], *, now: datetime, folder: Path) -> None:
    """Fills an agency that has no training yet. people: role -> account. folder: the instance's; nothing is written there."""
    by = people["training-officer"]
    chance = random.Random(SEED)
    today = now.date()
    serving = _officers(agency, by, today, chance)
    actions.add_qualification("T-1", name="Instructor", since=today - timedelta(days=900), until=None, by=by)
    courses = [_course(by, today, *terms[:2]) for terms in COURSES]
    for course, (_title, _hours, months, share) in zip(courses, COURSES, strict=True):
        actions.add_mandate(
            course, group="", due_on=today - timedelta(days=60), months=months, days_to_comply=120, by=by
        )
        if course is not courses[0]:
            trained = chance.sample(serving, round(share * len(serving)))
            _complete(course, trained, today - timedelta(days=100), by)
    _roll_out(courses[0], serving, today, by)
    _session(courses[1], serving, today, by)
    _quiz(courses[0], serving, today, chance, by)
    _evaluate(courses[0], today, chance)


def _officers(agency: Agency, by: Account, today: date, chance: random.Random) -> list[Officer]:
    lines = ["number,unit,groups,joined"]
    for number in range(len(UNITS) * OFFICERS_A_UNIT):
        groups = "patrol; supervisors" if number % 10 == 0 else "patrol"
        joined = today - timedelta(days=chance.randint(400, 6000))
        lines.append(f"{1001 + number},{UNITS[number // OFFICERS_A_UNIT]},{groups},{joined.isoformat()}")
    _import(importing.officers(agency), lines, by)
    return [*Officer.objects.filter(agency=agency).order_by("number")]


def _course(by: Account, today: date, title: str, hours: Decimal) -> Course:
    since = today - timedelta(days=880)
    return actions.add_course(title, hours=hours, since=since, qualification="Instructor", by=by)


def _complete(course: Course, officers: list[Officer], day: date, by: Account) -> None:
    version = course.versions.get(number=1)
    actions.record_completions(
        [(each, version, day) for each in officers],
        source=Completion.Source.FILE,
        by=by,
        at=datetime.combine(day, time(18), UTC),
    )


def _roll_out(course: Course, serving: list[Officer], today: date, by: Account) -> None:
    """Unit by unit in three waves; the last quarter of the units waits."""
    for wave, days in enumerate((400, 280, 160)):
        units = UNITS[wave * 6 : wave * 6 + 6]
        _complete(course, [each for each in serving if each.unit in units], today - timedelta(days=days), by)


def _session(course: Course, serving: list[Officer], today: date, by: Account) -> Session:
    """One that is still to come, with its roster."""
    held = actions.add_session(
        course.versions.get(number=1),
        held_on=today + timedelta(days=9),
        place="Training room",
        instructors=["T-1"],
        by=by,
    )
    actions.fill_roster(held, serving[:12], by=by)
    return held


def _quiz(course: Course, serving: list[Officer], today: date, chance: random.Random, by: Account) -> None:
    quiz = quizzes.add_quiz(course, "Stops: what must be known", by=by)
    lines = ["form,number,text,right,a,b"]
    lines += [f"A,{number},{text},{right},{a},{b}" for number, (text, a, b, right) in enumerate(QUESTIONS, start=1)]
    _import(importing.items(quiz), lines, by)
    lines = ["number,occasion,taken,form,answers"]
    for occasion, days, known, stays in (
        ("pre", 401, 0.45, 1.0),
        ("post", 399, 0.85, 0.97),
        ("6-months", 215, 0.65, 0.85),
    ):
        day = (today - timedelta(days=days)).isoformat()
        for each in serving[:60]:
            if chance.random() < stays:
                answers = [right if chance.random() < known else "ab".replace(right, "") for *_rest, right in QUESTIONS]
                lines.append(f"{each.number},{occasion},{day},A,{''.join(answers)}")
    _import(importing.sittings(quiz), lines, by)


def _evaluate(course: Course, today: date, chance: random.Random) -> None:
    """Invented counts of stops: levels of units and months, and no effect of the course."""
    adopted = effects.trained_from(course)
    months = [_month(today, back) for back in range(24, 0, -1)]
    level = {unit: chance.gauss(40, 6) for unit in UNITS}
    season = {month: chance.gauss(0, 3) for month in months}
    rows = [
        (unit, month, round(level[unit] + season[month] + chance.gauss(0, 3), 1)) for unit in UNITS for month in months
    ]
    counts = pa.table({name: [row[at] for row in rows] for at, name in enumerate(("unit", "period", "outcome"))})
    effects.evaluate(course, effects.panel(counts, adopted), outcome="stops a month (sample data)")


def _month(today: date, back: int) -> str:
    year, month = divmod(today.year * 12 + today.month - 1 - back, 12)
    return f"{year:04d}-{month + 1:02d}"


def _import(kind: importing.Kind, lines: list[str], by: Account) -> None:
    text = "\n".join(lines) + "\n"
    importing.write(kind, text, digest=importing.check(kind, text).digest, by=by)
