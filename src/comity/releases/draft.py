"""What goes into one release before it is protected: tables, findings, pictures and every text that explains them.

All of it is plain data, so that nothing here depends on how the numbers were made. Texts are {"en": ..., "es": ...}.
The stored form is docs/reference/release-json.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from comity.disclosure import CountTable, Policy
from comity.errors import ComityError

Texts = Mapping[str, str]
SIZES: tuple[Literal["wide", "narrow"], ...] = ("wide", "narrow")


class IncompleteDraft(ComityError):
    """A release would lack something that its readers need."""


@dataclass(frozen=True)
class Code:
    """One value of a column, as people read it. `definition` only where the label does not say it all."""

    code: str
    label: Texts
    definition: Texts | None = None


@dataclass(frozen=True)
class Column:
    """A column of the tables: its meaning, and its codes in order (parents of a hierarchy included)."""

    name: str
    label: Texts
    definition: Texts
    codes: Sequence[Code]
    is_place: bool = False


@dataclass(frozen=True)
class DraftTable:
    """One table before protection, with its titles."""

    counts: CountTable
    title: Texts
    description: Texts | None = None


@dataclass(frozen=True)
class Picture:
    """The chart of a finding: a Vega-Lite specification for each (language, size), and what it shows in words."""

    name: str
    finding: str
    alt: Texts
    specifications: Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Attachment:
    """A file beside the tables, made safe before it got here. path: in the release's folder; note: what it can and cannot be used for."""

    path: str
    title: Texts
    note: Texts
    content: bytes


@dataclass(frozen=True)
class Draft:
    """One period of one dataset, ready to be protected, written and sealed."""

    dataset: str
    period: str
    title: Texts
    languages: Sequence[str]
    agency: Texts
    measure_label: Texts
    tables: Sequence[DraftTable]
    columns: Mapping[str, Column]
    policy: Policy
    policy_reason: Texts
    findings: Sequence[Mapping[str, Any]] = ()
    headline: str | None = None
    methods: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pictures: Sequence[Picture] = ()
    quality: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    description: Texts | None = None
    licence: str | None = None
    next_due: date | None = None
    correction: Texts | None = None
    attachments: Sequence[Attachment] = ()
    is_sample: bool = False

    @property
    def folder(self) -> str:
        """Where its versions live, from the public folder."""
        return f"releases/{self.dataset}/{self.period}"


def check_draft(draft: Draft) -> None:
    """Raises IncompleteDraft when a column or code has no definition, a method is not described or a text lacks a language."""
    for table in draft.tables:
        for name in table.counts.dimensions:
            column = draft.columns.get(name)
            if column is None or not all(column.definition.get(language) for language in draft.languages):
                raise IncompleteDraft(
                    f"Column '{name}' of table '{table.counts.name}' has no definition, so nobody could know what it counts.",
                    "Define it in the vocabulary or in the mapping, in each language of the agency.",
                )
            known = {code.code for code in column.codes}
            undefined = sorted(
                {*table.counts.categories[name], *table.counts.hierarchies.get(name, {}).values()} - known
            )
            if undefined:
                raise IncompleteDraft(
                    f"Code '{undefined[0]}' of column '{name}' has no label.",
                    "Give it one in the vocabulary or in the mapping.",
                )
    for finding in draft.findings:
        if finding["method"] not in draft.methods:
            raise IncompleteDraft(
                f"Finding '{finding['id']}' uses the method '{finding['method']}', which is not described.",
                "Describe the method, with its assumptions and limits.",
            )
    ids = [finding["id"] for finding in draft.findings]
    if draft.headline is not None and draft.headline not in ids:
        raise IncompleteDraft(
            f"The headline names the finding '{draft.headline}', which is not there.", f"Use one of: {', '.join(ids)}."
        )
    if len(ids) != len(set(ids)):
        raise IncompleteDraft("Two findings have the same id.", "Give each its own.")
