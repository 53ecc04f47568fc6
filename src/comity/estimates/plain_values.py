"""Values of a design file, checked one by one: each kind of value has one sentence that says what it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from comity.errors import ComityError, nearest

Reader = Callable[[object], Any]


class _Wrong(Exception):
    """What the value should have been."""


def read_values(content: object, kinds: Mapping[str, Reader], where: str) -> dict[str, Any]:
    """The values of `content` by the kind of their key; an empty one counts as left out. Raises ComityError."""
    if not isinstance(content, Mapping):
        raise ComityError(f"'{where}' is not a list of keys.", f"Its keys are: {', '.join(kinds)}.")
    refuse_unknown_keys(content, list(kinds), where)
    found = {}
    for key, value in content.items():
        if value is None:
            continue
        try:
            found[key] = kinds[key](value)
        except _Wrong as expected:
            raise ComityError(f"'{key}' in '{where}' is {value!r}.", f"It is {expected}.") from None
    return found


def refuse_unknown_keys(content: Mapping[str, object], known: Sequence[str], where: str) -> None:
    """Raises ComityError for the first key that is not known, with the nearest that is."""
    for key in content:
        if key not in known:
            near = nearest(str(key), list(known))
            hint = f"Did you mean '{near}'?" if near else f"The keys are: {', '.join(known)}."
            raise ComityError(f"'{where}' has a key '{key}' that is not known.", hint)


def column(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _Wrong("the name of one column")
    return value


def columns(value: object) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, Sequence) or not all(isinstance(each, str) and each for each in values):
        raise _Wrong("a column's name, or a list of them")
    return tuple(values)


def word(value: object) -> str:
    if not isinstance(value, str):
        raise _Wrong("one word")
    return value


def categories(value: object) -> tuple[str, ...]:
    """Categories as the data spell them; numbers are taken as their digits."""
    values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if not all(isinstance(each, (str, int, float)) and not isinstance(each, bool) for each in values):
        raise _Wrong("a list of categories")
    return tuple(str(int(each)) if isinstance(each, float) and each.is_integer() else str(each) for each in values)


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("true or false")
    return value


def whole(least: int) -> Reader:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise _Wrong(f"a whole number of at least {least}")
        return value

    return read


def number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _Wrong("a number")
    return float(value)


def positive(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not (math.isfinite(value) and value > 0):
        raise _Wrong("a number above 0")
    return float(value)


def share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise _Wrong("a number from 0 to below 1")
    return float(value)


def numbers(value: object) -> tuple[float, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _Wrong("a list of numbers")
    try:
        return tuple(number(each) for each in value)
    except _Wrong:
        raise _Wrong("a list of numbers") from None


def pair(value: object) -> tuple[float, float]:
    try:
        first, second = numbers(value)
    except (_Wrong, ValueError):
        raise _Wrong("two numbers, such as [0.3, 3]") from None
    return first, second


def by_column(value: object) -> dict[str, float]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _Wrong("a number for each column, such as {income: 125000}")
    try:
        return {str(key): number(each) for key, each in value.items()}
    except _Wrong:
        raise _Wrong("a number for each column, such as {income: 125000}") from None


def anything(value: object) -> Any:
    """For values that are read elsewhere."""
    return value
