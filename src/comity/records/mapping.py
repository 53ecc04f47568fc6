"""One YAML file says how a publisher's columns become the standard ones; what it does not say is refused, not guessed.

The keys, with an example of each, are in docs/how-to/map-a-source.md.
"""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Mapping as ReadOnlyMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn

import yaml

from comity.errors import ComityError, nearest
from comity.records.vocabulary import Column, RecordType, record_types
from comity.wording import LANGUAGES

MISSING = "missing"
REJECT = "reject"
DATE_DIRECTIVES = "YymdbBaAHIMSfp"


class MappingError(ComityError):
    """A mapping says something that cannot be done, or twice, or misspells a key."""


@dataclass(frozen=True)
class FileOptions:
    """How the source files are written. sheet: its name or number (from 1). skip_rows: lines before the header."""

    delimiter: str | None = None
    quote: str = '"'
    encoding: str = "utf-8"
    sheet: str | None = None
    skip_rows: int = 0


@dataclass(frozen=True)
class SourceText:
    """Text taken from source columns: one, several joined, the first that is there, or one part of a split."""

    columns: tuple[str, ...]
    combine: Literal["one", "joined", "first of"] = "one"
    separator: str = " "
    split_by: str | None = None
    part: int = 1


@dataclass(frozen=True)
class LocalCode:
    """An agency's own code, kept apart, and the standard code it lies within. label: text by language."""

    value: str
    within: str
    label: ReadOnlyMapping[str, str]


@dataclass(frozen=True)
class ColumnMapping:
    """How one standard column is filled: from `source`, as the fixed `value`, or from others (`any_of`, `all_of`).

    codes: folded source value -> code, or None for missing; None where the standard codes themselves are expected.
    otherwise: what becomes of a value that cannot be read: "reject", "missing" or a code.
    missing: folded values that mean nothing was recorded. between: believable range (numbers, or ISO dates as dates).
    """

    column: Column
    source: SourceText | None = None
    value: str | None = None
    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    equals: tuple[str, ...] | None = None
    formats: tuple[str, ...] = ()
    codes: ReadOnlyMapping[str, str | None] | None = None
    local_codes: tuple[LocalCode, ...] = ()
    missing: tuple[str, ...] = ("",)
    otherwise: str = REJECT
    required: bool = False
    between: tuple[float, float] | tuple[datetime.date, datetime.date] | None = None


@dataclass(frozen=True)
class Duplicates:
    """Rows with the same `key` (source columns) are one record; the first, or last, by `order_by` is kept.

    order_by names standard columns; ties go to the place in the files, so the order is total.
    """

    key: tuple[str, ...] | Literal["all columns"]
    order_by: tuple[str, ...] = ()
    keep: Literal["first", "last"] = "first"


@dataclass(frozen=True)
class Mapping:
    """A publisher's file format in terms of one record type."""

    source: str
    record_type: RecordType
    time_zone: str | None
    files: FileOptions
    columns: ReadOnlyMapping[str, ColumnMapping]
    missing: tuple[str, ...] = ("",)
    duplicates: Duplicates | None = None
    unused: tuple[str, ...] = ()
    name: str = "mapping"
    text: str = field(default="", repr=False)

    @property
    def hierarchies(self) -> dict[str, dict[str, str]]:
        """Per column with local codes, {local code: the standard code it lies within}."""
        return {
            name: {code.value: code.within for code in column.local_codes}
            for name, column in self.columns.items()
            if column.local_codes
        }

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Every source column the mapping reads, in the order in which it names them."""
        named: dict[str, None] = {}
        for column in self.columns.values():
            named.update(dict.fromkeys(column.source.columns if column.source else ()))
        if self.duplicates and self.duplicates.key != "all columns":
            named.update(dict.fromkeys(self.duplicates.key))
        return tuple(named)


def fold(value: str) -> str:
    """Trimmed and lower case: how source values are compared with the codes and missing values of a mapping."""
    return value.strip(WHITE_SPACE).lower()


WHITE_SPACE = " \t\r\n\v\f\u00a0"
"""What is trimmed from both ends of a value, no-break space included: it comes with text copied from web pages."""


def read_mapping(path: str | Path) -> Mapping:
    """Read and check a mapping file. Raises MappingError with the line, the value and the nearest valid word."""
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise MappingError(
            f"There is no mapping file {path}.", "Check the path; `comity init` writes an example."
        ) from None
    except OSError as error:
        raise MappingError(
            f"The mapping file {path} cannot be read: {error.strerror}.", "Check its permissions."
        ) from None
    except UnicodeDecodeError:
        raise MappingError(f"The mapping file {path} is not UTF-8 text.", "Save it as UTF-8.") from None
    return parse_mapping(text, name=path.name)


def parse_mapping(text: str, *, name: str = "mapping") -> Mapping:
    """As `read_mapping`, from the text itself; `name` is what errors call it."""
    return _Reader(name).mapping(text)


_TOP = ("source", "record_type", "time_zone", "files", "missing", "columns", "duplicates", "unused")
_FILES = ("delimiter", "quote", "encoding", "sheet", "skip_rows")
_COLUMN = (
    *("from", "first_of", "separator", "part", "value", "any_of", "all_of", "equals"),
    *("formats", "codes", "missing", "otherwise", "required", "between"),
)
_PART = ("separator", "number")
_DUPLICATES = ("key", "order_by", "keep")
_LOCAL = ("value", "within", "label")
_YES = {"yes": True, "true": True, "no": False, "false": False}
_YES_NO_WORDS = {
    **dict.fromkeys(("yes", "true", "y", "t", "1"), "yes"),
    **dict.fromkeys(("no", "false", "n", "f", "0"), "no"),
}
_DELIMITERS = {"comma": ",", "tab": "\t", "semicolon": ";", "pipe": "|"}


class _Reader:
    """Walks the YAML nodes, so that "no" stays a word, a repeated key is seen and every error has its line."""

    def __init__(self, name: str) -> None:
        self.name = name

    def mapping(self, text: str) -> Mapping:
        root = self._compose(text)
        top = self._fields(root, _TOP, "the mapping")
        for key in ("source", "record_type", "columns"):
            if key not in top:
                self._wrong(root, f"the key '{key}' is missing", f"Add '{key}:'; see docs/how-to/map-a-source.md.")
        record_type = self._record_type(top["record_type"])
        missing = self._missing(top["missing"]) if "missing" in top else ("",)
        columns = self._columns(top["columns"], record_type, missing)
        self._needs_a_date(root, record_type, columns)
        return Mapping(
            source=self._text(top["source"], "source"),
            record_type=record_type,
            time_zone=self._time_zone(top.get("time_zone")),
            files=self._files(top.get("files")),
            columns=columns,
            missing=missing,
            duplicates=self._duplicates(top["duplicates"], columns) if "duplicates" in top else None,
            unused=self._texts(top["unused"], "unused") if "unused" in top else (),
            name=self.name,
            text=text,
        )

    # --- the parts of a mapping, in the order of the file ----------------------------------------------------------

    def _record_type(self, node: yaml.Node) -> RecordType:
        types = record_types()
        word = self._text(node, "record_type")
        if word not in types:
            self._not_one_of(node, "record type", word, tuple(types))
        return types[word]

    def _time_zone(self, node: yaml.Node | None) -> str | None:
        if node is None:
            return None
        word = self._text(node, "time_zone")
        if word not in zoneinfo.available_timezones():
            self._not_one_of(node, "time zone", word, tuple(sorted(zoneinfo.available_timezones())), list_all=False)
        return word

    def _files(self, node: yaml.Node | None) -> FileOptions:
        if node is None:
            return FileOptions()
        given = self._fields(node, _FILES, "'files'")
        delimiter = None
        if "delimiter" in given:
            word = self._text(given["delimiter"], "delimiter", keep_space=True)
            delimiter = _DELIMITERS.get(word, word.replace("\\t", "\t"))
            if len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii():
                self._wrong(
                    given["delimiter"],
                    f"the delimiter '{word}' is not one character",
                    f"Use one character or one of {_listed(_DELIMITERS)}.",
                )
        quote = self._text(given["quote"], "quote") if "quote" in given else '"'
        if quote not in ('"', "'", "none"):
            self._not_one_of(given["quote"], "quote", quote, ('"', "'", "none"))
        encoding = self._text(given["encoding"], "encoding") if "encoding" in given else "utf-8"
        if _codec(encoding) is None:
            self._not_one_of(given["encoding"], "encoding", encoding, ("utf-8", "latin-1", "windows-1252", "utf-16"))
        skip_rows = 0
        if "skip_rows" in given:
            word = self._text(given["skip_rows"], "skip_rows")
            if not (word.isascii() and word.isdigit() and int(word) <= 1000):
                self._wrong(given["skip_rows"], f"skip_rows is '{word}'", "Give a whole number from 0 to 1000.")
            skip_rows = int(word)
        sheet = self._text(given["sheet"], "sheet") if "sheet" in given else None
        return FileOptions(delimiter, "" if quote == "none" else quote, _codec(encoding) or "utf-8", sheet, skip_rows)

    def _missing(self, node: yaml.Node) -> tuple[str, ...]:
        """Folded; the empty text is always among them."""
        return tuple(dict.fromkeys(("", *(fold(word) for word in self._texts(node, "missing", keep_space=True)))))

    def _columns(self, node: yaml.Node, record_type: RecordType, missing: tuple[str, ...]) -> dict[str, ColumnMapping]:
        given = self._fields(node, tuple(record_type.columns), f"the columns of a {record_type.name}")
        if not given:
            self._wrong(node, "no column is mapped", "Name at least the date; see docs/reference/vocabulary.md.")
        columns = {
            name: self._column(given[name], column, missing)
            for name, column in record_type.columns.items()
            if name in given
        }
        for name, mapped in columns.items():
            for other in (*mapped.any_of, *mapped.all_of):
                filled = columns.get(other)
                if other not in record_type.columns:
                    self._not_one_of(given[name], "column", other, tuple(columns))
                if filled is None or filled.column.kind != "boolean" or filled.any_of or filled.all_of:
                    self._wrong(
                        given[name],
                        f"{name} is derived from {other}, which is not a yes/no column read from the source",
                        f"Map {other} with 'from', or derive {name} from other columns.",
                    )
        return columns

    def _column(self, node: yaml.Node, column: Column, missing: tuple[str, ...]) -> ColumnMapping:
        if isinstance(node, yaml.ScalarNode):
            source = SourceText((self._text(node, column.name),))
            plain = ColumnMapping(column, source, missing=missing, required=column.required, between=column.between)
            return self._checked(node, plain)
        given = self._fields(node, _COLUMN, f"the column {column.name}")
        ways = [key for key in ("from", "first_of", "value", "any_of", "all_of") if key in given]
        if len(ways) != 1:
            found = f"has both '{ways[0]}' and '{ways[1]}'" if ways else "does not say where it comes from"
            self._wrong(node, f"{column.name} {found}", "Give exactly one of from, first_of, value, any_of, all_of.")
        way = ways[0]
        if "missing" in given:
            missing = self._missing(given["missing"])
        codes, local_codes = self._codes(given["codes"], column) if "codes" in given else (None, ())
        return self._checked(
            node,
            ColumnMapping(
                column=column,
                source=self._source(given, way, column) if way in ("from", "first_of") else None,
                value=self._text(given["value"], "value") if way == "value" else None,
                any_of=self._texts(given["any_of"], "any_of") if way == "any_of" else (),
                all_of=self._texts(given["all_of"], "all_of") if way == "all_of" else (),
                equals=tuple(fold(word) for word in self._texts(given["equals"], "equals"))
                if "equals" in given
                else None,
                formats=self._formats(given["formats"], column) if "formats" in given else (),
                codes=codes,
                local_codes=local_codes,
                missing=missing,
                otherwise=self._otherwise(given["otherwise"], column, local_codes) if "otherwise" in given else REJECT,
                required=self._yes_no(given["required"], "required") if "required" in given else column.required,
                between=self._between(given["between"], column) if "between" in given else column.between,
            ),
        )

    def _source(self, given: dict[str, yaml.Node], way: str, column: Column) -> SourceText:
        names = self._texts(given[way], way)
        if not names or "" in names:
            self._wrong(given[way], f"{column.name} names no source column", "Name the column as the header spells it.")
        combine: Literal["one", "joined", "first of"] = "one"
        if way == "first_of":
            combine = "first of"
        elif len(names) > 1:
            combine = "joined"
        separator = self._text(given["separator"], "separator", keep_space=True) if "separator" in given else " "
        if "separator" in given and combine != "joined":
            self._wrong(given["separator"], "'separator' joins several columns, and only one is named", "Remove it.")
        if "part" not in given:
            return SourceText(names, combine, separator)
        part = self._fields(given["part"], _PART, "'part'")
        if set(part) != set(_PART):
            self._wrong(given["part"], "'part' needs both separator and number", 'Write {separator: "/", number: 1}.')
        split_by = self._text(part["separator"], "separator", keep_space=True)
        number = self._text(part["number"], "number")
        if not split_by or not (number.isascii() and number.isdigit() and 1 <= int(number) <= 100):
            self._wrong(
                given["part"], f"part number '{number}' of '{split_by}'", "Count parts from 1; name a separator."
            )
        return SourceText(names, combine, separator, split_by, int(number))

    def _codes(self, node: yaml.Node, column: Column) -> tuple[dict[str, str | None], tuple[LocalCode, ...]]:
        if column.kind not in ("code", "boolean", "text"):
            self._wrong(node, f"{column.name} is a {column.kind} and has no codes", "Remove 'codes'.")
        valid = ("yes", "no") if column.kind == "boolean" else column.code_values
        codes: dict[str, str | None] = {}
        local: dict[str, LocalCode] = {}
        for key, value in self._pairs(node, "codes"):
            word = fold(self._text(key, "codes", keep_space=True))
            if word in codes:
                self._wrong(
                    key,
                    f"the code list of {column.name} has '{word}' twice (upper and lower case count as the same)",
                    "Remove one of them.",
                )
            if isinstance(value, yaml.MappingNode):
                code = self._local_code(value, column)
                if local.setdefault(code.value, code) != code:
                    self._wrong(
                        value, f"the local code '{code.value}' is defined twice", "Define it once, the same way."
                    )
                codes[word] = code.value
                continue
            target = self._text(value, f"code of '{word}'")
            if target == MISSING:
                codes[word] = None
            elif column.kind == "text" or target in valid or target in local:
                codes[word] = target
            else:
                self._not_one_of(value, f"code of {column.name}", target, (*valid, *local, MISSING))
        if not codes:
            self._wrong(node, f"the code list of {column.name} is empty", "List at least one code.")
        return codes, tuple(local.values())

    def _local_code(self, node: yaml.Node, column: Column) -> LocalCode:
        if column.kind != "code":
            self._wrong(node, f"{column.name} has no standard codes to lie within", "Write the new value itself.")
        given = self._fields(node, _LOCAL, "a local code")
        for key in _LOCAL:
            if key not in given:
                self._wrong(node, f"the local code lacks '{key}'", "Give value, within, and a label in each language.")
        value = self._text(given["value"], "value")
        within = self._text(given["within"], "within")
        if within not in column.code_values:
            self._not_one_of(given["within"], f"code of {column.name}", within, column.code_values)
        if value in column.code_values or value in ("all", "not recorded", MISSING, REJECT, ""):
            self._wrong(given["value"], f"the local code '{value}' already means something", "Choose another name.")
        label = {
            self._text(language, "label"): self._text(text, "label")
            for language, text in self._pairs(given["label"], "label")
        }
        for language in LANGUAGES:
            if not label.get(language):
                self._wrong(given["label"], f"the local code '{value}' has no label in '{language}'", "Add it.")
        return LocalCode(value, within, label)

    def _formats(self, node: yaml.Node, column: Column) -> tuple[str, ...]:
        if column.kind not in ("date", "time"):
            self._wrong(node, f"{column.name} is a {column.kind} and has no formats", "Remove 'formats'.")
        formats = self._texts(node, "formats")
        for each in formats:
            self._format(node, each, column)
        if len(set(formats)) < len(formats) or not formats:
            self._wrong(node, f"the formats of {column.name} are empty or repeat one", "List each format once.")
        return formats

    def _format(self, node: yaml.Node, text: str, column: Column) -> None:
        directives = re.findall(r"%(.?)", text, flags=re.DOTALL)
        for each in directives:
            if each not in (*DATE_DIRECTIVES, "%"):
                self._wrong(
                    node,
                    f"the format '{text}' has '%{each}', which is not known",
                    f"Use {' '.join('%' + letter for letter in DATE_DIRECTIVES)}; see docs/how-to/dates.md.",
                )
        has = set(directives)
        is_date = bool(has & {"Y", "y"}) and bool(has & {"m", "b", "B"}) and "d" in has
        is_time = "H" in has or {"I", "p"} <= has
        if len(directives) - directives.count("%") != len(has - {"%"}) or {"Y", "y"} <= has:
            self._wrong(node, f"the format '{text}' names one part of a date twice", "Name each part once.")
        if (column.kind == "date" and not is_date) or (column.kind == "time" and not is_time):
            lacks = "a year, a month and a day" if column.kind == "date" else "%H, or %I with %p"
            self._wrong(node, f"the format '{text}' of {column.name} lacks {lacks}", "See docs/how-to/dates.md.")

    def _otherwise(self, node: yaml.Node, column: Column, local: tuple[LocalCode, ...]) -> str:
        word = self._text(node, "otherwise")
        codes = ("yes", "no") if column.kind == "boolean" else (*column.code_values, *(code.value for code in local))
        if word not in (REJECT, MISSING, *codes):
            self._not_one_of(node, f"'otherwise' of {column.name}", word, (REJECT, MISSING, *codes))
        return word

    def _between(self, node: yaml.Node, column: Column) -> tuple[float, float] | tuple[datetime.date, datetime.date]:
        words = self._texts(node, "between")
        if column.kind not in ("date", "integer", "number"):
            self._wrong(node, f"{column.name} is a {column.kind} and has no range", "Remove 'between'.")
        example = "[2017-01-01, 2017-12-31]" if column.kind == "date" else "[0, 120]"
        try:
            if column.kind == "date":
                low_day, high_day = (datetime.date.fromisoformat(word) for word in words)
                if low_day <= high_day:
                    return low_day, high_day
            else:
                low, high = (float(word) for word in words)
                if low <= high:
                    return low, high
        except ValueError:
            pass
        return self._wrong(node, f"the range of {column.name} is [{', '.join(words)}]", f"Write it as {example}.")

    def _duplicates(self, node: yaml.Node, columns: dict[str, ColumnMapping]) -> Duplicates:
        given = self._fields(node, _DUPLICATES, "'duplicates'")
        if "key" not in given:
            self._wrong(node, "'duplicates' has no key", "Name the source columns that identify a record.")
        key = self._texts(given["key"], "key")
        order_by = self._texts(given["order_by"], "order_by") if "order_by" in given else ()
        for name in order_by:
            if name not in columns:
                self._not_one_of(given["order_by"], "mapped column", name, tuple(columns))
        keep = self._text(given["keep"], "keep") if "keep" in given else "first"
        if keep not in ("first", "last"):
            self._not_one_of(given["keep"], "'keep'", keep, ("first", "last"))
        if not key or "" in key:
            self._wrong(given["key"], "the key of 'duplicates' is empty", "Name at least one source column.")
        return Duplicates(
            "all columns" if key == ("all columns",) else tuple(dict.fromkeys(key)),
            order_by,
            "last" if keep == "last" else "first",
        )

    # --- rules that concern several keys at once -------------------------------------------------------------------

    def _checked(self, node: yaml.Node, mapped: ColumnMapping) -> ColumnMapping:
        column = mapped.column
        if (mapped.any_of or mapped.all_of or mapped.equals is not None) and column.kind != "boolean":
            self._wrong(
                node, f"{column.name} is not a yes/no column", "Use any_of, all_of and equals for yes/no columns."
            )
        if mapped.equals is not None and (mapped.codes or not mapped.source):
            self._wrong(
                node, f"{column.name} has 'equals' without 'from', or with codes", "Give 'from' and 'equals' only."
            )
        if column.kind in ("date", "time") and not mapped.formats:
            self._wrong(
                node,
                f"{column.name} has no formats",
                'List them in order, as in formats: ["%Y-%m-%d"]; they cannot be guessed. See docs/how-to/dates.md.',
            )
        if mapped.value is not None and column.kind not in ("text", "code", "boolean"):
            self._wrong(node, f"{column.name} cannot have one fixed value", "Read it from a source column with 'from'.")
        allowed = ("yes", "no") if column.kind == "boolean" else column.code_values
        if mapped.value is not None and allowed and mapped.value not in allowed:
            self._not_one_of(node, f"value of {column.name}", mapped.value, allowed)
        if mapped.source is None:
            idle = [
                key
                for key, is_set in (
                    ("codes", mapped.codes),
                    ("formats", mapped.formats),
                    ("otherwise", mapped.otherwise != REJECT),
                )
                if is_set
            ]
            if idle:
                self._wrong(node, f"{column.name} has '{idle[0]}' but reads no source column", f"Remove '{idle[0]}'.")
        return mapped

    def _needs_a_date(self, node: yaml.Node, record_type: RecordType, columns: dict[str, ColumnMapping]) -> None:
        for name, column in record_type.columns.items():
            if column.required and name not in columns:
                self._wrong(
                    node, f"the column {name} of a {record_type.name} is not mapped", f"Add '{name}:' to 'columns'."
                )

    # --- YAML ------------------------------------------------------------------------------------------------------

    def _compose(self, text: str) -> yaml.Node:
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or "it cannot be read"
            line = f", line {mark.line + 1}" if mark else ""
            raise MappingError(f"{self.name}{line}: this is not YAML ({problem}).", "Correct that line.") from None
        except RecursionError:
            raise MappingError(
                f"{self.name}: this is nested too deeply to be a mapping.", "Start from an example."
            ) from None
        if root is None:
            raise MappingError(f"{self.name} is empty.", "See docs/how-to/map-a-source.md for an example.")
        return root

    def _wrong(self, node: yaml.Node, what: str, next_step: str) -> NoReturn:
        raise MappingError(f"{self.name}, line {node.start_mark.line + 1}: {what}.", next_step)

    def _not_one_of(
        self, node: yaml.Node, noun: str, word: str, valid: tuple[str, ...], *, list_all: bool = True
    ) -> NoReturn:
        close = nearest(word, valid)
        hint = f"Did you mean '{close}'?" if close else ""
        if list_all and (not close or len(valid) <= 8):
            hint = f"{hint} Valid: {', '.join(valid)}.".strip()
        self._wrong(node, f"'{word}' is not a known {noun}", hint or "See docs/reference/vocabulary.md.")

    def _pairs(self, node: yaml.Node, where: str) -> list[tuple[yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self._wrong(
                node, f"'{where}' is not a list of 'key: value' lines", "Write one 'key: value' a line below it."
            )
        return list(node.value)

    def _fields(self, node: yaml.Node, valid: tuple[str, ...], where: str) -> dict[str, yaml.Node]:
        fields: dict[str, yaml.Node] = {}
        for key, value in self._pairs(node, where):
            word = self._text(key, where)
            if word in fields:
                self._wrong(key, f"'{word}' appears twice in {where}", "Remove one of them.")
            if word not in valid:
                self._not_one_of(key, f"key of {where}", word, valid)
            fields[word] = value
        return fields

    def _text(self, node: yaml.Node, where: str, *, keep_space: bool = False) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._wrong(node, f"'{where}' should be one word or text", "Put it on one line.")
        return str(node.value) if keep_space else str(node.value).strip()

    def _texts(self, node: yaml.Node, where: str, *, keep_space: bool = False) -> tuple[str, ...]:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        return tuple(self._text(each, where, keep_space=keep_space) for each in nodes)

    def _yes_no(self, node: yaml.Node, where: str) -> bool:
        word = self._text(node, where).lower()
        if word not in _YES:
            self._not_one_of(node, where, word, tuple(_YES))
        return _YES[word]


def accepted_codes(mapped: ColumnMapping) -> dict[str, str | None]:
    """Every folded source value that a coded or yes/no column understands, and its code (None: missing)."""
    if mapped.codes is not None:
        return dict(mapped.codes)
    if mapped.column.kind == "boolean":
        return dict(_YES_NO_WORDS)
    return {fold(value): value for value in mapped.column.code_values}


def _codec(encoding: str) -> str | None:
    """The encoding's usual name, or None when it is not one for text files."""
    known = {
        **dict.fromkeys(("utf-8", "utf8", "utf-8-sig"), "utf-8"),
        **dict.fromkeys(("latin-1", "latin1", "iso-8859-1", "windows-1252", "cp1252"), "windows-1252"),
        **dict.fromkeys(("utf-16", "utf16", "utf-16le", "utf-16-le"), "utf-16"),
        **dict.fromkeys(("cp437", "ibm437"), "cp437"),
    }
    return known.get(encoding.lower())


def _listed(words: ReadOnlyMapping[str, str] | tuple[str, ...]) -> str:
    return ", ".join(words)
