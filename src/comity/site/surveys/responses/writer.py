"""Commits responses: one thread a process gathers what waits and commits it together, and only then does anybody hear "received".

A response and the token that bought it are one transaction, and a token that is on the list already changes nothing, so
sending twice, from two devices, or again after a lost connection or a killed server ends in one response.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from django.db import DatabaseError, connections, transaction
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.surveys.mixing import mix_later
from comity.site.surveys.responses import slots
from comity.site.surveys.responses.models import Survey
from comity.site.surveys.stores import RESPONSES
from comity.site.surveys.turns import sqlite_turn

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


def post(arrival: Arrival) -> None:
    """Leaves `arrival` to this process's writer; `arrival.outcome` tells what became of it.

    True: it is durable. False: its token was spent before, and nothing changed. None: the survey takes no more.
    """
    _writer().put(arrival)


def write(arrival: Arrival) -> bool:
    """Stores a response durably. Returns False when its token was spent before, and changes nothing then.

    Raises SurveyClosed or NotStored.
    """
    post(arrival)
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

    A handful of statements whatever the size of the batch, each of them in the order of its keys, so that neither a
    place in the store nor a statement says which of the batch came first.
    """
    outcomes: list[bool | Exception | None] = []
    new: dict[str, dict[bytes, bytes]] = {}  # survey -> receipt -> content
    with _turn() as cursor:
        _gather(batch, queue)  # only now: many came while another process had its turn
        cursor.execute(
            "SELECT name, first_slot, slots FROM survey_responses_survey WHERE state = %s", [Survey.State.OPEN]
        )
        ranges = {name: (first, count) for name, first, count in cursor.fetchall()}
        spent = _spent(cursor, {arrival.receipt for arrival in batch})
        for arrival in batch:
            is_new = arrival.receipt not in spent
            if is_new and arrival.survey in ranges:
                spent.add(arrival.receipt)
                new.setdefault(arrival.survey, {})[arrival.receipt] = arrival.content
            outcomes.append(None if is_new and arrival.survey not in ranges else is_new)
        _spend(cursor, {receipt: survey for survey, contents in new.items() for receipt in contents})
        for survey, contents in new.items():
            slots.store(contents.values(), *ranges[survey])
    return outcomes


def _spent(cursor: Any, receipts: set[bytes]) -> set[bytes]:
    """Those of `receipts` that are on the list of spent tokens."""
    cursor.execute(
        f"SELECT receipt FROM survey_responses_spenttoken WHERE receipt IN ({', '.join(['%s'] * len(receipts))})",
        list(receipts),
    )
    return {bytes(receipt) for (receipt,) in cursor.fetchall()}


def _spend(cursor: Any, survey_of: Mapping[bytes, str]) -> None:
    """Puts receipts on the list of spent tokens."""
    if survey_of:
        cursor.execute(
            "INSERT INTO survey_responses_spenttoken (receipt, survey) VALUES "
            + ", ".join(["(%s, %s)"] * len(survey_of)),
            [value for receipt in sorted(survey_of) for value in (receipt, survey_of[receipt])],
        )


def _gather(batch: list[Arrival], queue: SimpleQueue[Arrival]) -> None:
    while len(batch) < MOST_TOGETHER:
        try:
            batch.append(queue.get_nowait())
        except Empty:
            return


def _make_room(surveys: set[str]) -> None:
    with _turn():
        for survey in Survey.objects.filter(name__in=surveys):
            slots.grow(survey)


@contextmanager
def _turn() -> Iterator[Any]:
    """The cursor of a transaction that no other writer's overlaps: what was seen to be free or unspent stays so until the commit."""
    connection = connections[RESPONSES]
    with sqlite_turn(RESPONSES), transaction.atomic(using=RESPONSES), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("LOCK TABLE survey_responses_survey IN SHARE ROW EXCLUSIVE MODE")  # readers do not wait
        yield cursor
