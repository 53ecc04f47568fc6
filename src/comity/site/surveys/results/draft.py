"""The results of one survey as a release draft: protected tables, findings, pictures and how it was made, sealed like any release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from comity.disclosure import Policy
from comity.estimates import DisclosureItem, Survey, disclosure_statement
from comity.releases.draft import SIZES, Draft, DraftTable, Picture
from comity.site.surveys.questionnaire import Texts
from comity.site.surveys.results.columns import GROUP, WHOLE, Response, ResultsError, in_order, stratum_code
from comity.site.surveys.results.design import weighted_survey
from comity.site.surveys.results.findings import SurveyFinding
from comity.site.surveys.results.inputs import Results
from comity.site.surveys.results.methods import methods_of
from comity.site.surveys.results.parts import Parts
from comity.site.surveys.results.pictures import picture
from comity.wording import message


def results_draft(results: Results, responses: Sequence[Response]) -> Draft:
    """The draft of the release. Raises ResultsError when there are too few responses to say anything."""
    questionnaire, languages = results.questionnaire, tuple(results.questionnaire.languages)
    minimum = results.policy.minimum
    if len(responses) < 2 * minimum:
        raise ResultsError(
            f"There are {len(responses)} responses; results need at least {2 * minimum}.",
            "Publish that there are too few.",
        )
    open_link = sum(not each.get("stratum") for each in responses)
    if open_link and results.specification.design.kind != "opt-in":
        raise ResultsError(
            f"{open_link:,} responses have no stratum: they came by an open link, from people who chose to take part.",
            "Set kind: opt-in in the design; such results have no margin of error, for ever.",
        )
    responses = in_order(responses)
    survey = weighted_survey(
        questionnaire, responses, results.specification, wave=results.period, sizes=results.sizes, minimum=minimum,
        is_clustered=results.is_clustered, clusters=results.clusters,
    )  # fmt: skip
    labels = {WHOLE: message("Everyone invited").in_languages(languages), **(results.stratum_labels or {})}
    if results.sizes:
        results = replace(results, sizes={stratum_code(name): size for name, size in results.sizes.items()})
    parts = Parts(results, survey, responses, labels)
    findings = parts.findings()
    headline = next((each.id for each in findings if each.id.startswith("scale:") and each.verdict == "shows"), None)
    return Draft(
        dataset=f"survey-{results.survey}",
        period=results.period,
        title={
            language: f"{questionnaire.text(questionnaire.title, language)}, {results.period}" for language in languages
        },
        languages=languages,
        agency=results.agency,
        measure_label=message("survey responses").in_languages(languages),
        tables=parts.tables,
        columns=parts.columns,
        policy=_sparing(results.policy, findings, parts.tables),
        policy_reason=message("Small counts could point to a person.").in_languages(languages),
        findings=[each.as_record() for each in findings],
        headline=headline or (findings[0].id if findings else None),
        methods=methods_of(_statement(results, survey), languages),
        pictures=[_picture(each, languages) for each in findings if each.chart],
        quality=parts.quality(len(responses)),
        source={"name": results.source, "rows": len(responses)},
        description=_description(results, survey, languages),
        next_due=results.next_due,
    )


def _statement(results: Results, survey: Survey) -> list[DisclosureItem]:
    """The eleven items of AAPOR's Code; the questions are named by the digest that was sealed before the first letter."""
    languages = results.questionnaire.languages
    questions = message(_QUESTIONS.text, digest=results.questionnaire.digest[:16]).in_languages(languages)
    items = disclosure_statement(survey, replace(results.about, questions=questions), results.cases)
    more: tuple[Texts, ...] = ()
    if GROUP in survey.design.clusters:
        more = (_GROUPS.in_languages(languages),)
    elif results.clusters is not None:
        more = (results.clusters.source,)
    return [replace(each, sentences=(*each.sentences, *more)) if each.key == "precision" else each for each in items]


_QUESTIONS = message("Exactly as sealed before the first letter: questionnaire {digest}.")
_GROUPS = message(
    "The sampling units are groups of blocks, put together at random and of many people each, so that likeness between neighbours is in "
    "the intervals and no answer names its block."
)


def _picture(finding: SurveyFinding, languages: Sequence[str]) -> Picture:
    assert finding.chart is not None
    return Picture(
        name=finding.chart,
        finding=finding.id,
        alt=finding.sentence,
        specifications={
            (language, size): picture(
                finding.figures, unit=finding.unit, language=language, size=size, marks=finding.marks
            )
            for language in languages
            for size in SIZES
        },
    )


def _sparing(policy: Policy, findings: Sequence[SurveyFinding], tables: Sequence[DraftTable]) -> Policy:
    """`policy` that hides other counts, where it has a choice, before those that the findings rest on."""
    used = {tuple((name, "*") for name in cell["where"]) for each in findings for cell in each.counts if cell["where"]}
    return replace(policy, cost_factors=(*policy.cost_factors, *((dict(each), 1000.0) for each in sorted(used))))


def _description(results: Results, survey: Survey, languages: Sequence[str]) -> Texts:
    if not survey.has_margin_of_error:
        return _OPT_IN.in_languages(languages)
    return (_BY_THEME if results.themes else _NO_WORDS).in_languages(languages)


_OPT_IN = message("Opt-in: answers of people who chose to take part. They stand for nobody but themselves.")
_NO_WORDS = message(
    "Answers of people drawn by chance, weighted to everybody; what people wrote in their own words is not here."
)
_BY_THEME = message(
    "Answers of people drawn by chance, weighted to everybody; what people wrote in their own words is here by theme, and never as written."
)
