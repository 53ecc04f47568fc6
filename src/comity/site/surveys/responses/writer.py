"""Commits responses: one thread a process gathers what waits and commits it together, and only then does anybody hear "received".

A response and the token that bought it are one transaction, and a token that is on the list already changes nothing, so
sending twice, from two devices, or again after a lost connection or a killed server ends in one response.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from django.db import DatabaseError, connections, transaction
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.surveys.mixing import mix_later
from comity.site.surveys.responses import slots
from comity.site.surveys.responses.models import Survey
from comity.site.surveys.stores import RESPONSES

MOST_TOGETHER = 64
PATIENCE_SECONDS = 30.0


class SurveyClosed(ComityError):
    """The survey takes no more responses."""


class NotStored(ComityError):
    """The store could not take a response; nothing of it was kept."""


@dataclass
class Arrival:
    """A response to be stored. receipt: 32 bytes, on the list of spent tokens from then on."""

    survey: str
    receipt: bytes
    content: bytes
    outcome: Future[bool | None] = field(default_factory=Future)


def write(survey: str, receipt: bytes, content: bytes) -> bool:
    """Stores a response durably. Returns False when its token was spent before, and changes nothing then.

    Raises SurveyClosed, ResponseTooLong, or NotStored.
    """
    slots.check_length(content)
    arrival = Arrival(survey, receipt, content)
    _writer().put(arrival)
    try:
        outcome = arrival.outcome.result(timeout=PATIENCE_SECONDS)
    except (DatabaseError, TimeoutError, slots.NoSlotFree) as problem:
        raise NotStored(
            _("The survey could not take your answers just now."), _("They are still on this page: send them again.")
        ) from problem
    if outcome is None:
        raise SurveyClosed(_("This survey has ended."), _("Its results will be on the public record."))
    return outcome


_process: tuple[int, SimpleQueue[Arrival]] | None = None
_starting = threading.Lock()


def _writer() -> SimpleQueue[Arrival]:
    """This process's queue; a forked process gets a thread of its own."""
    global _process
    if _process is None or _process[0] != os.getpid():
        with _starting:
            if _process is None or _process[0] != os.getpid():
                queue: SimpleQueue[Arrival] = SimpleQueue()
                threading.Thread(target=_work, args=[queue], name="response writer", daemon=True).start()
                _process = (os.getpid(), queue)
    return _process[1]


def _work(queue: SimpleQueue[Arrival]) -> None:
    while True:
        _settle([queue.get()], queue)


def _settle(batch: list[Arrival], queue: SimpleQueue[Arrival]) -> None:
    """Commits `batch` with what else waits, and tells each of it what became of it; what fails is tried twice more."""
    outcomes: list[bool | Exception | None] = []
    for _attempt in range(3):
        try:
            outcomes = _commit(batch, queue)
            break
        except slots.NoSlotFree as full:
            outcomes = [full] * len(batch)
            _make_room({arrival.survey for arrival in batch})
        except Exception as problem:  # whoever waits must hear of it, and the connection may be gone
            outcomes = [problem] * len(batch)
            connections[RESPONSES].close()
    for arrival, outcome in zip(batch, outcomes, strict=True):
        if isinstance(outcome, Exception):
            arrival.outcome.set_exception(outcome)
        else:
            arrival.outcome.set_result(outcome)
    mix_later(RESPONSES)


def _commit(batch: list[Arrival], queue: SimpleQueue[Arrival]) -> list[bool | Exception | None]:
    """Stores what is new of `batch` and of `queue`, which it moves to `batch`: True; False for what was there; None where closed.

    In the order of the receipts, so that two processes never wait for each other.
    """
    outcomes: dict[int, bool | None] = {}
    with _turn(), transaction.atomic(using=RESPONSES), connections[RESPONSES].cursor() as cursor:
        _gather(batch, queue)  # only now: many came while another process had its turn
        cursor.execute("SELECT name, state, first_slot, slots FROM survey_responses_survey")
        surveys = {name: (state, first, count) for name, state, first, count in cursor.fetchall()}
        for at in sorted(range(len(batch)), key=lambda at: batch[at].receipt):
            arrival = batch[at]
            state, first, count = surveys.get(arrival.survey, (Survey.State.CLOSED, 0, 0))
            if state != Survey.State.OPEN:
                cursor.execute("SELECT 1 FROM survey_responses_spenttoken WHERE receipt = %s", [arrival.receipt])
                outcomes[at] = False if cursor.fetchone() else None
                continue
            cursor.execute(
                "INSERT INTO survey_responses_spenttoken (receipt, survey) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                [arrival.receipt, arrival.survey],
            )
            is_new = bool(cursor.rowcount)
            if is_new:
                slots.store(arrival.content, first, count)
            outcomes[at] = is_new
    return [outcomes[at] for at in range(len(batch))]


def _gather(batch: list[Arrival], queue: SimpleQueue[Arrival]) -> None:
    while len(batch) < MOST_TOGETHER:
        try:
            batch.append(queue.get_nowait())
        except Empty:
            return


def _make_room(surveys: set[str]) -> None:
    with _turn(), transaction.atomic(using=RESPONSES):
        for survey in Survey.objects.filter(name__in=surveys):
            slots.grow(survey)


@contextmanager
def _turn() -> Iterator[None]:
    """One SQLite writer at a time, waiting in the kernel: SQLite's own waiting is by sleeping, and up to 100 ms too long."""
    if connections[RESPONSES].vendor != "sqlite":
        yield
        return
    path = Path(str(connections[RESPONSES].settings_dict["NAME"]) + ".turn")
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
