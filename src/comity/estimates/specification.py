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
from comity.estimates import plain_values as values
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
    values.refuse_unknown_keys(content, [*DESIGN, "second_phase", "replicates", "weighting", "about"], name)
    plain = values.read_values({key: content[key] for key in DESIGN if key in content}, DESIGN, name)
    if content.get("second_phase") is not None:
        where = f"{name}, second_phase"
        plain["second_phase"] = _made(
            SecondPhase, values.read_values(content["second_phase"], SECOND_PHASE, where), where
        )
    steps = content.get("weighting") or []
    if not isinstance(steps, Sequence) or isinstance(steps, str):
        raise ComityError(
            f"'weighting' in '{name}' is not a list.", "Each step starts with '- step: rake' or another step."
        )
    about = content.get("about") or {}
    if not isinstance(about, Mapping):
        raise ComityError(f"'about' in '{name}' is not a list of keys.", "It has lines such as 'sponsor: City of ...'.")
    values.refuse_unknown_keys(about, [each.name for each in fields(About)], f"{name}, about")
    said = About(
        **{
            key: value if isinstance(value, Mapping) else str(value)
            for key, value in about.items()
            if value is not None
        }
    )
    return Specification(Design(**plain), tuple(_step(step, name) for step in steps), _replicates(content, name), said)


DESIGN: Mapping[str, values.Reader] = {
    "weights": values.column,
    "strata": values.column,
    "clusters": values.columns,
    "fpc": values.columns,
    "lonely": values.word,
    "nested": values.flag,
    "kind": values.word,
    "quasi_randomisation": values.flag,
    "minimum_n": values.whole(1),
    "design_effect": values.positive,
}
SECOND_PHASE: Mapping[str, values.Reader] = {
    "selected": values.column,
    "strata": values.column,
    "probabilities": values.column,
}
COLLAPSE: Mapping[str, values.Reader] = {"minimum_n": values.whole(1), "ordered": values.flag}
STEP_VALUES: Mapping[str, Mapping[str, values.Reader]] = {
    "eligibility": {
        "status": values.column,
        "unknown": values.categories,
        "ineligible": values.categories,
        "within": values.columns,
    },
    "nonresponse": {
        "responded": values.column,
        "within": values.columns,
        "propensity": values.columns,
        "floor": values.share,
    },
    "post-stratify": {"columns": values.columns, "targets": values.anything, "collapse": values.anything},
    "rake": {
        "margins": values.anything,
        "collapse": values.anything,
        "tolerance": values.positive,
        "max_sweeps": values.whole(1),
    },
    "calibrate": {
        "totals": values.by_column,
        "margins": values.anything,
        "population": values.positive,
        "collapse": values.anything,
        "distance": values.word,
        "bounds": values.pair,
        "tolerance": values.positive,
        "max_steps": values.whole(1),
    },
    "trim": {"cap": values.positive, "times_median": values.positive, "redistribute": values.flag},
}
REPLICATES: Mapping[str, values.Reader] = {
    "method": values.word,
    "columns": values.columns,
    "count": values.whole(2),
    "seed": values.whole(0),
    "rho": values.share,
    "scale": values.positive,
    "rscales": values.numbers,
    "mse": values.flag,
    "degrees_of_freedom": values.whole(1),
}


def _made(kind: Any, given: Mapping[str, Any], where: str) -> Any:
    try:
        return kind(**given)
    except TypeError as error:
        missing = str(error).rpartition(":")[2].strip() or "a key"
        raise ComityError(f"'{where}' lacks {missing}.", "See docs/reference/design-file.md.") from error


def _step(content: object, name: str) -> Step:
    if not isinstance(content, Mapping) or "step" not in content:
        raise ComityError(f"A weighting step in '{name}' has no 'step'.", f"It is one of: {', '.join(STEPS)}.")
    kind = str(content["step"])
    if kind not in STEPS:
        near = nearest(kind, list(STEPS))
        hint = f"Did you mean '{near}'?" if near else f"It is one of: {', '.join(STEPS)}."
        raise ComityError(f"'{name}' has a weighting step '{kind}' that is not known.", hint)
    where = f"{name}, step {kind}"
    given = values.read_values(
        {key: value for key, value in content.items() if key != "step"}, STEP_VALUES[kind], where
    )
    if "collapse" in given:
        given["collapse"] = Collapse(**values.read_values(given["collapse"], COLLAPSE, f"{where}, collapse"))
    if kind == "post-stratify":
        names = given.get("columns", ())
        if not names:
            raise ComityError(f"'{where}' lacks 'columns'.", "Name one column, or a list of them.")
        given["columns"] = names[0] if len(names) == 1 else names
        given["targets"] = _shares(given.get("targets"), len(names), where)
    if "margins" in given:
        if not isinstance(given["margins"], Mapping):
            raise ComityError(f"'margins' in '{where}' is not a list of columns.", "Write 'column: {category: count}'.")
        margins = {}
        for key, shares in given["margins"].items():
            names = tuple(part.strip() for part in str(key).split(" x "))
            margins[names[0] if len(names) == 1 else names] = _shares(shares, len(names), f"{where}, {key}")
        given["margins"] = margins
    return _made(STEPS[kind], given, where)  # type: ignore[no-any-return]


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
    if content.get("replicates") is None:
        return None
    given = values.read_values(content["replicates"], REPLICATES, f"{name}, replicates")
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
    columns: list[str] = []
    for pattern in given["columns"]:
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
