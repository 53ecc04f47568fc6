"""Tests of what a course taught: before, after, and 3, 6 and 12 months later; how much of the gain is left.

Change is of officers who sat both occasions, with their covariance (`estimates.estimate_change`); those who are missing
are counted and said. A verdict follows the fixed rule of `disparity`. Method: docs/methods/training.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from comity.disparity.finding import Gate, Verdict, decide
from comity.estimates import Design, Survey, estimate_change
from comity.site.community.log import record
from comity.site.community.models import Account
from comity.site.training.models import Course, Item, Officer, Quiz, Sitting
from comity.site.training.refusals import TrainingRefused
from comity.wording import Message, message

LETTERS = "abcdef"
FEWEST = 10
"""Officers who sat both occasions, under which no change is given."""
MOST_LOST = 0.3
"""The share of those tested before who may be missing on an occasion, above which nothing can be told."""

Forms = Mapping[str, Sequence[Item]]


@dataclass(frozen=True)
class NewItem:
    form: str
    number: int
    text: str
    choices: tuple[str, ...]
    right: int


@dataclass(frozen=True)
class NewSitting:
    """answers: position of each choice, from 0; None where nothing was chosen."""

    officer: Officer
    occasion: str
    form: str
    taken_on: date
    answers: tuple[int | None, ...]


@dataclass(frozen=True)
class Change:
    """One occasion against the test before. mean: of everybody who sat it. points: change, as a share from -1 to 1.

    lost: how many of those tested before did not sit it; lost_before and stayed_before: their mean scores before.
    """

    occasion: str
    n: int
    mean: float
    both: int
    lost: int
    points: float | None
    low: float | None
    high: float | None
    stayed_before: float | None
    lost_before: float | None
    verdict: Verdict | None
    reason: Message | None

    @property
    def reason_said(self) -> str:
        return self.reason.in_language(get_language() or "en") if self.reason else ""


def add_quiz(course: Course, title: str, *, by: Account) -> Quiz:
    """A test without items yet."""
    if course.agency != by.agency:
        raise TrainingRefused(_("This belongs to another agency."), _("Use an account of that agency."))
    with transaction.atomic():
        quiz = course.quizzes.create(title=title)
        record("training.quiz", f"quiz {quiz.pk}", by=by, details={"course": course.slug})
    return quiz


def read_item(row: Mapping[str, str]) -> NewItem:
    """An item from the cells of a file. Raises TrainingRefused with what is wrong with it."""
    form, number = row["form"].upper(), row["number"]
    choices = tuple(row.get(letter, "") for letter in LETTERS)
    filled = tuple(filter(None, choices))
    right = LETTERS.find(row["right"].lower()) if len(row["right"]) == 1 else -1
    mend = _("Mend the row.")
    if len(form) != 1 or not form.isascii() or not form.isalpha():
        raise TrainingRefused(_("a form is one letter, such as A"), mend)
    if not number.isascii() or not number.isdecimal() or not 1 <= int(number) <= 200:
        raise TrainingRefused(_("an item's number is from 1 to 200"), mend)
    if not row["text"]:
        raise TrainingRefused(_("the item has no text"), mend)
    if choices[: len(filled)] != filled or not 0 <= right < len(filled):
        raise TrainingRefused(_("the right choice is not one of the choices a, b, … that are filled in"), mend)
    return NewItem(form, int(number), row["text"], filled, right)


@transaction.atomic
def add_items(quiz: Quiz, items: Iterable[NewItem], *, by: Account) -> int:
    """Raises TrainingRefused for a form that somebody sat already: scores would stop being comparable."""
    new = [
        Item(quiz=quiz, form=i.form, number=i.number, text=i.text, choices=list(i.choices), right=i.right)
        for i in items
    ]
    sat = set(quiz.sittings.values_list("form", flat=True))
    if changed := sorted({each.form for each in new} & sat):
        raise TrainingRefused(
            _("Form %(form)s has been sat already.") % {"form": changed[0]},
            _("Put new items into a form of their own."),
        )
    Item.objects.bulk_create(new)
    record("training.items", f"quiz {quiz.pk}", by=by, details={"items": len(new)})
    return len(new)


def forms(quiz: Quiz) -> dict[str, list[Item]]:
    """The items of each form, in order."""
    found: dict[str, list[Item]] = {}
    for item in quiz.items.order_by("form", "number"):
        found.setdefault(item.form, []).append(item)
    return found


def read_answers(of_quiz: Forms, form: str, occasion: str, answers: str) -> tuple[int | None, ...]:
    """ "abd-c" as positions. Raises TrainingRefused with what is wrong."""
    mend = _("Mend the row.")
    if occasion not in Sitting.Occasion.values:
        raise TrainingRefused(
            _("“%(occasion)s” is no occasion; there are: %(all)s")
            % {"occasion": occasion[:20], "all": ", ".join(Sitting.Occasion.values)},
            mend,
        )
    if form not in of_quiz:
        raise TrainingRefused(_("there is no form “%(form)s”") % {"form": form[:10]}, mend)
    items, letters = of_quiz[form], answers.replace(" ", "").lower()
    if len(letters) != len(items):
        raise TrainingRefused(
            _("%(count)d answers to %(items)d items") % {"count": len(letters), "items": len(items)}, mend
        )
    read = tuple(None if letter == "-" else LETTERS.find(letter) for letter in letters)
    for at, (answer, item) in enumerate(zip(read, items, strict=True), start=1):
        if answer is not None and not 0 <= answer < len(item.choices):
            raise TrainingRefused(_("answer %(at)d is none of the choices") % {"at": at}, mend)
    return read


@transaction.atomic
def add_sittings(quiz: Quiz, sittings: Iterable[NewSitting], *, by: Account) -> int:
    """Scores and stores them."""
    of_quiz = forms(quiz)
    new = [
        Sitting(
            quiz=quiz,
            officer=each.officer,
            occasion=each.occasion,
            form=each.form,
            taken_on=each.taken_on,
            answers=list(each.answers),
            score=sum(a == i.right for a, i in zip(each.answers, of_quiz[each.form], strict=True)) / len(each.answers),
        )
        for each in sittings
    ]
    Sitting.objects.bulk_create(new)
    record("training.sittings", f"quiz {quiz.pk}", by=by, details={"sittings": len(new)})
    return len(new)


def changes(quiz: Quiz) -> list[Change]:
    """Every occasion that somebody sat, "pre" first; its change is from "pre"."""
    by_occasion: dict[str, dict[int, Sitting]] = {}
    for each in quiz.sittings.all():
        by_occasion.setdefault(each.occasion, {})[each.officer_id] = each
    before = by_occasion.get("pre", {})
    return [
        _change(occasion, before, by_occasion[occasion])
        for occasion in Sitting.Occasion.values
        if occasion in by_occasion
    ]


def _change(occasion: str, before: Mapping[int, Sitting], after: Mapping[int, Sitting]) -> Change:
    mean = _mean(after.values())
    assert mean is not None
    if occasion == "pre":
        return Change(occasion, len(after), mean, len(after), 0, None, None, None, None, None, None, None)
    both = sorted(before.keys() & after.keys())
    lost = before.keys() - after.keys()
    points = low = high = None
    if len(both) >= FEWEST:
        first, second = (_survey([sat[pk] for pk in both]) for sat in (before, after))
        found = estimate_change(first, second, "score", link="officer")[0]
        points, low, high = found.estimate, found.low, found.high
    verdict, reason = decide(
        low=low,
        high=high,
        no_difference=0.0,
        gates=_gates([before[pk] for pk in both], [after[pk] for pk in both], len(lost)),
    )
    return Change(
        occasion,
        len(after),
        mean,
        len(both),
        len(lost),
        points,
        low,
        high,
        _mean(before[pk] for pk in both),
        _mean(before[pk] for pk in lost),
        verdict,
        reason,
    )


def _gates(before: Sequence[Sitting], after: Sequence[Sitting], lost: int) -> tuple[Gate, ...]:
    shares = {
        form: [sum(each.form == form for each in sat) / max(len(sat), 1) for sat in (before, after)]
        for form in {each.form for each in (*before, *after)}
    }
    return (
        Gate(
            "both",
            len(before) >= FEWEST,
            message("Fewer than {fewest} officers sat both tests.", fewest=FEWEST),
            float(len(before)),
        ),
        Gate(
            "forms",
            all(abs(one - two) <= 0.1 for one, two in shares.values()),
            message(
                "The forms were not the same before and after, so a harder or easier form could look like a change."
            ),
        ),
        Gate(
            "attrition",
            lost <= MOST_LOST * (len(before) + lost),
            message(
                "More than 30 percent of those tested before did not sit this test, and they may differ from those who did."
            ),
            float(lost),
        ),
    )


def _survey(sat: Sequence[Sitting]) -> Survey:
    """Officers as their own sampling units: what one learns says nothing about another."""
    table = pa.table({"officer": [str(each.officer_id) for each in sat], "score": [each.score for each in sat]})
    return Survey.read(table, Design())


def _mean(sat: Iterable[Sitting]) -> float | None:
    scores = [each.score for each in sat]
    return sum(scores) / len(scores) if scores else None
