"""Reads results.toml: what only the people who ran a survey know, the promised day, and the waves before.

docs/how-to/run-a-survey.md has an example.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

from comity.estimates import About, read_specification
from comity.estimates.specification import Specification
from comity.site.surveys.questionnaire import Questionnaire, Texts
from comity.site.surveys.results.columns import Response, ResultsError, in_order
from comity.site.surveys.results.design import weighted_survey
from comity.site.surveys.results.inputs import Results, StatedClusters, Wave
from comity.site.surveys.sampling import count_outcomes

_KEYS = ("period", "promised", "source", "strata", "sizes", "cases", "statement", "clusters", "earlier")
_OWN_ITEMS = ("questions",)  # what is known without being told
Sealed = Callable[[str, str], Questionnaire]


def read_about(
    content: Mapping[str, Any],
    *,
    survey: str,
    agency: Texts,
    questionnaire: Questionnaire,
    specification: Specification,
    folder: Path = Path(),
    sealed: Sealed | None = None,
) -> tuple[Results, date]:
    """What a results.toml says, and the promised day. Raises ResultsError naming the key that is wrong.

    Keys: period, promised (a day), source and strata (texts), sizes ({stratum: [in the list, drawn]}), cases ({outcome: cases}),
    statement ({item: texts}, and clustered), clusters (per_psu, rho, source), and a table [[earlier]] for each wave before, with files
    beside it in `folder` and a questionnaire from `sealed` (survey, version).
    """
    stray = [key for key in content if key not in _KEYS]
    if stray:
        raise ResultsError(f"The file about the results has the key '{stray[0]}'.", f"Known are: {', '.join(_KEYS)}.")
    promised, period = content.get("promised"), content.get("period")
    if not isinstance(promised, date) or not isinstance(period, str):
        raise ResultsError("The file about the results has no period or no promised day.", "Add period = \"2027\" and promised = 2027-06-01.")  # fmt: skip
    statement = dict(content.get("statement", {}))
    is_clustered = bool(statement.pop("clustered", False))
    results = Results(
        survey=survey, period=period, agency=agency, source=content.get("source") or agency, questionnaire=questionnaire,
        specification=specification, about=_about(statement), sizes=_sizes(content),
        cases=count_outcomes(content["cases"]) if "cases" in content else None, stratum_labels=content.get("strata"),
        is_clustered=is_clustered, clusters=_clusters(content.get("clusters")),
        earlier=tuple(_wave(each, folder, sealed) for each in content.get("earlier", ())),
    )  # fmt: skip
    return results, promised


def read_responses(path: Path) -> Sequence[Response]:
    """Responses as the office exports them. Raises ResultsError for a file that holds none."""
    try:
        given = json.loads(path.read_bytes())
        rows = given["responses"] if isinstance(given, dict) else given
        if not all(isinstance(each["answers"], dict) for each in rows):
            raise ValueError("no answers")
    except (OSError, ValueError, KeyError, TypeError):
        raise ResultsError(f"{path} holds no exported responses.", "Export them again, as JSON.") from None
    return list(rows)


def _about(statement: Mapping[str, Any]) -> About:
    named = [each.name for each in fields(About) if each.name not in _OWN_ITEMS]
    wrong = [name for name in statement if name not in named]
    if wrong:
        raise ResultsError(f"The statement has the item '{wrong[0]}'.", f"Items are: {', '.join(named)}.")
    return About(**{name: dict(said) if isinstance(said, Mapping) else str(said) for name, said in statement.items()})


def _sizes(content: Mapping[str, Any]) -> dict[str, tuple[int, int]] | None:
    try:
        found = {name: (int(listed), int(drawn)) for name, (listed, drawn) in content.get("sizes", {}).items()}
    except (TypeError, ValueError):
        raise ResultsError(
            "A size of a stratum is not two numbers.", "Write north = [8000, 600]: addresses in the list, drawn."
        ) from None
    return found or None


def _clusters(given: Mapping[str, Any] | None) -> StatedClusters | None:
    if given is None:
        return None
    try:
        found = StatedClusters(float(given["per_psu"]), float(given["rho"]), dict(given["source"]))
    except (KeyError, TypeError, ValueError):
        raise ResultsError(
            "[clusters] does not say how alike neighbours are.",
            'Write per_psu = 4.2, rho = 0.05 and source = {en = "...", es = "..."}: who measured it.',
        ) from None
    if not (found.per_psu >= 1 and 0 <= found.rho < 1 and found.source):
        raise ResultsError(
            f"[clusters] has per_psu {found.per_psu:g} and rho {found.rho:g}.",
            "per_psu is 1 or more, rho from 0 to 1, and its source is named.",
        )
    return found


def _wave(given: Mapping[str, Any], folder: Path, sealed: Sealed | None) -> Wave:
    missing = [key for key in ("period", "survey", "responses", "design") if not isinstance(given.get(key), str)]
    if missing or sealed is None:
        raise ResultsError(
            f"An earlier wave has no {(missing or ['sealed questionnaire'])[0]}.",
            'Write period = "2026", survey = "trust-2026", responses = "responses-2026.json", design = "survey-2026.yaml".',
        )
    questionnaire = sealed(given["survey"], str(given.get("version", "1")))
    survey = weighted_survey(
        questionnaire, in_order(read_responses(folder / given["responses"])), read_specification(folder / given["design"]),
        wave=given["period"], sizes=_sizes(given), clusters=_clusters(given.get("clusters")),
        is_clustered=bool(given.get("clustered")),
    )  # fmt: skip
    return Wave(given["period"], questionnaire, survey)
