"""Writes a response into free slots drawn at random, and reads responses back.

A slot's content is two bytes of length, four of the next slot's number (0 for none), the part, and zeros to the end.
The functions that write are called inside a transaction of the response store.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from collections.abc import Iterator

from django.db import connections
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.surveys.responses.models import SLOT_BYTES, Slot, Survey
from comity.site.surveys.stores import RESPONSES

_HEAD = struct.Struct(">HIB")  # length, next slot, 1 for a response's first slot
PART_BYTES = SLOT_BYTES - _HEAD.size
MOST_BYTES = 64 * PART_BYTES
MOST_DRAWS = 40  # all taken so often only where four fifths of the range are
_TABLE = "survey_responses_slot"


class ResponseTooLong(ComityError):
    """A response is longer than the store takes."""


class NoSlotFree(Exception):
    """The range is too full to draw from; `grow` and try again."""


def make_slots(first: int, count: int) -> None:
    """Makes the empty slots `first` to `first` + `count` - 1."""
    for start in range(first, first + count, 2000):
        Slot.objects.bulk_create([Slot(number=n) for n in range(start, min(start + 2000, first + count))])


def check_length(content: bytes) -> None:
    """Raises ResponseTooLong for what does not fit into the store."""
    if len(content) > MOST_BYTES:
        raise ResponseTooLong(_("These answers are too long to be stored."), _("Shorten the texts you wrote."))


def store(content: bytes, first: int, count: int) -> None:
    """Writes `content` into as many free slots of the range as it needs. Raises ResponseTooLong or NoSlotFree."""
    check_length(content)
    parts = [content[at : at + PART_BYTES] for at in range(0, len(content), PART_BYTES)] or [b""]
    following = 0
    with connections[RESPONSES].cursor() as cursor:
        for place in reversed(range(len(parts))):
            part = parts[place]
            body = (_HEAD.pack(len(part), following, place == 0) + part).ljust(SLOT_BYTES, b"\0")
            following = _write(cursor, body, first, count)


def _write(cursor, body: bytes, first: int, count: int) -> int:  # type: ignore[no-untyped-def]
    """Draws free slots until one is written; every free slot is equally likely."""
    for _draw in range(MOST_DRAWS):
        number = first + secrets.randbelow(count)
        cursor.execute(
            f"UPDATE {_TABLE} SET is_used = %s, content = %s WHERE number = %s AND is_used = %s",
            [True, body, number, False],
        )
        if cursor.rowcount:
            return number
    raise NoSlotFree


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
    for content in contents:
        store(content, survey.first_slot, survey.slots)
    survey.save()
    Slot.objects.filter(number__gte=old[0], number__lt=sum(old)).delete()


def next_free_number() -> int:
    """The first slot number that no survey has; slots count from 1, because 0 ends a chain."""
    return max((each.first_slot + each.slots for each in Survey.objects.all()), default=1)
