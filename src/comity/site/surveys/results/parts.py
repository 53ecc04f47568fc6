"""The tables, columns and findings of one survey, made together so that every number rests on cells that are protected with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from comity.disclosure import CountTable
from comity.estimates import Calibrate, PostStratify, Rake, Survey
from comity.releases.draft import Code, Column, DraftTable
from comity.site.surveys.free_text import NamedTheme, approved_texts
from comity.site.surveys.questionnaire import Question, Texts
from comity.site.surveys.results import findings as find
from comity.site.surveys.results.columns import (
    FILLED,
    MODE,
    PICKED,
    SHOWN,
    STRATUM,
    Response,
    ResultsError,
    Shown,
    shown_answers,
)
from comity.site.surveys.results.findings import SurveyFinding
from comity.site.surveys.results.inputs import Results, Wave
from comity.wording import message

MEASURE = "survey responses"


class Parts:
    """Tables, columns and findings of one survey. responses: in the order of the survey's rows."""

    def __init__(
        self, results: Results, survey: Survey, responses: Sequence[Response], labels: Mapping[str, Texts]
    ) -> None:
        self.results, self.responses, self.labels = results, responses, labels
        self.survey, self.coded = self._with_themes(survey)
        self.table = self.survey.columns.table
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
        scales = self.questionnaire.scales
        found += [find.scale_score(self.questionnaire, each, self.survey, self.languages) for each in scales]
        found += self.changes()
        found += self.toplines()
        found += [self.themes(coded, named) for coded, named in self.coded]
        found += [
            find.scale_by_place(self.questionnaire, each, self.survey, self.languages, labels=self.labels)
            for each in scales
        ]
        found += [
            find.sensitive_share(self.questionnaire, each, self.survey, self.languages)
            for each in self.questionnaire.sensitive
        ]
        ways = {each: _mode_label(each, self.languages) for each in modes}
        found += [
            find.response(self.survey, self.results.cases, self.results.sizes, self.languages, labels=self.labels),
            find.missing_people(self.survey, self.margins(), self.code_labels(), self.languages),
            find.modes(self.survey, self.languages, labels=ways),
        ]
        found += [find.mode_difference(self.questionnaire, each, self.survey, labels=ways) for each in scales]
        return [self.drawn(each) for each in found if each is not None]

    def changes(self) -> list[SurveyFinding | None]:
        """The change of each score, then of each opinion, since the wave before; none for a first wave."""
        earlier = self.results.earlier
        if not earlier:
            return []
        now = Wave(self.results.period, self.questionnaire, self.survey)
        opinions = [each for each in self.questionnaire.questions.values() if each.scale]
        return [
            *(find.scale_change(self.questionnaire, each, now, earlier) for each in self.questionnaire.scales),
            *(find.opinion_change(self.questionnaire, each, now, earlier) for each in opinions),
        ]

    def themes(self, coded: Question, named: Sequence[NamedTheme]) -> SurveyFinding | None:
        """The themes of one question, each counted by a table of its own."""
        finding = find.themes_finding(coded, named, self.survey, self.languages, minimum=self.minimum)
        self.count_shown_choices(coded, finding)
        return finding

    def margins(self) -> dict[str, Mapping[str, float]]:
        """{column: {category: how many there are}} of every single column that the weights use."""
        found: dict[str, Mapping[str, float]] = {}
        for step in self.results.specification.steps:
            if isinstance(step, Rake | Calibrate):
                found |= {name: targets for name, targets in step.margins.items() if isinstance(name, str)}
            elif isinstance(step, PostStratify) and isinstance(step.columns, str):
                found[step.columns] = step.targets
        return found

    def code_labels(self) -> dict[str, Mapping[str, Texts]]:
        """{column: {code: what it is called}} of questions with one answer, joined answers included."""
        found: dict[str, Mapping[str, Texts]] = {STRATUM: self.labels}
        for question in self.questionnaire.questions.values():
            if question.kind == "select_one" and question.name in self.table.column_names:
                found[question.name] = {each.name: each.label for each in question.choices}
                found[FILLED.format(question=question.name)] = found[question.name]
                shown = shown_answers(question, self.table[question.name].to_pylist(), self.minimum)
                found[SHOWN.format(question=question.name)] = {each.code: each.label for each in shown}
        return found

    def _with_themes(self, survey: Survey) -> tuple[Survey, list[tuple[Question, list[NamedTheme]]]]:
        found = []
        for name, named in sorted(self.results.themes.items()):
            question = self.results.questionnaire.questions.get(name)
            if question is None or question.kind != "text":
                raise ResultsError(
                    f"Themes are named for '{name}', which is no open question.", "Mend the file of themes."
                )
            texts = approved_texts(
                self.responses, survey=self.results.survey, question=name, approved=self.results.approved
            )
            survey, coded, themes = find.code_answers(survey, question, texts, named)
            found.append((coded, themes))
        return survey, found

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
                    found.append(find.topline(self.questionnaire, question, shown, self.survey, self.languages))
            elif question.kind == "select_multiple":
                finding = find.several(question, self.survey, self.languages, minimum=self.minimum)
                self.count_shown_choices(question, finding)
                found.append(finding)
        return found

    def drawn(self, finding: SurveyFinding) -> SurveyFinding:
        """The finding with the name of its picture, where it has at least two numbers to draw."""
        if finding.method == "survey_sensitive" or (finding.id.startswith("change:") and finding.unit == "difference"):
            return finding
        points = [each for each in finding.figures if each["estimate"] is not None and each["part"] == "group"]
        return replace(finding, chart=finding.id.replace(":", "_")) if len(points) > 1 else finding

    def count(self, column: str, label: Texts, definition: Any, codes: Mapping[str, Texts], name: str) -> None:
        given = [each for each in self.table[column].to_pylist() if each is not None]
        self.add(name, column, label, definition.in_languages(self.languages), codes, given)

    def count_shown(self, name: str, label: Texts, shown: Sequence[Shown]) -> None:
        given = [each for each in self.table[SHOWN.format(question=name)].to_pylist() if each is not None]
        self.add(f"topline_{name}", name, label, label, {each.code: each.label for each in shown}, given)

    def count_shown_choices(self, question: Question, finding: SurveyFinding | None) -> None:
        """A table for each choice of a question with several answers that the finding names."""
        named = {each["table"] for each in finding.counts} if finding else set()
        codes = {"yes": message("Yes").in_languages(self.languages), "no": message("No").in_languages(self.languages)}
        for choice in question.choices:
            table = find.picked_table(question, choice.name)
            if table in named:
                column = self.table[PICKED.format(question=question.name, choice=choice.name)]
                given = [each for each in column.to_pylist() if each is not None]
                dimension = find.column_name(question, choice.name)
                self.add(table, dimension, question.label, choice.label, codes, given)

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
    "phone": message("By telephone"), "in person": message("With an interviewer"), "interview": message("With an interviewer"), "interviewer": message("With an interviewer"),
}  # fmt: skip


def _mode_label(mode: str, languages: Sequence[str]) -> Texts:
    return _MODES[mode].in_languages(languages) if mode in _MODES else dict.fromkeys(languages, mode)
