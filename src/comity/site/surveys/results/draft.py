"""The results of one survey as a release draft: protected tables, findings, pictures and how it was made, sealed like any release.

Nobody sees them before the promised day: `publish_results` refuses earlier, and then the page is there for everybody at once, the
agency included.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from comity.disclosure import CountTable, Policy
from comity.estimates import Dispositions, Survey, read_columns
from comity.estimates.specification import Specification
from comity.ledger import Signer
from comity.releases.draft import SIZES, Code, Column, Draft, DraftTable, Picture
from comity.releases.publish import Sealed, plan_release, seal_plan
from comity.site.surveys.questionnaire import Questionnaire, Texts
from comity.site.surveys.results.columns import (
    MODE,
    PICKED,
    SHOWN,
    STRATUM,
    WHOLE,
    Response,
    ResultsError,
    Shown,
    response_columns,
    shown_answers,
    stratum_code,
)
from comity.site.surveys.results.findings import (
    SurveyFinding,
    column_name,
    picked_table,
    response,
    scale_by_place,
    scale_score,
    sensitive_share,
    several,
    topline,
)
from comity.site.surveys.results.findings import (
    modes as modes_of,
)
from comity.site.surveys.results.methods import methods_of
from comity.site.surveys.results.pictures import picture
from comity.site.surveys.results.statement import Statement
from comity.site.surveys.sampling import count_outcomes
from comity.wording import message

MEASURE = "survey responses"


@dataclass(frozen=True, kw_only=True)
class Results:
    """What a release of one survey is made of.

    survey: its name (the dataset is `survey-NAME`); period: the wave, such as 2026. sizes: {stratum: (in the list, drawn)}. cases:
    what became of everybody who was invited. stratum_labels: what a stratum is called. earlier: the weighted survey of the wave
    before, for change. source: who collected the answers.
    """

    survey: str
    period: str
    agency: Texts
    source: Texts
    questionnaire: Questionnaire
    specification: Specification
    statement: Statement
    sizes: Mapping[str, tuple[int, int]] | None = None
    cases: Dispositions | None = None
    stratum_labels: Mapping[str, Texts] | None = None
    earlier: Survey | None = None
    policy: Policy = field(default_factory=Policy)
    next_due: date | None = None


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
    # Sorted by what they say, so that neither the order of the store nor that of a sum shows in a number.
    responses = sorted(responses, key=lambda each: json.dumps(each, sort_keys=True, ensure_ascii=False))
    table = response_columns(questionnaire, responses, sizes=results.sizes, minimum=minimum)
    specification = replace(
        results.specification, design=replace(results.specification.design, minimum_n=max(minimum, results.specification.design.minimum_n))
    )  # fmt: skip
    survey = specification.apply(read_columns(table))
    labels = {WHOLE: message("Everyone invited").in_languages(languages), **(results.stratum_labels or {})}
    if results.sizes:
        results = replace(results, sizes={stratum_code(name): size for name, size in results.sizes.items()})
    parts = _Parts(results, survey, table, labels)
    findings = parts.findings()
    statement = results.statement.items(survey, results.cases, questionnaire.digest, languages)
    pictures = [_picture(each, languages) for each in findings if each.chart]
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
        methods=methods_of(statement, languages),
        pictures=pictures,
        quality=parts.quality(len(responses)),
        source={"name": results.source, "rows": len(responses)},
        description=_description(survey, languages),
        next_due=results.next_due,
    )


def publish_results(
    folder: Path,
    draft: Draft,
    *,
    promised: date,
    signer: Signer,
    today: date,
    standing: Mapping[str, Any] | None = None,
) -> Sealed:
    """Seal the results into the public folder of the instance, on the promised day or after it; call inside `only_publisher`.

    Raises ResultsError before that day: nobody, the agency included, has them earlier than everybody else.
    """
    if today < promised:
        raise ResultsError(
            f"The results are promised for {promised}, and today is {today}.",
            "Publish on that day; until then nobody has them, the agency included.",
        )
    plan = plan_release(folder, draft, standing or {}, signer=signer, today=today)
    return seal_plan(folder, plan, signer=signer, today=today)


def read_about(
    content: Mapping[str, Any],
    *,
    survey: str,
    agency: Texts,
    questionnaire: Questionnaire,
    specification: Specification,
) -> tuple[Results, date]:
    """What a results.toml says, and the promised day. Raises ResultsError naming the key that is wrong.

    Keys: period, promised (a day), source and strata (texts), sizes ({stratum: [in the list, drawn]}), cases ({outcome: cases}),
    statement ({item: texts}); docs/how-to/run-a-survey.md has an example.
    """
    known = ("period", "promised", "source", "strata", "sizes", "cases", "statement")
    stray = [key for key in content if key not in known]
    if stray:
        raise ResultsError(f"The file about the results has the key '{stray[0]}'.", f"Known are: {', '.join(known)}.")
    promised, period = content.get("promised"), content.get("period")
    if not isinstance(promised, date) or not isinstance(period, str):
        raise ResultsError("The file about the results has no period or no promised day.", "Add period = \"2027\" and promised = 2027-06-01.")  # fmt: skip
    said = {name: dict(texts) for name, texts in content.get("statement", {}).items() if isinstance(texts, Mapping)}
    named = [each.name for each in fields(Statement) if each.name != "is_clustered"]
    wrong = [name for name in said if name not in named]
    if wrong:
        raise ResultsError(f"The statement has the item '{wrong[0]}'.", f"Items are: {', '.join(named)}.")
    sizes = {name: (int(listed), int(drawn)) for name, (listed, drawn) in content.get("sizes", {}).items()}
    results = Results(
        survey=survey, period=period, agency=agency, source=content.get("source") or agency, questionnaire=questionnaire,
        specification=specification,
        statement=Statement(**{name: said.get(name, {}) for name in named}, is_clustered=bool(content.get("statement", {}).get("clustered"))),
        sizes=sizes or None, cases=count_outcomes(content["cases"]) if "cases" in content else None,
        stratum_labels=content.get("strata"),
    )  # fmt: skip
    return results, promised


class _Parts:
    """Tables, columns and findings of one survey, made together so that they rest on the same cells."""

    def __init__(self, results: Results, survey: Survey, table: pa.Table, labels: Mapping[str, Texts]) -> None:
        self.results, self.survey, self.table, self.labels = results, survey, table, labels
        self.questionnaire = results.questionnaire
        self.languages = tuple(results.questionnaire.languages)
        self.minimum = results.policy.minimum
        self.tables: list[DraftTable] = []
        self.columns: dict[str, Column] = {}

    def findings(self) -> list[SurveyFinding]:
        found: list[SurveyFinding | None] = []
        strata = sorted(set(self.table[STRATUM].to_pylist()))
        self.count(STRATUM, message("Stratum").in_languages(self.languages), _STRATUM_IS, {each: self.labels.get(each) or dict.fromkeys(self.languages, each) for each in strata}, "by_stratum")  # fmt: skip
        modes = sorted(set(self.table[MODE].to_pylist()))
        self.count(MODE, message("Way of answering").in_languages(self.languages), _MODE_IS, {each: _mode_label(each, self.languages) for each in modes}, "by_mode")  # fmt: skip
        scored = [scale_score(self.questionnaire, each, self.survey, self.languages, earlier=self.results.earlier) for each in self.questionnaire.scales]  # fmt: skip
        found += [each and self.drawn(each) for each in scored]
        found += [self.drawn(each) if each else None for each in self.toplines()]
        for scale in self.questionnaire.scales:
            places = scale_by_place(self.questionnaire, scale, self.survey, self.languages, labels=self.labels)
            found.append(places and self.drawn(places))
        found += [
            sensitive_share(self.questionnaire, each, self.survey, self.languages)
            for each in self.questionnaire.sensitive
        ]
        answered = response(self.survey, self.results.cases, self.results.sizes, self.languages, labels=self.labels)
        ways = modes_of(self.survey, self.languages, labels={each: _mode_label(each, self.languages) for each in modes})
        found += [self.drawn(answered), ways and self.drawn(ways)]
        return [each for each in found if each is not None]

    def toplines(self) -> list[SurveyFinding | None]:
        hidden = {name for item in self.questionnaire.sensitive for name in item.questions.values()}
        found: list[SurveyFinding | None] = []
        for question in self.questionnaire.questions.values():
            if question.name in hidden or (
                question.name not in self.table.column_names and question.kind != "select_multiple"
            ):
                continue
            if question.kind == "select_one":
                shown = shown_answers(question, self.table[question.name].to_pylist(), self.minimum)
                if len(shown) < 2:
                    continue
                self.count_shown(question.name, question.label, shown)
                if question.construct != "about_you":  # who answered is a table; it is no opinion to test
                    found.append(topline(self.questionnaire, question, shown, self.survey, self.languages))
            elif question.kind == "select_multiple":
                finding = several(question, self.survey, self.languages, minimum=self.minimum)
                for cell in finding.counts if finding else ():
                    for choice in question.choices:
                        if cell["table"] == picked_table(question, choice.name):
                            self.count_picked(question.name, choice.name, question.label, choice.label)
                found.append(finding)
        return found

    def drawn(self, finding: SurveyFinding) -> SurveyFinding:
        """The finding with the name of its picture, where it has at least two numbers to draw."""
        points = [each for each in finding.figures if each["estimate"] is not None and each["part"] == "group"]
        return replace(finding, chart=finding.id.replace(":", "_")) if len(points) > 1 else finding

    def count(self, column: str, label: Texts, definition: Any, codes: Mapping[str, Texts], name: str) -> None:
        given = [each for each in self.table[column].to_pylist() if each is not None]
        self.add(name, column, label, definition.in_languages(self.languages), codes, given)

    def count_shown(self, name: str, label: Texts, shown: Sequence[Shown]) -> None:
        given = [each for each in self.table[SHOWN.format(question=name)].to_pylist() if each is not None]
        self.add(f"topline_{name}", name, label, label, {each.code: each.label for each in shown}, given)

    def count_picked(self, name: str, choice: str, question: Texts, label: Texts) -> None:
        if any(each.counts.name == f"picked_{name}_{choice}" for each in self.tables):
            return
        given = [
            each for each in self.table[PICKED.format(question=name, choice=choice)].to_pylist() if each is not None
        ]
        codes = {"yes": message("Yes").in_languages(self.languages), "no": message("No").in_languages(self.languages)}
        self.add(
            f"picked_{name}_{choice}",
            column_name(self.questionnaire.questions[name], choice),
            label,
            question,
            codes,
            given,
        )

    def add(
        self, name: str, column: str, label: Texts, definition: Texts, codes: Mapping[str, Texts], given: Sequence[str]
    ) -> None:
        counts = (
            pa.table({column: given}).group_by(column).aggregate([([], "count_all")]).rename_columns([column, "count"])
        )
        table = CountTable(
            name=name, measure=MEASURE if name.startswith("by_") else f"answers to {column}", dimensions=(column,),
            counts=counts.sort_by(column), categories={column: tuple(codes)},
        )  # fmt: skip
        self.tables.append(DraftTable(table, label))
        self.columns[column] = Column(
            column, label, definition, [Code(code, texts) for code, texts in codes.items()], is_place=False
        )

    def quality(self, rows: int) -> dict[str, Any]:
        """Where every response went, and how often a question that applied was left empty (small counts left out)."""
        missing = []
        for question in self.questionnaire.questions.values():
            if question.kind == "select_one" and question.name in self.table.column_names and not question.relevant:
                left = sum(each is None for each in self.table[question.name].to_pylist())
                is_small = 0 < left < self.minimum or 0 < rows - left < self.minimum
                missing.append({
                    "column": question.name, "label": question.label, "rows": rows, "unknown": None if is_small else 0,
                    "not_recorded": None if is_small else left, **({"status": "suppressed"} if is_small else {}),
                })  # fmt: skip
        return {
            "accounting": {"rows": rows, "accepted": rows, "rejected": 0, "duplicates": 0},
            "rejects": [],
            "missing": missing,
            "reporting": [],
            "files": [],
        }


_STRATUM_IS = message("The part of the sample that the invitation came from.")
_MODE_IS = message("How people answered: on the web, on paper, by telephone or with an interviewer.")
_MODES = {
    "web": message("On the web"), "paper": message("On paper"), "telephone": message("By telephone"),
    "phone": message("By telephone"), "interview": message("With an interviewer"), "interviewer": message("With an interviewer"),
}  # fmt: skip


def _mode_label(mode: str, languages: Sequence[str]) -> Texts:
    return _MODES[mode].in_languages(languages) if mode in _MODES else dict.fromkeys(languages, mode)


def _picture(finding: SurveyFinding, languages: Sequence[str]) -> Picture:
    assert finding.chart is not None
    return Picture(
        name=finding.chart,
        finding=finding.id,
        alt=finding.sentence,
        specifications={
            (language, size): picture(finding.figures, unit=finding.unit, language=language, size=size)
            for language in languages
            for size in SIZES
        },
    )


def _sparing(policy: Policy, findings: Sequence[SurveyFinding], tables: Sequence[DraftTable]) -> Policy:
    """`policy` that hides other counts, where it has a choice, before those that the findings rest on."""
    used = {tuple((name, "*") for name in cell["where"]) for each in findings for cell in each.counts if cell["where"]}
    return replace(policy, cost_factors=(*policy.cost_factors, *((dict(each), 1000.0) for each in sorted(used))))


def _description(survey: Survey, languages: Sequence[str]) -> Texts:
    if survey.has_margin_of_error:
        return message("Answers of people drawn by chance, weighted to everybody; what people wrote in their own words is not here.").in_languages(languages)  # fmt: skip
    return message(
        "Opt-in: answers of people who chose to take part. They stand for nobody but themselves."
    ).in_languages(languages)
