"""What the answers say, question by question: weighted beside unweighted, with n, interval and effective n.

The verdict rule is fixed before the data are seen. An opinion from low to high *shows* a side when the interval of the share above
the middle less the share below it leaves out 0; a score when its interval leaves out 50, or, after an earlier wave, when that of its
change leaves out 0. Any other question *shows* a most common answer when the interval of its lead over the next leaves out 0, at a
level that allows for the choice among all pairs (Bonferroni). An opt-in sample *cannot tell*.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from comity import estimates
from comity.estimates import (
    Dispositions,
    Estimate,
    RandomisedResponse,
    Survey,
    check_list_experiment,
    estimate_alpha,
    estimate_change,
    estimate_list_experiment,
    estimate_mean,
    estimate_proportion,
    estimate_randomised_response,
    outcome_rates,
    score_scale,
)
from comity.site.surveys.questionnaire import Question, Questionnaire, Scale, SensitiveItem, Texts
from comity.site.surveys.results.columns import MODE, NUMBER, PICKED, SHOWN, STRATUM, Shown, survey_scale
from comity.wording import Message, message

PLACE_FLOOR = 100  # effective n under which a place has no score of its own

_OPT_IN = message("People chose to take part, so the sample says nothing certain about everybody else.")
_FEW = message("Too few people answered.")
_CHANCE_ONLY = message("The interval is for chance alone: people who did not answer may think otherwise.")
_WORDS = message("Other words would get other answers; this is about exactly this question.")
_WEIGHTS_RIGHT = message("Among people alike in what the weights use, those who answered think as those who did not.")


@dataclass(frozen=True)
class SurveyFinding:
    """One finding, as releases store it (docs/reference/release-format.md); texts are {language: text}."""

    id: str
    method: str
    question: Texts
    sentence: Texts
    verdict: str
    unit: str
    n: int
    reason: Texts | None = None
    headline: Texts | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    counts: tuple[Mapping[str, Any], ...] = ()
    assumptions: tuple[Texts, ...] = ()
    limits: tuple[Texts, ...] = ()
    figures: tuple[Mapping[str, Any], ...] = ()
    chart: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def as_record(self) -> dict[str, Any]:
        """Plain JSON values, numbers to three significant digits."""
        return {
            "id": self.id, "method": self.method, "question": self.question, "headline": self.headline,
            "sentence": self.sentence, "verdict": self.verdict, "reason": self.reason, "estimate": rounded(self.estimate),
            "low": rounded(self.low), "high": rounded(self.high), "confidence": 0.95, "unit": self.unit, "n": self.n,
            "counts": [{"table": each["table"], "where": dict(each["where"])} for each in self.counts],
            "assumptions": list(self.assumptions), "limits": list(self.limits), "figures": list(self.figures), "gates": [],
            "chart": self.chart,
        }  # fmt: skip


def topline(
    questionnaire: Questionnaire, question: Question, shown: Sequence[Shown], survey: Survey, languages: Sequence[str]
) -> SurveyFinding:
    """The answers to a question with one answer, over the table `topline_QUESTION`."""
    column = SHOWN.format(question=question.name)
    found = estimate_proportion(survey, column, categories=[each.code for each in shown])
    raw = survey.columns.categories(column)
    n = int((raw.codes >= 0).sum())
    figures = []
    for each, estimate in zip(shown, found, strict=True):
        k = int((raw.codes == raw.labels.index(each.code)).sum())
        figures.append(_figure(each.label, estimate, k=k, n=n, unweighted=k / n, effective_n=_effective(estimate)))
    cells = tuple({"table": f"topline_{question.name}", "where": {question.name: each.code}} for each in shown)
    largest = max(range(len(shown)), key=lambda at: found[at].estimate or 0.0)
    best = found[largest]
    finding = SurveyFinding(
        id=f"topline:{question.name}",
        method="survey_topline",
        question=question.label,
        sentence={},
        verdict="cannot tell",
        reason=None if survey.has_margin_of_error else _OPT_IN.in_languages(languages),
        unit="share",
        n=n,
        estimate=best.estimate,
        low=best.low,
        high=best.high,
        counts=cells,
        assumptions=(_WEIGHTS_RIGHT.in_languages(languages),),
        limits=(_CHANCE_ONLY.in_languages(languages), _WORDS.in_languages(languages)),
        figures=tuple(figures),
    )
    if not survey.has_margin_of_error:
        return replace(finding, sentence=_filled(_LARGEST_OPT_IN, best, figures[largest], languages))
    if question.scale:
        return _with_side(finding, questionnaire, question, survey, languages)
    order = sorted(range(len(shown)), key=lambda at: -(found[at].estimate or 0.0))
    codes = [raw.labels.index(shown[at].code) for at in order[:2]]
    lead = np.where(raw.codes < 0, np.nan, (raw.codes == codes[0]).astype(float) - (raw.codes == codes[1]))
    return replace(
        finding,
        verdict=_excludes_zero(_lead(survey, lead, len(shown))),
        headline=_filled(_LARGEST, best, figures[largest], languages),
        sentence=_filled(_RESTS_ON, best, figures[largest], languages),
    )


def several(question: Question, survey: Survey, languages: Sequence[str], *, minimum: int) -> SurveyFinding | None:
    """A question with several answers: the share of each among those who said anything. Answers that fewer than `minimum` gave, or
    left out, are not shown; None when that leaves none."""
    figures, cells, n = [], [], 0
    picked: dict[str, Any] = {}
    for choice in question.choices:
        column = PICKED.format(question=question.name, choice=choice.name)
        raw = survey.columns.categories(column)
        n_here = int((raw.codes >= 0).sum())
        k = int((raw.codes == raw.labels.index("yes")).sum()) if "yes" in raw.labels else 0
        if choice.is_missing or k < minimum or n_here - k < minimum:
            continue
        estimate = estimate_proportion(survey, column, categories=["yes"])[0]
        figures.append(
            _figure(choice.label, estimate, k=k, n=n_here, unweighted=k / n_here, effective_n=_effective(estimate))
        )
        is_yes = (raw.codes == raw.labels.index("yes")).astype(float)
        picked[repr(figures[-1]["label"])] = np.where(raw.codes < 0, np.nan, is_yes)
        table = picked_table(question, choice.name)
        cells += [{"table": table, "where": {column_name(question, choice.name): "yes"}}]
        n = n_here
    if not figures:
        return None
    cells.append({"table": cells[0]["table"], "where": {}})
    figures.sort(key=lambda each: -(each["estimate"] or 0))
    first = figures[0]
    verdict = "shows" if survey.has_margin_of_error else "cannot tell"
    if len(figures) > 1 and survey.has_margin_of_error:
        lead = picked[repr(first["label"])] - picked[repr(figures[1]["label"])]
        verdict = _excludes_zero(_lead(survey, lead, len(figures)))
    said = message("Most named: {answer}, by {share} of the {n} people who answered.")
    sentence = {
        language: Message(
            said.text, {"answer": first["label"][language], "share": _percent(first["estimate"]), "n": f"{n:,}"}
        ).in_language(language)
        for language in languages
    }
    return SurveyFinding(
        id=f"topline:{question.name}",
        method="survey_topline",
        question=question.label,
        sentence=sentence,
        verdict=verdict,
        reason=None if survey.has_margin_of_error else _OPT_IN.in_languages(languages),
        unit="share",
        n=n,
        estimate=first["estimate"],
        low=first["low"],
        high=first["high"],
        counts=tuple(cells),
        assumptions=(_WEIGHTS_RIGHT.in_languages(languages),),
        limits=(_CHANCE_ONLY.in_languages(languages), _WORDS.in_languages(languages)),
        figures=tuple(figures),
    )


def column_name(question: Question, choice: str) -> str:
    """The dimension of one choice of a question with several answers."""
    return f"{question.name}_{choice}"


def picked_table(question: Question, choice: str) -> str:
    return f"picked_{question.name}_{choice}"


def scale_score(
    questionnaire: Questionnaire,
    scale: Scale,
    survey: Survey,
    languages: Sequence[str],
    *,
    earlier: Survey | None = None,
) -> SurveyFinding | None:
    """The mean score (0-100) of a scale, its reliability, and its change since the `earlier` wave where there is one."""
    items = survey_scale(questionnaire, scale.name)
    scored = _scored(survey, items)
    if scored is None:
        return None
    mean = estimate_mean(scored, "score")[0]
    if mean.estimate is None:
        return None
    alpha = estimate_alpha(survey, items).estimate if mean.n > len(items.items) + survey.design.minimum_n else None
    raw = scored.columns.numbers("score")
    values = {
        "scale": {language: scale.label.get(language, scale.name) for language in languages},
        "mean": f"{mean.estimate:.1f}", "low": f"{mean.low or 0:.1f}", "high": f"{mean.high or 0:.1f}", "n": f"{mean.n:,}",
        "unweighted": f"{np.nanmean(raw):.1f}", "effective": _count(_effective(mean) or mean.n),
        "alpha": "–" if alpha is None else f"{alpha:.2f}",
    }  # fmt: skip
    parts = [Message((_SCORE_RESTS_ON if survey.has_margin_of_error else _SCORE_OPT_IN).text, values)]
    verdict, reason, figures = (
        _leaves_out(mean, 50.0),
        None,
        [_figure(scale.label, mean, n=mean.n, effective_n=_effective(mean))],
    )
    if earlier is not None and survey.has_margin_of_error and earlier.has_margin_of_error:
        before = _scored(earlier, items)
        if before is not None:
            change = estimate_change(before, scored, "score")[0]
            verdict = _excludes_zero(change)
            parts.append(_change_sentence(change))
            label = message("Change since the wave before").in_languages(languages)
            figures.append({**_figure(label, change, n=change.n), "part": "comparison"})
    if not survey.has_margin_of_error:
        verdict, reason = "cannot tell", _OPT_IN.in_languages(languages)
    return SurveyFinding(
        id=f"scale:{scale.name}",
        method="survey_scale",
        question=_in_each(_SCORE_QUESTION, values, languages),
        sentence={language: " ".join(part.in_language(language) for part in parts) for language in languages},
        verdict=verdict,
        reason=reason,
        headline=_in_each(_SCORE, values, languages) if survey.has_margin_of_error else None,
        unit="points",
        n=mean.n,
        estimate=mean.estimate,
        low=mean.low,
        high=mean.high,
        assumptions=(_WEIGHTS_RIGHT.in_languages(languages),),
        limits=(_CHANCE_ONLY.in_languages(languages),),
        figures=tuple(figures),
    )


def scale_by_place(
    questionnaire: Questionnaire, scale: Scale, survey: Survey, languages: Sequence[str], *, labels: Mapping[str, Texts]
) -> SurveyFinding | None:
    """The score of each stratum that has an effective n of `PLACE_FLOOR` or more, over the table `by_stratum`; the others are said
    to have too few. None where there is one stratum."""
    items = survey_scale(questionnaire, scale.name)
    strata = survey.columns.categories(STRATUM)
    scored = _scored(survey, items)
    if len(strata.labels) < 2 or scored is None:
        return None
    figures, cells, shown = [], [], []
    for each in estimate_mean(scored, "score", by=STRATUM):
        place = each.domain[STRATUM]
        n = int((strata.codes == strata.labels.index(place)).sum())
        effective = _effective(each) or 0
        label = labels.get(place) or dict.fromkeys(languages, place)
        if each.estimate is None or effective < PLACE_FLOOR or n < survey.design.minimum_n:
            figures.append(
                {**_figure(label, replace(each, estimate=None, low=None, high=None)), "status": "suppressed"}
            )
            continue
        cells.append({"table": "by_stratum", "where": {STRATUM: place}})
        figures.append(_figure(label, each, n=n, effective_n=effective))
        shown.append(each)
    if not shown:
        return None
    low, high = min(shown, key=lambda each: each.estimate or 0), max(shown, key=lambda each: each.estimate or 0)
    apart = low.high is not None and high.low is not None and low.high < high.low
    return SurveyFinding(
        id=f"places:{scale.name}",
        method="survey_places",
        question={
            language: Message(_PLACE_QUESTION.text, {"scale": scale.label.get(language, scale.name)}).in_language(language)
            for language in languages
        },
        sentence={
            language: Message(
                _PLACE_SENTENCE.text,
                {"low": f"{low.estimate:.1f}", "high": f"{high.estimate:.1f}",  "floor": PLACE_FLOOR},
            ).in_language(language)
            for language in languages
        },
        verdict=("shows" if apart else "does not show") if survey.has_margin_of_error else "cannot tell",
        reason=None if survey.has_margin_of_error else _OPT_IN.in_languages(languages),
        unit="points",
        n=sum(figure["n"] for figure in figures if figure.get("n")),
        counts=tuple(cells),
        assumptions=(_WEIGHTS_RIGHT.in_languages(languages),),
        limits=(_CHANCE_ONLY.in_languages(languages), message("Comparing many places finds some differences by chance.").in_languages(languages)),
        figures=tuple(figures),
    )  # fmt: skip


def sensitive_share(
    questionnaire: Questionnaire, item: SensitiveItem, survey: Survey, languages: Sequence[str]
) -> SurveyFinding | None:
    """The share behind a list experiment or a randomised response; None where too few answered or there is no interval."""
    if not survey.has_margin_of_error:
        return None
    columns = survey.columns
    if item.method == "list_experiment":
        parts = [columns.numbers(NUMBER.format(question=item.questions[arm])) for arm in ("control", "treated")]
        counts = np.where(np.isnan(parts[0]), parts[1], parts[0])
        arms = columns.categories(item.split)
        treated = [None if code < 0 else str(int(arms.labels[code] == "treated")) for code in arms.codes.tolist()]
        with_counts = replace(
            survey, columns=columns.with_column("count", counts).with_column("treated", np.array(treated, object))
        )
        if min(int((~np.isnan(part)).sum()) for part in parts) < survey.design.minimum_n:
            return None
        estimate = estimate_list_experiment(with_counts, "count", treated="treated")[0]
        test = check_list_experiment(with_counts, "count", treated="treated", items=item.items)
        passes = test.passes
    else:
        column = item.questions["all"]
        given = columns.categories(column)
        if item.yes not in given.labels:
            return None
        only = np.array(
            [
                given.labels[code] if code >= 0 and given.labels[code] in ("yes", "no") else None
                for code in given.codes.tolist()
            ],
            object,
        )
        device = _device(item)
        estimate = estimate_randomised_response(
            replace(survey, columns=columns.with_column("hidden", only)), "hidden", device, yes=item.yes
        )[0]
        passes = True
    if estimate.estimate is None:
        return None
    inside = estimate.low is not None and estimate.low > 0
    said = _SENSITIVE if passes else _SENSITIVE_FAILED
    values = {"share": _percent(min(max(estimate.estimate, 0), 1)), "low": _percent(max(estimate.low or 0, 0)), "high": _percent(min(estimate.high or 1, 1)), "n": f"{estimate.n:,}"}  # fmt: skip
    return SurveyFinding(
        id=f"sensitive:{item.name}",
        method="survey_sensitive",
        question=item.label,
        sentence=Message(said.text, values).in_languages(languages),
        verdict=("shows" if inside else "does not show") if passes else "cannot tell",
        reason=None if passes else _LIST_FAILED.in_languages(languages),
        unit="share",
        n=estimate.n,
        estimate=estimate.estimate,
        low=estimate.low,
        high=estimate.high,
        limits=(_CHANCE_ONLY.in_languages(languages),),
        figures=(_figure(item.label, estimate, n=estimate.n),),
    )


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
    values = {"n": f"{survey.rows:,}", "rate": _percent(rate)}
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
        limits=(_CHANCE_ONLY.in_languages(languages),),
        figures=tuple(figures),
    )


def modes(survey: Survey, languages: Sequence[str], *, labels: Mapping[str, Texts]) -> SurveyFinding | None:
    """How people answered, over the table `by_mode`, unweighted; None where there was one way only."""
    found = survey.columns.categories(MODE)
    sizes = {mode: int((found.codes == at).sum()) for at, mode in enumerate(found.labels)}
    if len(sizes) < 2 or min(sizes.values()) < survey.design.minimum_n:
        return None
    figures = [
        {
            "label": labels[mode], "part": "group", "estimate": rounded(k / survey.rows), "low": None, "high": None, "k": k,
            "n": survey.rows,
        }
        for mode, k in sizes.items()
    ]  # fmt: skip
    return SurveyFinding(
        id="modes",
        method="survey_response",
        question=message("How did people answer?").in_languages(languages),
        sentence=Message(_MODES.text, {"n": f"{survey.rows:,}"}).in_languages(languages),
        verdict="cannot tell",
        reason=message("Who answers in which way differs, and so may the answers.").in_languages(languages),
        unit="share",
        n=survey.rows,
        counts=tuple({"table": "by_mode", "where": {MODE: mode}} for mode in sizes),
        limits=(
            message("People answer some questions otherwise to a person than to a screen.").in_languages(languages),
        ),
        figures=tuple(figures),
    )


def rounded(value: float | None) -> float | None:
    """Three significant digits; None for what is missing or not finite."""
    if value is None or not math.isfinite(value):
        return None
    return 0.0 if value == 0 else round(float(value), 2 - math.floor(math.log10(abs(value))))


_SCORE_QUESTION = message("How high is the score of “{scale}”, from 0 to 100, and on which side of the middle?")
_PLACE_QUESTION = message("Does the score of “{scale}” differ between places?")
_PLACE_SENTENCE = message(
    "Scores run from {low} to {high} among the places with an effective n of {floor} or more; others have too few answers for a score "
    "of their own."
)
_SENSITIVE = message(
    "{share} of people (95% interval {low} to {high}; n = {n}). No single answer tells what that person did."
)
_SENSITIVE_FAILED = message(
    "The method gives {share} (95% interval {low} to {high}; n = {n}), and its assumption did not hold."
)
_LIST_FAILED = message(
    "The sensitive item changed the answers to the harmless ones, so the difference is not its share."
)
_MODES = message("{n} people answered, in more than one way; shares here are not weighted.")
_RESPONSE = message("{n} people answered; the response rate is {rate} by the strictest definition of AAPOR.")
_RESPONSE_WITHOUT = message("{n} people answered.")


_ABOVE = message("Above the middle, of those who gave an opinion")
_SIDES = message("{above} answered above the middle (95% interval {low} to {high}) and {below} below it.")
_SIDES_REST_ON = message("Unweighted: {unweighted}. n = {n} who gave an opinion, effective n {effective}.")


def _with_side(
    finding: SurveyFinding, questionnaire: Questionnaire, question: Question, survey: Survey, languages: Sequence[str]
) -> SurveyFinding:
    """Upper against lower half of an opinion: the estimate is the share above the middle."""
    scale = next(each for each in questionnaire.scales if each.name == question.scale)
    values = survey.columns.numbers(NUMBER.format(question=question.name))
    middle = (scale.low + scale.high) / 2
    said = ~np.isnan(values)
    upper = np.where(said, (values > middle).astype(float), np.nan)
    side = np.where(said, np.sign(values - middle), np.nan)
    with_side = replace(survey, columns=survey.columns.with_column("upper", upper).with_column("side", side))
    above, balance = (estimate_mean(with_side, name)[0] for name in ("upper", "side"))
    if above.estimate is None or above.low is None or above.high is None or balance.estimate is None:
        return replace(
            finding, verdict="cannot tell", reason=_FEW.in_languages(languages), sentence=_FEW.in_languages(languages)
        )
    below = above.estimate - balance.estimate
    parts = {
        "above": _percent(above.estimate), "low": _percent(above.low), "high": _percent(above.high), "below": _percent(below),
        "unweighted": _percent(float(np.nanmean(upper))), "n": f"{above.n:,}", "effective": _count(_effective(above) or above.n),
    }  # fmt: skip
    return replace(
        finding,
        headline=_in_each(_SIDES, parts, languages),
        sentence=_in_each(_SIDES_REST_ON, parts, languages),
        figures=(
            *finding.figures,
            {
                **_figure(_ABOVE.in_languages(languages), above, effective_n=_effective(above)),
                "part": "comparison",
                "k": int(np.nansum(upper)),
                "n": above.n,
            },
        ),
        verdict=_excludes_zero(balance),
        estimate=above.estimate,
        low=above.low,
        high=above.high,
    )


_LARGEST = message("{share} answered “{answer}” (95% interval {low} to {high}).")
_RESTS_ON = message("Unweighted: {unweighted}. n = {n}, effective n {effective}.")
_LARGEST_OPT_IN = message("{share} answered “{answer}”. Unweighted: {unweighted}. n = {n}; no margin of error.")
_SCORE = message("“{scale}” scores {mean} of 100 (95% interval {low} to {high}).")
_SCORE_RESTS_ON = message("Unweighted {unweighted}; n = {n}, effective n {effective}; alpha {alpha}.")
_SCORE_OPT_IN = message(
    "The mean score is {mean} of 100 (unweighted {unweighted}; n = {n}; alpha {alpha}); no margin of error."
)


def _filled(sentence: Message, best: Estimate, figure: Mapping[str, Any], languages: Sequence[str]) -> Texts:
    """A sentence about the most common answer, in each language."""
    values = {
        "answer": figure["label"], "share": _percent(best.estimate), "low": _percent(best.low), "high": _percent(best.high),
        "unweighted": _percent(figure["unweighted"]), "n": f"{figure['n']:,}",
        "effective": _count(_effective(best) or figure["n"]),
    }  # fmt: skip
    return _in_each(sentence, values, languages)


def _in_each(sentence: Message, values: Mapping[str, Any], languages: Sequence[str]) -> Texts:
    """The sentence in each language; a value that is {language: text} is said in that language."""
    return {
        language: Message(
            sentence.text,
            {name: value[language] if isinstance(value, Mapping) else value for name, value in values.items()},
        ).in_language(language)
        for language in languages
    }


def _lead(survey: Survey, values: Any, answers: int) -> Estimate:
    """The mean of `values` (1, 0, -1), at a level for the largest lead among all pairs of `answers`."""
    pairs = max(1, answers * (answers - 1) // 2)
    leading = replace(survey, columns=survey.columns.with_column("lead", values))
    return estimate_mean(leading, "lead", confidence=1 - 0.05 / pairs)[0]


def _leaves_out(each: Estimate, value: float) -> str:
    if each.low is None or each.high is None:
        return "cannot tell"
    return "shows" if each.low > value or each.high < value else "does not show"


def _change_sentence(change: Estimate) -> Message:
    if change.estimate is None or change.low is None or change.high is None:
        return _FEW
    values = {"change": f"{change.estimate:+.1f}", "low": f"{change.low:+.1f}", "high": f"{change.high:+.1f}"}
    return Message(
        message("Since the wave before it changed by {change} points (95% interval {low} to {high}).").text, values
    )


def _scored(survey: Survey, items: estimates.Scale) -> Survey | None:
    """The survey with the column `score`; None where fewer than its minimum_n have one."""
    if len(items.items) < 2 or any(name not in survey.columns.names for name in items.items):
        return None
    scores = score_scale(survey, items)
    enough = int((~np.isnan(scores)).sum()) >= survey.design.minimum_n
    return replace(survey, columns=survey.columns.with_column("score", scores)) if enough else None


def _excludes_zero(each: Estimate) -> str:
    return _leaves_out(each, 0.0)


def _effective(each: Estimate) -> float | None:
    return each.n / each.deff if each.deff and each.deff > 0 else None


def _device(item: SensitiveItem) -> RandomisedResponse:
    chances = dict(item.probabilities)
    if item.method == "warner":
        return RandomisedResponse.warner(chances["truth"])
    if item.method == "forced_response":
        return RandomisedResponse.forced_response(chances["truth"], chances["forced_yes"])
    return RandomisedResponse.unrelated_question(chances["sensitive"], chances["prevalence"])


def _figure(label: Texts, each: Estimate, **more: Any) -> dict[str, Any]:
    for name in ("unweighted", "effective_n"):
        if name in more:
            more[name] = rounded(more[name])
    return {
        "label": dict(label), "part": "group", "estimate": rounded(each.estimate), "low": rounded(each.low),
        "high": rounded(each.high), "k": None, "n": None, **more,
    }  # fmt: skip


def _count(number: float) -> str:
    """A number that is no count of people, to three significant digits, as the figures have it."""
    return f"{rounded(number) or 0:,.0f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"
