"""The small YAML file that says how a survey was drawn and how it is to be weighted: docs/reference/design-file.md.

Every key is checked; one that is not known is an error with the nearest that is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from comity.errors import ComityError, nearest
from comity.estimates.columns import Columns
from comity.estimates.design import Design, SecondPhase, Survey
from comity.estimates.replicates import METHODS, with_replicate_columns, with_replicates
from comity.estimates.statement import About
from comity.estimates.steps import (
    AdjustEligibility,
    AdjustNonresponse,
    Calibrate,
    Collapse,
    PostStratify,
    Rake,
    Step,
    Trim,
)
from comity.estimates.weighting import weigh

STEPS: Mapping[str, type[Step]] = {
    "eligibility": AdjustEligibility,
    "nonresponse": AdjustNonresponse,
    "post-stratify": PostStratify,
    "rake": Rake,
    "calibrate": Calibrate,
    "trim": Trim,
}


@dataclass(frozen=True)
class Specification:
    """A design file as read: the design, the weighting steps in order, and how replicates are made or found.

    about: what the disclosure statement of a report says besides the numbers.
    """

    design: Design
    steps: tuple[Step, ...] = ()
    replicates: Mapping[str, Any] | None = None
    about: About = field(default_factory=About)

    def apply(self, columns: Columns) -> Survey:
        """The survey: checked against the design, with replicates where asked for, weighted by every step."""
        survey = Survey.read(columns, self.design)
        survey = _with_replicates(survey, self.replicates) if self.replicates else survey
        return weigh(survey, *self.steps)


def read_specification(path: Path) -> Specification:
    """Read a design file. Raises ComityError with the key that is wrong."""
    if not path.is_file():
        raise ComityError(f"There is no design file '{path}'.", "See docs/reference/design-file.md for an example.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f" (line {line + 1})" if line is not None else ""
        raise ComityError(
            f"'{path.name}' is not valid YAML{where}.", "Check indentation, colons and quotes."
        ) from error
    return parse_specification({} if content is None else content, path.name)


def parse_specification(content: object, name: str = "the design") -> Specification:
    """The specification in plain data, as YAML gives it."""
    if not isinstance(content, Mapping):
        raise ComityError(f"'{name}' is not a list of keys.", "It has lines such as 'weights: pw'.")
    _refuse_unknown_keys(content, [*_fields(Design), "replicates", "weighting", "about"], name)
    plain = {key: value for key, value in content.items() if key not in ("replicates", "weighting", "about")}
    for key in ("weights", "strata"):
        if plain.get(key) is not None and not isinstance(plain[key], str):
            raise ComityError(f"'{key}' in '{name}' is {plain[key]!r}.", "It is the name of one column.")
    for key in ("clusters", "fpc"):
        if key in plain:
            plain[key] = _texts(plain[key], key, name)
    for key in ("nested", "quasi_randomisation"):
        if key in plain and not isinstance(plain[key], bool):
            raise ComityError(f"'{key}' in '{name}' is {plain[key]!r}.", "It is true or false.")
    if "minimum_n" in plain and (isinstance(plain["minimum_n"], bool) or not isinstance(plain["minimum_n"], int)):
        raise ComityError(f"'minimum_n' in '{name}' is {plain['minimum_n']!r}.", "It is a whole number.")
    if plain.get("second_phase") is not None:
        plain["second_phase"] = _second_phase(plain["second_phase"], f"{name}, second_phase")
    steps = content.get("weighting") or []
    if not isinstance(steps, Sequence) or isinstance(steps, str):
        raise ComityError(
            f"'weighting' in '{name}' is not a list.", "Each step starts with '- step: rake' or another step."
        )
    about = content.get("about") or {}
    if not isinstance(about, Mapping):
        raise ComityError(f"'about' in '{name}' is not a list of keys.", "It has lines such as 'sponsor: City of ...'.")
    _refuse_unknown_keys(about, _fields(About), f"{name}, about")
    said = About(**{key: str(value) for key, value in about.items() if value is not None})
    return Specification(Design(**plain), tuple(_step(step, name) for step in steps), _replicates(content, name), said)


def _fields(kind: type) -> list[str]:
    return [each.name for each in fields(kind)]


def _refuse_unknown_keys(content: Mapping[str, object], known: Sequence[str], name: str) -> None:
    for key in content:
        if key not in known:
            near = nearest(str(key), list(known))
            hint = f"Did you mean '{near}'?" if near else f"The keys are: {', '.join(known)}."
            raise ComityError(f"'{name}' has a key '{key}' that is not known.", hint)


def _texts(value: object, key: str, name: str) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if values is None:
        return ()
    if not isinstance(values, Sequence) or not all(isinstance(each, str) for each in values):
        raise ComityError(f"'{key}' in '{name}' is {value!r}.", "It is a column's name, or a list of them.")
    return tuple(values)


def _second_phase(content: object, where: str) -> SecondPhase:
    if not isinstance(content, Mapping) or not isinstance(content.get("selected"), str):
        raise ComityError(f"'{where}' has no 'selected'.", "Name the column that says who was drawn again.")
    _refuse_unknown_keys(content, _fields(SecondPhase), where)
    return SecondPhase(**content)


def _step(content: object, name: str) -> Step:
    if not isinstance(content, Mapping) or "step" not in content:
        raise ComityError(f"A weighting step in '{name}' has no 'step'.", f"It is one of: {', '.join(STEPS)}.")
    kind = str(content["step"])
    if kind not in STEPS:
        near = nearest(kind, list(STEPS))
        hint = f"Did you mean '{near}'?" if near else f"It is one of: {', '.join(STEPS)}."
        raise ComityError(f"'{name}' has a weighting step '{kind}' that is not known.", hint)
    values = {key: value for key, value in content.items() if key != "step"}
    _refuse_unknown_keys(values, _fields(STEPS[kind]), f"{name}, step {kind}")
    where = f"{name}, step {kind}"
    if "collapse" in values:
        _refuse_unknown_keys(values["collapse"] or {}, _fields(Collapse), f"{where}, collapse")
        values["collapse"] = Collapse(**(values["collapse"] or {}))
    if kind == "post-stratify":
        names = _texts(values.get("columns"), "columns", where)
        values["columns"] = names[0] if len(names) == 1 else names
        values["targets"] = _shares(values.get("targets"), len(names), where)
    if "margins" in values:
        if not isinstance(values["margins"], Mapping):
            raise ComityError(f"'margins' in '{where}' is not a list of columns.", "Write 'column: {category: count}'.")
        margins = {}
        for key, shares in values["margins"].items():
            names = tuple(part.strip() for part in str(key).split(" x "))
            margins[names[0] if len(names) == 1 else names] = _shares(shares, len(names), f"{where}, {key}")
        values["margins"] = margins
    if "bounds" in values and values["bounds"] is not None:
        if not isinstance(values["bounds"], Sequence) or len(values["bounds"]) != 2:
            raise ComityError(f"'bounds' in '{where}' is {values['bounds']!r}.", "It is two numbers, such as [0.3, 3].")
        values["bounds"] = (float(values["bounds"][0]), float(values["bounds"][1]))
    try:
        return STEPS[kind](**values)
    except TypeError as error:
        missing = str(error).rpartition(":")[2].strip() or "a key"
        raise ComityError(f"'{where}' lacks {missing}.", "See docs/reference/design-file.md.") from error


def _shares(content: object, parts: int, where: str) -> Any:
    """{category: count} from YAML, whose keys may be numbers or true/false; joint categories are written 'a x b'."""
    if not isinstance(content, Mapping) or not content:
        raise ComityError(f"'{where}' has no targets.", "Write 'category: count' for each category.")
    result: dict[Any, float] = {}
    for key, count in content.items():
        label = {True: "Yes", False: "No"}.get(key, str(key)) if isinstance(key, bool) else str(key)
        if isinstance(count, bool) or not isinstance(count, (int, float)):
            raise ComityError(f"The target of '{label}' in '{where}' is {count!r}.", "It is a number.")
        joint = tuple(part.strip() for part in label.split(" x "))
        if parts > 1 and len(joint) != parts:
            raise ComityError(
                f"The target '{label}' in '{where}' has {len(joint)} parts.", f"Join {parts} categories by ' x '."
            )
        result[joint if parts > 1 else label] = float(count)
    return result


def _replicates(content: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    given = content.get("replicates")
    if given is None:
        return None
    known = ["method", "columns", "count", "seed", "rho", "scale", "rscales", "mse", "degrees_of_freedom"]
    if not isinstance(given, Mapping):
        raise ComityError(f"'replicates' in '{name}' is not a list of keys.", "It has a method, such as 'method: JK1'.")
    _refuse_unknown_keys(given, known, f"{name}, replicates")
    if given.get("method") not in METHODS:
        raise ComityError(
            f"The replicate method in '{name}' is {given.get('method')!r}.", f"It is one of: {', '.join(METHODS)}."
        )
    return given


def _with_replicates(survey: Survey, given: Mapping[str, Any]) -> Survey:
    options = {key: value for key, value in given.items() if key not in ("method", "columns")}
    if "columns" not in given:
        for key in ("scale", "rscales", "degrees_of_freedom"):
            if key in options:
                raise ComityError(
                    f"'{key}' is for replicate weights that came with the data.", "Name their columns, or drop it."
                )
        return with_replicates(survey, given["method"], **options)
    for key in ("count", "seed"):
        options.pop(key, None)
    wanted = [given["columns"]] if isinstance(given["columns"], str) else list(given["columns"])
    columns: list[str] = []
    for pattern in wanted:
        if pattern.endswith("*"):
            found = [name for name in survey.columns.names if name.startswith(pattern[:-1])]
            if not found:
                raise ComityError(
                    f"No column starts with '{pattern[:-1]}'.", "Check the names of the replicate weights."
                )
            columns += found
        else:
            columns.append(pattern)
    return with_replicate_columns(survey, given["method"], columns, **options)
