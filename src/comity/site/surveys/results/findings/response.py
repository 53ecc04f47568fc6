"""Who answered, and who is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from comity.estimates import Dispositions, Survey, outcome_rates
from comity.site.surveys.questionnaire import Texts
from comity.site.surveys.results.columns import STRATUM
from comity.site.surveys.results.findings.finding import CHANCE_ONLY, SurveyFinding, in_each, percent, rounded
from comity.wording import Message, message


def response(
    survey: Survey, cases: Dispositions | None, sizes: Mapping[str, tuple[int, int]] | None, languages: Sequence[str],
    *, labels: Mapping[str, Texts],
) -> SurveyFinding:  # fmt: skip
    """How many answered, in all and by stratum, and how that could tilt the result."""
    strata = survey.columns.categories(STRATUM)
    figures, cells = [], []
    for place in strata.labels:
        k = int((strata.codes == strata.labels.index(place)).sum())
        drawn = sizes[place][1] if sizes and place in sizes else None
        cells.append({"table": "by_stratum", "where": {STRATUM: place}})
        label = labels.get(place) or dict.fromkeys(languages, place)
        figures.append({"label": label, "part": "group", "estimate": rounded(k / drawn) if drawn else None, "low": None, "high": None, "k": k, "n": None, "drawn": float(drawn) if drawn else None})  # fmt: skip
    rate = outcome_rates(cases).rates["RR1"] if cases else None
    values = {"n": f"{survey.rows:,}", "rate": percent(rate)}
    sentence = _RESPONSE if rate is not None else _RESPONSE_WITHOUT
    return SurveyFinding(
        id="response",
        method="survey_response",
        question=message("How many of the people asked answered?").in_languages(languages),
        sentence=Message(sentence.text, values).in_languages(languages),
        verdict="cannot tell",
        reason=message("A response rate says how many answered, not whether the others think alike.").in_languages(
            languages
        ),
        unit="share",
        n=survey.rows,
        estimate=rate,
        counts=tuple(cells),
        limits=(CHANCE_ONLY.in_languages(languages),),
        figures=tuple(figures),
    )


def missing_people(
    survey: Survey,
    margins: Mapping[str, Mapping[str, float]],
    labels: Mapping[str, Mapping[str, Texts]],
    languages: Sequence[str],
) -> SurveyFinding | None:
    """Who is missing: the share of each group among those who answered, before anything is adjusted, beside its share of everybody.

    margins: {column: {category: how many there are}} that the weights use; labels: {column: {category: what it is called}}. A margin
    with a category of fewer than minimum_n answers is left out whole. None where nothing is left.
    """
    figures: list[dict[str, Any]] = []
    for column, targets in margins.items():
        found = survey.columns.categories(column)
        sizes = {label: int((found.codes == at).sum()) for at, label in enumerate(found.labels)}
        if set(sizes) != set(targets) or min(sizes.values()) < survey.design.minimum_n:
            continue
        used = found.codes >= 0
        mass = np.bincount(found.codes[used], weights=survey.base_weights[used]) / survey.base_weights[used].sum()
        for at, label in enumerate(found.labels):
            name = labels.get(column, {}).get(label) or dict.fromkeys(languages, label)
            everybody = targets[label] / sum(targets.values())
            figures.append({
                "label": dict(name), "part": "group", "estimate": rounded(float(mass[at])), "low": None, "high": None, "k": None,
                "n": None, "population": rounded(everybody),
            })  # fmt: skip
    if not figures:
        return None
    least = min(figures, key=lambda each: each["estimate"] - each["population"])
    values = {
        "group": least["label"], "share": percent(least["estimate"]), "everybody": percent(least["population"]),
    }  # fmt: skip
    return SurveyFinding(
        id="nonresponse",
        method="survey_response",
        question=message("Who is missing among those who answered?").in_languages(languages),
        sentence=in_each(_MISSING, values, languages),
        verdict="cannot tell",
        reason=message("The weights put these shares right; whether others of the same group think alike, nobody knows.").in_languages(languages),
        unit="share",
        n=survey.rows,
        limits=(CHANCE_ONLY.in_languages(languages),),
        figures=tuple(figures),
        marks=(message("of those who answered"), message("of everybody")),
    )  # fmt: skip


_MISSING = message("Furthest below its share: “{group}”, {share} of those who answered and {everybody} of everybody.")
_RESPONSE = message("{n} people answered; the response rate is {rate} by the strictest definition of AAPOR.")
_RESPONSE_WITHOUT = message("{n} people answered.")
