"""One reader of columns for every table we accept: Arrow, Polars and pandas (by the Arrow PyCapsule interface), or a
dict.

Numbers come out as float64 with NaN for missing; categories come out as int codes (-1 for missing) with their labels
in a fixed order, so that nothing downstream depends on the library the table came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from comity.errors import ComityError, nearest

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
YES, NO = ("1", "true", "yes", "y"), ("0", "false", "no", "n")


@dataclass(frozen=True)
class Categories:
    """One categorical column: `codes` index `labels`; -1 is missing. has_missing: whether any is."""

    name: str
    codes: npt.NDArray[np.integer[Any]]
    labels: tuple[str, ...]
    has_missing: bool


@dataclass(frozen=True)
class Columns:
    """A table whose columns can be read as numbers or as categories.

    value_labels: per column, the label of each code (as SPSS and Stata files carry them); used for categories only.
    """

    table: pa.Table
    value_labels: Mapping[str, Mapping[object, str]] = field(default_factory=dict)
    _cache: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def rows(self) -> int:
        return int(self.table.num_rows)

    @property
    def names(self) -> list[str]:
        return list(self.table.column_names)

    def numbers(self, name: str) -> Floats:
        """Column `name` as float64, NaN where missing. Raises ComityError for text that is not a number."""
        key = ("numbers", name)
        if key not in self._cache:
            self._cache[key] = _as_numbers(name, self._column(name))
        found: Floats = self._cache[key]
        return found

    def categories(self, name: str) -> Categories:
        """Column `name` as codes and labels: numbers in order of value, text in alphabetical order."""
        key = ("categories", name)
        if key not in self._cache:
            self._cache[key] = _as_categories(name, self._column(name), self.value_labels.get(name, {}))
        found: Categories = self._cache[key]
        return found

    def yes(self, name: str) -> npt.NDArray[np.bool_]:
        """Where column `name` is 1, true or yes; missing is not. Raises ComityError for any other word."""
        found = self.categories(name)
        odd = [label for label in found.labels if label.casefold() not in YES + NO]
        if odd:
            raise ComityError(
                f"Column '{name}' has '{odd[0]}' where yes or no is expected.", "Use 1 and 0, or yes and no."
            )
        return np.isin(found.codes, [at for at, label in enumerate(found.labels) if label.casefold() in YES])

    def is_numeric(self, name: str) -> bool:
        kind = self._column(name).type
        return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))

    def with_column(self, name: str, values: npt.ArrayLike) -> Columns:
        """The same table with one column more (or replaced)."""
        table = self.table.drop_columns([name]) if name in self.table.column_names else self.table
        return Columns(table.append_column(name, pa.array(np.asarray(values))), self.value_labels)

    def where(self, keep: npt.NDArray[np.bool_]) -> Columns:
        return Columns(self.table.filter(pa.array(keep)), self.value_labels)

    def _column(self, name: str) -> Any:
        if name not in self.table.column_names:
            near = nearest(name, self.names)
            hint = f"Did you mean '{near}'?" if near else f"The columns are: {', '.join(self.names[:20])}."
            raise ComityError(f"There is no column '{name}'.", hint)
        return self.table[name]


def read_columns(data: Any) -> Columns:
    """`data` as Columns: already Columns, an Arrow table, a Polars or pandas data frame, or a dict of equally long
    sequences."""
    if isinstance(data, Columns):
        return data
    if isinstance(data, pa.Table):
        return Columns(data)
    if hasattr(data, "__arrow_c_stream__"):
        return Columns(pa.table(data))
    if isinstance(data, Mapping):
        return Columns(pa.table({str(name): _arrow_array(values) for name, values in data.items()}))
    raise ComityError(
        f"A table of type '{type(data).__name__}' cannot be read.", "Pass an Arrow, Polars or pandas table, or a dict."
    )


def joint_codes(parts: Sequence[npt.NDArray[np.integer[Any]]], sizes: Sequence[int]) -> tuple[Codes, int]:
    """One code for each combination of several codes (mixed radix), and how many combinations there can be.

    A row with any part missing (-1) is -1.
    """
    total = 1
    for size in sizes:
        total *= max(size, 1)
    if not parts:
        raise ValueError("joint_codes needs at least one part")
    if len(parts) == 1:
        return parts[0].astype(np.int64), total
    joint = np.zeros(len(parts[0]), np.int64)
    missing = np.zeros(len(parts[0]), bool)
    for codes, size in zip(parts, sizes, strict=True):
        joint = joint * max(size, 1) + codes
        missing |= codes < 0
    joint[missing] = -1
    return joint, total


def _arrow_array(values: Any) -> Any:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    array = np.asarray(values) if not isinstance(values, (list, tuple)) else values
    return pa.array(array, from_pandas=True)


def _as_numbers(name: str, column: Any) -> Floats:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        try:
            column = pc.cast(column, pa.float64())
        except pa.ArrowInvalid as error:
            raise ComityError(
                f"Column '{name}' holds text, and this needs numbers.",
                "Use a proportion for categories, or give a numeric column.",
            ) from error
    elif pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise ComityError(f"Column '{name}' is of type {kind}, and this needs numbers.", "Give a numeric column.")
    values = column.to_numpy() if column.null_count == 0 else column.cast(pa.float64()).to_numpy()
    return np.ascontiguousarray(values, np.float64)


def _as_categories(name: str, column: Any, value_labels: Mapping[object, str]) -> Categories:
    quick = _small_integers(column)
    if quick is not None:
        codes, values = quick
        return Categories(name, codes, tuple(value_labels.get(value, str(value)) for value in values), False)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = pa.concat_arrays(encoded.chunks) if encoded.num_chunks else pa.array([], encoded.type)
    values = encoded.dictionary.to_pylist()
    raw = encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    used = np.zeros(len(values) + 1, bool)
    used[raw] = True
    present = [at for at in range(len(values)) if used[at] and values[at] is not None]
    ordered = sorted(present, key=lambda at: (isinstance(values[at], str), values[at]))
    lookup = np.full(len(values) + 1, -1, np.int64)
    lookup[ordered] = np.arange(len(ordered))
    codes = lookup[raw]
    labels = tuple(value_labels.get(values[at], _label(values[at])) for at in ordered)
    return Categories(name, codes, labels, bool((codes < 0).any()))


def _small_integers(column: Any) -> tuple[npt.NDArray[np.integer[Any]], list[int]] | None:
    """Codes straight from integers in a narrow range, without hashing a row; None where that does not apply."""
    if not pa.types.is_integer(column.type) or column.null_count or len(column) == 0:
        return None
    values = column.to_numpy()
    low, high = int(values.min()), int(values.max())
    if high - low >= 4096:
        return None
    shifted = values if low == 0 else np.subtract(values, low, dtype=np.int32 if high < 2**31 > -low else np.int64)
    present = np.zeros(high - low + 1, bool)
    present[shifted[:20_000]] = True
    if not present.all():
        present[shifted] = True
    found = [low + int(at) for at in np.flatnonzero(present)]
    if present.all():
        return shifted, found
    lookup = np.cumsum(present) - 1
    return lookup[shifted], found


def _label(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
