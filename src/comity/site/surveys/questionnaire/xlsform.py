"""Questionnaires from and to XLSForm, the spreadsheet format of ODK, KoboToolbox, SurveyCTO and others (xlsform.org).

pyxform reads, so that every spelling it knows is known here. What would trace people (device, time, place) is left out with a
note; what a page on paper or screen cannot ask is refused. docs/how-to/bring-a-questionnaire.md says what becomes what.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comity.errors import ComityError
from comity.site.surveys.questionnaire.model import (
    CHOICE_KINDS,
    Choice,
    Group,
    Kind,
    Question,
    Questionnaire,
    Scale,
    Split,
    Texts,
    parts_as_json,
    parts_from_json,
)

LANGUAGE_NAMES = {
    "en": "English (en)",
    "es": "Español (es)",
    "ar": "العربية (ar)",
    "so": "Soomaali (so)",
    "vi": "Tiếng Việt (vi)",
}
MOST_BYTES = 5_000_000

Sheets = Mapping[str, Sequence[Mapping[str, str]]]

_KINDS: Mapping[str, Kind] = {
    "select one": "select_one", "select all that apply": "select_multiple", "rank": "rank", "integer": "integer",
    "int": "integer", "decimal": "decimal", "text": "text", "string": "text", "date": "date", "note": "note",
    "range": "range", "acknowledge": "acknowledge", "trigger": "acknowledge", "calculate": "calculate",
}  # fmt: skip
_TRACES = {
    "start", "end", "today", "deviceid", "subscriberid", "simserial", "phonenumber", "username", "email", "audit",
    "start-geopoint", "background-audio", "device id", "phone number", "get phone number", "imei",
}  # fmt: skip
_EXTRAS = "comity_extras"
_SPLIT = re.compile(r"once\(if\(random\(\) < 0\.50*, '([\w-]+)', '([\w-]+)'\)\)")


class XLSFormError(ComityError):
    """A spreadsheet is not an XLSForm that can be asked here."""


@dataclass(frozen=True)
class Imported:
    """The questionnaire, and one sentence for each thing of the form that was left out or changed."""

    questionnaire: Questionnaire
    notes: tuple[str, ...]


def read_xlsform(form: bytes | str | Path) -> Imported:
    """The questionnaire of an XLSForm. form: a path (.xlsx, .xls, .csv, .md), its bytes, or markdown or CSV text.

    Raises XLSFormError (or QuestionnaireError) with one sentence that names the row's question.
    """
    try:
        from pyxform.errors import PyXFormError
        from pyxform.xls2json import workbook_to_json
        from pyxform.xls2json_backends import get_xlsform
    except ImportError:
        raise XLSFormError(
            "Reading an XLSForm needs the package pyxform.", "Install it with: pip install 'comity[xlsform]'."
        ) from None
    if isinstance(form, Path):
        if not form.is_file():
            raise XLSFormError(f"There is no file {form}.", "Check its name.")
        if form.stat().st_size > MOST_BYTES:
            raise XLSFormError(
                f"{form} is larger than {MOST_BYTES:,} bytes.", "An XLSForm is far smaller; check the file."
            )
        form = form.read_bytes() if form.suffix in (".xlsx", ".xls") else form.read_text(encoding="utf-8-sig")
    try:
        workbook = get_xlsform(form)
        settings = dict(workbook.settings[0]) if workbook.settings else {}
        record = workbook_to_json(workbook, form_name="form", warnings=[])
    except PyXFormError as error:
        raise XLSFormError(f"This is not a valid XLSForm: {_one_line(error)}.", "Mend the form.") from None
    except Exception as error:  # damaged archives and spreadsheets break the reader in many ways
        raise XLSFormError(
            f"This cannot be read as a spreadsheet ({type(error).__name__}).", "Save it as .xlsx again, then import it."
        ) from None
    return _Reader(record, settings).read()


class _Reader:
    def __init__(self, record: Mapping[str, Any], settings: Mapping[str, str]) -> None:
        self.record, self.settings = record, settings
        self.notes: list[str] = []
        self.loose = 0
        names = list(dict.fromkeys(_language_names(record)))
        chosen = settings.get("default_language", "")
        names.sort(key=lambda name: (name != chosen, name == "default"))
        self.codes = {name: _code(name) for name in names}
        plain = (
            _code(chosen) if chosen else next((code for name, code in self.codes.items() if name != "default"), "en")
        )
        self.plain = plain
        self.codes["default"] = plain
        self.languages = tuple(dict.fromkeys([plain, *self.codes.values()]))
        self.known = self.extras()
        self.splits = {each.name: each for each in self.known.get("splits", ())}

    def read(self) -> Imported:
        groups = tuple(self.groups(self.record["children"]))
        extras = self.known
        scales = {each.name: each for each in extras.get("scales", ())}
        for question in (each for group in groups for each in group.questions):
            if question.scale and question.scale not in scales:
                scales[question.scale] = self.inferred_scale(question)
        questionnaire = Questionnaire(
            name=re.sub(r"[^A-Za-z0-9_-]+", "_", str(self.record.get("id_string") or "form"))[:63],
            title={self.plain: str(self.record.get("title") or "Survey"), **extras.get("title", {})},
            version=str(self.record.get("version") or "1"),
            languages=self.languages,
            groups=groups,
            introduction=extras.get("introduction", {}),
            thanks=extras.get("thanks", {}),
            scales=tuple(scales.values()),
            splits=tuple(self.splits.values()),
            sensitive=extras.get("sensitive", ()),
        )
        return Imported(questionnaire, tuple(self.notes))

    def extras(self) -> Mapping[str, Any]:
        text = self.settings.get(_EXTRAS)
        if not text:
            return {}
        try:
            return parts_from_json(json.loads(text), where=f"the settings column {_EXTRAS}")
        except ValueError:
            raise XLSFormError(f"The settings column {_EXTRAS} is not JSON.", "Delete it, or export again.") from None

    def inferred_scale(self, question: Question) -> Scale:
        numbers = [
            int(each.name) for each in question.choices if not each.is_missing and re.fullmatch(r"-?\d+", each.name)
        ]
        if len(numbers) < 2:
            raise XLSFormError(
                f"'{question.name}' belongs to the scale '{question.scale}', and its choices are not numbers.",
                "Name the choices of a scale 1, 2, 3 and so on.",
            )
        label = dict.fromkeys(self.languages, question.scale)
        return Scale(name=question.scale, label=label, low=min(numbers), high=max(numbers))

    def groups(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[Group]:
        """One page a group; what stands between groups becomes a page of its own."""
        loose: list[Question] = []
        for row in rows:
            if row.get("name") == "meta":
                continue
            if row["type"] == "group":
                if loose:
                    yield self.page_of(loose)
                    loose = []
                questions = tuple(self.questions(row["children"], ""))
                if questions:
                    yield Group(
                        name=row["name"],
                        label=self.texts(row.get("label")),
                        relevant=self.expression(row.get("bind", {}).get("relevant")),
                        randomise_order=_is_yes(_ours(row).get("randomise_order")),
                        questions=questions,
                    )
            else:
                loose += self.questions([row], "")
        if loose:
            yield self.page_of(loose)

    def page_of(self, questions: list[Question]) -> Group:
        self.loose += 1
        return Group(name=f"page_{self.loose}", label={}, questions=tuple(questions))

    def questions(self, rows: Sequence[Mapping[str, Any]], condition: str) -> Iterator[Question]:
        """Questions of one page. condition: of the groups within the page that they stand in."""
        for row in rows:
            kind, name = row["type"], row["name"]
            if kind == "group":
                inner = _both(condition, self.expression(row.get("bind", {}).get("relevant")))
                if label := self.texts(row.get("label")):
                    yield Question(name=f"{name}_heading", kind="note", label=label, relevant=inner)
                yield from self.questions(row["children"], inner)
            elif kind in _TRACES:
                self.notes.append(f"'{name}' ({kind}) was left out: it would help to trace who answered.")
            elif name in self.splits or self.is_split(row):
                continue
            elif kind in _KINDS:
                yield self.question(row, _KINDS[kind], condition)
            else:
                raise XLSFormError(
                    f"'{name}' is of the type '{kind}', which cannot be asked here.",
                    f"Use one of: {', '.join(sorted(set(_KINDS.values())))}.",
                )

    def is_split(self, row: Mapping[str, Any]) -> bool:
        """Whether the row draws one of two arms by chance; the split is kept."""
        match = _SPLIT.fullmatch(str(row.get("bind", {}).get("calculate", "")).strip())
        if match:
            self.splits[row["name"]] = Split(name=row["name"], arms=(match[1], match[2]))
        return match is not None

    def question(self, row: Mapping[str, Any], kind: Kind, condition: str) -> Question:
        name, bind, ours = row["name"], row.get("bind", {}), _ours(row)
        parameters = row.get("parameters", {})
        required = str(bind.get("required", "")).strip()
        if required.casefold() not in ("", "yes", "no", "true", "false", "true()", "false()"):
            raise XLSFormError(
                f"Whether '{name}' is required depends on a condition.",
                "Write yes or no, and the condition in relevant.",
            )
        for left_out in ("media", "query", "trigger"):
            if left_out in row:
                self.notes.append(f"'{name}': the column {left_out} was left out.")
        low, high, step = (self.number(name, parameters, each) for each in ("start", "end", "step"))
        return Question(
            name=name,
            kind=kind,
            label=self.texts(row.get("label")),
            hint=self.texts(row.get("hint")),
            choices=tuple(self.choices(row)) if kind in CHOICE_KINDS else (),
            required=required.casefold() in ("yes", "true", "true()"),
            relevant=_both(condition, self.expression(bind.get("relevant"))),
            constraint=self.expression(bind.get("constraint")),
            constraint_message=self.texts(bind.get("jr:constraintMsg")),
            default=self.default(row),
            calculate=self.expression(bind.get("calculate")),
            choice_filter=self.expression(row.get("choice_filter")) if kind in CHOICE_KINDS else "",
            scale=str(ours.get("scale", "")).strip(),
            reverse=_is_yes(ours.get("reverse")),
            construct=str(ours.get("construct", "")).strip(),
            most_characters=int(ours["most_characters"]) if str(ours.get("most_characters", "")).isdigit() else None,
            randomise_choices=kind in CHOICE_KINDS and _is_yes(parameters.get("randomize")),
            low=(1.0 if low is None else low) if kind == "range" else None,
            high=(10.0 if high is None else high) if kind == "range" else None,
            step=(1.0 if step is None else step) if kind == "range" else None,
            appearance=str(row.get("control", {}).get("appearance", "")),
        )

    def number(self, name: str, parameters: Mapping[str, str], which: str) -> float | None:
        text = parameters.get(which)
        if text is None:
            return None
        try:
            return float(text)
        except ValueError:
            raise XLSFormError(f"The {which} of the range '{name}' is '{text}'.", "It is a number.") from None

    def default(self, row: Mapping[str, Any]) -> str:
        text = str(row.get("default", "")).strip()
        if "${" in text or re.search(r"[a-z]\(", text):
            self.notes.append(f"'{row['name']}': the default is worked out, and was left out; use calculate.")
            return ""
        return text

    def choices(self, row: Mapping[str, Any]) -> Iterator[Choice]:
        found = row.get("choices") or self.record.get("choices", {}).get(row.get("itemset")) or ()
        for each in found:
            label = self.texts(each.get("label"))
            if each["name"] == "other" and label == dict.fromkeys(label, "Other") and "es" in label:
                label = {**label, "es": "Otra respuesta"}
            yield Choice(
                name=str(each["name"]),
                label=label,
                is_missing=_is_yes(each.get("comity_missing")),
                is_exclusive=_is_yes(each.get("comity_exclusive")),
                attributes={
                    key: str(value)
                    for key, value in sorted(each.items())
                    if key not in ("name", "label", "media", "sms_option")
                    and not key.startswith("comity_")
                    and isinstance(value, str)
                },
            )

    def texts(self, label: object) -> Texts:
        if isinstance(label, Mapping):
            return {self.codes[name]: _plain_text(text) for name, text in label.items() if str(text).strip()}
        return {self.plain: _plain_text(label)} if isinstance(label, str) and label.strip() else {}

    def expression(self, text: object) -> str:
        """Paths to questions beside this one become names; everything else is checked when the questionnaire is made."""
        return re.sub(r"\.\./([A-Za-z_][\w-]*)", r"${\1}", str(text or "").strip())


def xlsform_sheets(questionnaire: Questionnaire) -> Sheets:
    """The questionnaire as the three sheets of an XLSForm: survey, choices, settings; each row column -> text."""
    lists = _lists(questionnaire)
    survey = [
        {"type": "calculate", "name": split.name, "calculation": _chance(split.arms)} for split in questionnaire.splits
    ]
    for group in questionnaire.groups:
        survey.append({
            "type": "begin group", "name": group.name, **_labelled("label", group.label), "relevant": group.relevant,
            "comity::randomise_order": "yes" if group.randomise_order else "",
        })  # fmt: skip
        survey += [_row(question, lists) for question in group.questions]
        survey.append({"type": "end group"})
    choices = [
        {
            "list_name": name, "name": choice.name, **_labelled("label", choice.label), **choice.attributes,
            "comity_missing": "yes" if choice.is_missing else "",
            "comity_exclusive": "yes" if choice.is_exclusive else "",
        }
        for name, each in lists.choices.items()
        for choice in each
    ]  # fmt: skip
    first = questionnaire.languages[0]
    settings = {
        "form_title": questionnaire.text(questionnaire.title, first),
        "form_id": questionnaire.name,
        "version": questionnaire.version,
        "default_language": LANGUAGE_NAMES.get(first, first),
        _EXTRAS: json.dumps(parts_as_json(questionnaire), sort_keys=True, ensure_ascii=False),
    }
    return {"survey": survey, "choices": choices, "settings": [settings]}


def write_xlsform(questionnaire: Questionnaire) -> bytes:
    """The questionnaire as an XLSForm workbook (.xlsx)."""
    try:
        from openpyxl import Workbook  # type: ignore[import-untyped]  # comes with pyxform
    except ImportError:
        raise XLSFormError(
            "Writing an .xlsx file needs the package openpyxl.",
            "Install it with: pip install 'comity[xlsform]'; or export to .md, which needs nothing.",
        ) from None
    workbook = Workbook()
    workbook.remove(workbook.active)
    for name, rows in xlsform_sheets(questionnaire).items():
        sheet = workbook.create_sheet(name)
        columns = _columns(rows)
        sheet.append(columns)
        for row in rows:
            sheet.append([row.get(column) or None for column in columns])
        for cells in sheet.iter_rows():
            for cell in cells:
                if isinstance(cell.value, str) and cell.value.startswith("="):
                    cell.data_type = "s"  # a text that begins with = is no formula
    data = io.BytesIO()
    workbook.save(data)
    return data.getvalue()


def write_xlsform_text(questionnaire: Questionnaire) -> str:
    """The questionnaire as an XLSForm in markdown tables, which pyxform and people read and version control compares."""
    lines = []
    for name, rows in xlsform_sheets(questionnaire).items():
        columns = _columns(rows)
        lines.append(f"| {name} |")
        lines.append(f"| | {' | '.join(columns)} |")
        lines += [f"| | {' | '.join(_cell(row.get(column, '')) for column in columns)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _row(question: Question, lists: _Lists) -> dict[str, str]:
    kind: str = question.kind
    parameters = ["randomize=true"] if question.randomise_choices else []
    if question.kind in CHOICE_KINDS:
        kind = f"{kind} {lists.of[question.name]}"
    if question.kind == "range":
        parameters += [f"start={question.low:g}", f"end={question.high:g}", f"step={question.step:g}"]
    return {
        "type": kind, "name": question.name, **_labelled("label", question.label), **_labelled("hint", question.hint),
        "required": "yes" if question.required else "", "relevant": question.relevant,
        "constraint": question.constraint, **_labelled("constraint_message", question.constraint_message),
        "default": question.default, "calculation": question.calculate, "choice_filter": question.choice_filter,
        "parameters": " ".join(parameters), "appearance": question.appearance, "comity::scale": question.scale,
        "comity::reverse": "yes" if question.reverse else "", "comity::construct": question.construct,
        "comity::most_characters": str(question.most_characters or ""),
    }  # fmt: skip


@dataclass(frozen=True)
class _Lists:
    """Each different set of choices by its name, and the name of each question's set."""

    choices: Mapping[str, tuple[Choice, ...]]
    of: Mapping[str, str]


def _lists(questionnaire: Questionnaire) -> _Lists:
    choices: dict[str, tuple[Choice, ...]] = {}
    of: dict[str, str] = {}
    for question in questionnaire.questions.values():
        if question.choices:
            same = next((name for name, each in choices.items() if each == question.choices), None)
            of[question.name] = same or f"{question.name}_answers"
            choices.setdefault(of[question.name], question.choices)
    return _Lists(choices, of)


def _labelled(column: str, texts: Texts) -> dict[str, str]:
    return {f"{column}::{LANGUAGE_NAMES.get(language, language)}": text for language, text in texts.items()}


def _chance(arms: Sequence[str]) -> str:
    """An expression that gives each arm the same chance: once(if(random() < 0.5, 'a', 'b'))."""
    text = f"'{arms[-1]}'"
    for at in range(len(arms) - 2, -1, -1):
        text = f"if(random() < {1 / (len(arms) - at):.6g}, '{arms[at]}', {text})"
    return f"once({text})"


def _columns(rows: Sequence[Mapping[str, str]]) -> list[str]:
    used = dict.fromkeys(column for row in rows for column, value in row.items() if value)
    return list(used)


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "\\n") if text else ""


def _ours(row: Mapping[str, Any]) -> Mapping[str, Any]:
    ours = row.get("comity", {})
    return ours if isinstance(ours, Mapping) else {}


def _is_yes(value: object) -> bool:
    return str(value or "").strip().casefold() in ("yes", "true", "true()", "1")


def _both(left: str, right: str) -> str:
    return f"({left}) and ({right})" if left and right else left or right


def _code(name: str) -> str:
    """The language's code: English (en) -> en; a name without a code is matched by its first letters, or kept."""
    match = re.search(r"\(([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)\)\s*$", name)
    if match:
        return match[1]
    known = {"english": "en", "spanish": "es", "español": "es", "espanol": "es", "french": "fr", "français": "fr"}
    return known.get(name.strip().casefold(), re.sub(r"\s+", "_", name.strip().casefold()))


def _language_names(record: object) -> Iterator[str]:
    """Every language that a text of the form is in."""
    if isinstance(record, Mapping):
        for key, value in record.items():
            if key in ("label", "hint", "jr:constraintMsg") and isinstance(value, Mapping):
                yield from value
            elif isinstance(value, (Mapping, list)):
                yield from _language_names(value)
    elif isinstance(record, Iterable) and not isinstance(record, str):
        for each in record:
            yield from _language_names(each)


def _plain_text(text: object) -> str:
    return str(text).strip().replace("\\n", "\n")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:300]
