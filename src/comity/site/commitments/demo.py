"""Commitments of the sample town, in every state, made through the room's own actions and bound to its newest release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.test.utils import override_settings

from comity.releases.catalogue import TOTAL, Catalogue, Release
from comity.site.commitments import actions
from comity.site.commitments.actions import Wording
from comity.site.commitments.models import Commitment
from comity.site.commitments.released import SHARE, CannotRead, Measure, catalogue, read
from comity.site.commitments.terms import Proposal
from comity.site.community.models import Account, Agency

LEAST_COUNT = 100  # under it a share is too uncertain to show anything


def fill(agency: Agency, people: Mapping[str, Account], *, now: datetime, folder: Path) -> None:
    """Five commitments: open, overdue, waiting to be verified, closed with a verdict that the community does not share, reopened.

    people: role -> account. folder: the instance; without a released table in its public folder there is nothing to bind to.
    """
    found = catalogue(folder / "public")
    bound = next(((release, each) for release in found.newest for each in _shares(release)), None)
    if bound is None:
        return
    with _days_before(now, 150):
        overdue = _make(found, bound, people, title="Publish the rule for consent searches", topic="stops", days=90)
        waiting = _make(found, bound, people, title="Say the reason for a stop at its start", topic="trust", days=300)
        closed = _make(
            found, bound, people, title="Cards with name and number for every officer", topic="trust", days=120
        )
        again = _make(found, bound, people, title="Answer calls about noise within a day", topic="calls", days=200)
        _make(found, bound, people, title="Ask the riders' council about traffic stops", topic="traffic", days=330)
    for each in (overdue, waiting, closed, again):
        with _days_before(now, 140):
            actions.accept_commitment(each, by=people["chief"])
    with _days_before(now, 60):
        for each in (waiting, closed, again):
            actions.give_evidence(
                each, by=people["chief"], text="The order is in force, and sergeants check it weekly."
            )
    leader = people["community-leader"]
    with _days_before(now, 40):
        for each, verdict in ((closed, "partly"), (again, "done")):
            actions.verify_commitment(each, by=leader, verdict=verdict, text="We asked for it at five stops.")
            actions.close_commitment(each, by=people["chief"], verdict="done")
    with _days_before(now, 10):
        actions.reopen_commitment(again, by=leader, text="Since summer nobody has called back.")


def _make(
    found: Catalogue,
    bound: tuple[Release, Measure],
    people: Mapping[str, Account],
    *,
    title: str,
    topic: str,
    days: int,
) -> Commitment:
    """A commitment from a meeting, due in `days` days, bound to a share that should fall by a tenth."""
    from comity.site.commitments.queries import today

    release, measure = bound
    day = today()
    wording = Wording(
        title=title,
        said="People at the meeting said that it matters to them, and that they do not see it happen.",
        plan="The department makes it a rule, trains for it and checks it.",
        language="en",
        topic=topic,
        source="meeting",
        source_words="Listening session of the sample town",
        source_day=day,
    )
    proposal = Proposal(
        day + timedelta(days=days), release.id, measure, "down", 0.1, "relative", _period_after(release.period)
    )
    return actions.make_commitment(wording, proposal, owner=people["chief"], by=people["chief"], found=found)


def _shares(release: Release) -> Iterator[Measure]:
    """Shares of large published counts: of one code of the last dimension of a table among one of the first."""
    for table in release.tables:
        if len(table.dimensions) < 2:
            continue
        first, last = table.dimensions[0], table.dimensions[-1]
        for of in first.codes:
            for code in last.codes:
                base = {first.name: of.code}
                measure = Measure(SHARE, release.dataset, table.name, {**base, last.name: code.code}, base)
                try:
                    reading = read(release, measure)
                except CannotRead:
                    continue
                if (
                    TOTAL not in (of.code, code.code)
                    and (reading.k or 0) >= LEAST_COUNT
                    and reading.number.estimate < 0.9
                ):
                    yield measure


def _period_after(period: str) -> str:
    """ "2018" after "2017", "2018-q1" after "2017-q4", "2018-01" after "2017-12"."""
    year, _dash, part = period.partition("-")
    if not part:
        return str(int(year) + 1)
    mark, number, most = ("q", int(part[1:]), 4) if part.startswith("q") else ("", int(part), 12)
    if number == most:
        return f"{int(year) + 1}-{mark}{'1' if mark else '01'}"
    return f"{year}-{mark}{number + 1:0{1 if mark else 2}}"


@contextmanager
def _days_before(now: datetime, days: int) -> Iterator[None]:
    """Acts as if it were so many days before `now`."""
    with override_settings(CLOCK=lambda: now - timedelta(days=days)):
        yield
