"""Writes a response into free slots drawn at random, and reads responses back.

A slot's content is two bytes of length, four of the next slot's number (0 for none), the part, and zeros to the end.
The functions that write are called inside a transaction of the response store.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from django.db import connections
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.surveys.responses.models import SLOT_BYTES, Slot, Survey
from comity.site.surveys.stores import RESPONSES

_HEAD = struct.Struct(">HIB")  # length, next slot, 1 for a response's first slot
PART_BYTES = SLOT_BYTES - _HEAD.size
MOST_BYTES = 64 * PART_BYTES
MOST_TOGETHER = 200  # of the longest ones; more values do not fit into one statement of SQLite
MOST_DRAWS = 40  # all taken so often only where four fifths of the range are
_TABLE = "survey_responses_slot"


class ResponseTooLong(ComityError):
    """A response is longer than the store takes."""


class NoSlotFree(Exception):
    """The range is too full to draw from; `grow` and try again."""


class SlotsInUse(Exception):
    """A slot that was drawn as free is not; the transaction must not be committed."""


def make_slots(first: int, count: int) -> None:
    """Makes the empty slots `first` to `first` + `count` - 1."""
    for start in range(first, first + count, 2000):
        Slot.objects.bulk_create([Slot(number=n) for n in range(start, min(start + 2000, first + count))])


def check_length(content: bytes) -> None:
    """Raises ResponseTooLong for what does not fit into the store."""
    if len(content) > MOST_BYTES:
        raise ResponseTooLong(_("These answers are too long to be stored."), _("Shorten the texts you wrote."))


def store(contents: Iterable[bytes], first: int, count: int) -> None:
    """Writes each of `contents` into as many free slots of the range as it needs; all of them with one statement.

    At most MOST_TOGETHER contents. Raises ResponseTooLong or NoSlotFree.
    """
    responses = []
    for content in contents:
        check_length(content)
        responses.append([content[at : at + PART_BYTES] for at in range(0, len(content), PART_BYTES)] or [b""])
    with connections[RESPONSES].cursor() as cursor:
        drawn = iter(_draw_free(cursor, sum(map(len, responses)), first, count))
        bodies = {}
        for parts in responses:
            following = 0
            for place in reversed(range(len(parts))):
                number = next(drawn)
                bodies[number] = (_HEAD.pack(len(parts[place]), following, place == 0) + parts[place]).ljust(
                    SLOT_BYTES, b"\0"
                )
                following = number
        overwrite(cursor, bodies)


def _draw_free(cursor: Any, wanted: int, first: int, count: int) -> list[int]:
    """`wanted` different free slots of the range, in the order drawn; every free slot is equally likely."""
    drawn: dict[int, None] = {}
    for _draw in range(MOST_DRAWS):
        candidates = {first + secrets.randbelow(count): None for _ in range(wanted - len(drawn))}
        cursor.execute(
            f"SELECT number FROM {_TABLE} WHERE is_used AND number IN ({_places(candidates)})", list(candidates)
        )
        taken = {number for (number,) in cursor.fetchall()}
        drawn |= {number: None for number in candidates if number not in taken}
        if len(drawn) == wanted:
            return list(drawn)
    raise NoSlotFree


def overwrite(cursor: Any, bodies: Mapping[int, bytes]) -> None:
    """Puts each body (SLOT_BYTES long) into the free slot of its number, in the order of the numbers."""
    values = [value for number in sorted(bodies) for value in (number, bodies[number])]
    cursor.execute(
        f"UPDATE {_TABLE} SET is_used = TRUE, content = new.column2"
        f" FROM (VALUES {', '.join(['(%s, %s)'] * len(bodies))}) AS new WHERE number = new.column1 AND NOT is_used",
        values,
    )
    if cursor.rowcount != len(bodies):
        raise SlotsInUse


def _places(values: Collection[Any]) -> str:
    return ", ".join(["%s"] * len(values))


def read_all(survey: Survey) -> list[bytes]:
    """Every response's content, in an order that follows from the contents alone."""
    with connections[RESPONSES].cursor() as cursor:
        cursor.execute(
            f"SELECT number, content FROM {_TABLE} WHERE number >= %s AND number < %s AND is_used = %s",
            [survey.first_slot, survey.first_slot + survey.slots, True],
        )
        found = {number: bytes(content) for number, content in cursor.fetchall()}
    whole = [b"".join(_parts(found, number)) for number, body in found.items() if _HEAD.unpack_from(body)[2]]
    return sorted(whole, key=lambda content: hashlib.sha256(content).digest())


def _parts(found: dict[int, bytes], number: int) -> Iterator[bytes]:
    while number:
        length, number_after, _ = _HEAD.unpack_from(found[number])
        yield found[number][_HEAD.size : _HEAD.size + length]
        number = number_after


def grow(survey: Survey) -> None:
    """Moves all responses to a range twice as large, each to a slot drawn anew, so that no slot tells old from new."""
    if connections[RESPONSES].vendor == "postgresql":
        with connections[RESPONSES].cursor() as cursor:
            cursor.execute(f"LOCK TABLE {_TABLE} IN ACCESS EXCLUSIVE MODE")
    contents = read_all(survey)
    old = (survey.first_slot, survey.slots)
    survey.first_slot, survey.slots = next_free_number(), 2 * survey.slots
    make_slots(survey.first_slot, survey.slots)
    for at in range(0, len(contents), MOST_TOGETHER):
        store(contents[at : at + MOST_TOGETHER], survey.first_slot, survey.slots)
    survey.save()
    Slot.objects.filter(number__gte=old[0], number__lt=sum(old)).delete()


def next_free_number() -> int:
    """The first slot number that no survey has; slots count from 1, because 0 ends a chain."""
    return max((each.first_slot + each.slots for each in Survey.objects.all()), default=1)
