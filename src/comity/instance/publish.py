"""The main job: an agency's files become a sealed public release, or nothing at all.

standardise -> count -> analyse -> protect -> show what would become public -> seal; each step is a function of the part of
Comity that owns it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from comity.disclosure import Policy
from comity.disparity.rates import BENCHMARK_NAMES, Benchmark
from comity.errors import ComityError, nearest
from comity.instance.counts import source_files
from comity.instance.feeds import check_feeds, source_changes
from comity.instance.findings import Analysis, analyse_stops
from comity.instance.preview import Preview, preview_of
from comity.instance.quality import accounting_of, quality_of
from comity.instance.settings import Dataset, Instance, Table, read_instance
from comity.instance.standing import account_of, standing_files
from comity.instance.tables import columns_of, count_table, tables_of
from comity.instance.witnesses import Post, countersigning, finish_what_waits
from comity.ledger import Signer, verify
from comity.population import read_population
from comity.records import Mapping as SourceMapping
from comity.records import StandardisedRecords, read_mapping, standardise
from comity.releases.draft import Draft, DraftTable
from comity.releases.publish import plan_release, seal_plan
from comity.releases.states import only_publisher
from comity.wording import message

Progress = Callable[[str, float], None]
Confirm = Callable[[Preview], bool]
_SILENT: Progress = lambda step, share: None  # noqa: E731


class NotSealed(ComityError):
    """Whoever was asked did not agree to seal it."""


@dataclass(frozen=True)
class Published:
    """What `publish` made public, or found public already.

    release: its id. is_new: False when the same release was there. records: where every source row went. hidden: counts that are
    suppressed, of `cells` counts. findings: as they are stored. checkpoint: text of the log's checkpoint. preview: the page
    that showed it before it was sealed, or None.
    """

    release: str
    is_new: bool
    public: Path
    records: Mapping[str, int]
    cells: int
    hidden: int
    findings: Sequence[Mapping[str, Any]]
    checkpoint: str
    preview: Path | None = None

    def as_record(self) -> dict[str, Any]:
        """Plain values, as `comity publish --json` prints them."""
        return {
            "release": self.release,
            "new": self.is_new,
            "public": str(self.public),
            "records": dict(self.records),
            "cells": self.cells,
            "hidden": self.hidden,
            "findings": [
                {key: each[key] for key in ("id", "verdict", "estimate", "low", "high", "n")} for each in self.findings
            ],
            "checkpoint": self.checkpoint,
        }

    def summary(self) -> str:
        """The same for a person, in a few lines."""
        rows = self.records
        lines = [
            f"{'Published' if self.is_new else 'Already public, unchanged:'} {self.release} in {self.public}",
            f"  {rows['rows']:,} rows = {rows['accepted']:,} accepted + {rows['rejected']:,} rejected + {rows['duplicates']:,} duplicates",
            f"  {self.cells:,} counts, of which {self.hidden:,} are suppressed; the audit worked out none of them",
            *(f"  {each['verdict']}: {_said(each)}" for each in self.findings[:3]),
            f"  {len(self.findings)} findings in all; verify with: comity verify {self.public}",
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(each['verdict'])}</td><td style='text-align:left'>{escape(_said(each))}</td></tr>"
            for each in self.findings
        )
        return f"<p>{escape(self.summary().splitlines()[0])}</p><table>{rows}</table>"


def _said(finding: Mapping[str, Any]) -> str:
    """Headline and sentence in English."""
    return " ".join(text["en"] for text in (finding["headline"], finding["sentence"]) if text)


def publish(
    folder: Path | str,
    dataset: str | None = None,
    *,
    today: date,
    because: Mapping[str, str] | None = None,
    confirm: Confirm | None = None,
    post: Post | None = None,
    progress: Progress = _SILENT,
) -> Published:
    """Publishes `dataset` (or the only one) of the instance in `folder`, dated `today`.

    because: why a period that is public already is corrected, in each language; without it a correction is refused.
    confirm: is shown everything that would become public, before it is sealed; NotSealed unless it answers True; not
    asked when nothing would change. post: how to reach witnesses, where the ledger requires some.

    Publishing the same input again changes nothing. One publisher at a time: a second one waits a minute, then PublisherBusy.
    Raises a ComityError for whatever is wrong with settings, mapping, files or key, when the audit finds that a hidden count could
    be worked out, when a promise is missed or dropped without a reason, and when the public folder was tampered with; the
    public folder is then as it was. WitnessesMissing: what was made is kept, and the next run goes on with it.
    """
    instance = read_instance(Path(folder))
    chosen = instance.dataset(dataset)
    signer = Signer.load(instance.key)
    mapping = read_mapping(instance.folder / chosen.mapping)
    into = instance.records / chosen.name / chosen.period
    with only_publisher(instance.folder):
        finish_what_waits(instance.folder, instance.witnesses, post)
        for leftover in into.parent.glob(f".{into.name}-*"):  # private rows of a run that was killed
            shutil.rmtree(leftover)
        check_feeds(instance, chosen)
        records = standardise(
            mapping,
            source_files(instance, chosen),
            into,
            progress=lambda step, share: progress("Standardise", share),
        )
        progress("Standardise", 1.0)
        draft = replace(_draft(instance, chosen, records, mapping, progress), correction=because)
        column = draft.columns.get(chosen.place or "")
        places = [code.code for code in column.codes] if column else []
        plan = plan_release(
            instance.folder,
            draft,
            standing_files(instance, chosen, places),
            account_of(instance, chosen),
            signer=signer,
            today=today,
            progress=progress,
        )
        assert plan.built
        page = None
        if not plan.is_empty:
            shown = preview_of(instance, plan, accounting_of(records), today=today)
            page = shown.page
            if confirm and not confirm(shown):
                raise NotSealed("Nothing was sealed, and nothing became public.", f"What would have is in {page}.")
        countersign = countersigning(instance.public, instance.witnesses, post)
        sealed = seal_plan(instance.folder, plan, signer=signer, today=today, countersign=countersign)
        progress("Seal", 1.0)
    return Published(
        release=sealed.release,
        is_new=sealed.is_new,
        public=instance.public,
        records=accounting_of(records),
        cells=plan.built.protected.report.cells,
        hidden=plan.built.protected.report.primary + plan.built.protected.report.secondary,
        findings=plan.built.findings,
        checkpoint=sealed.checkpoint,
        preview=page,
    )


def republished(folder: Path) -> Published:
    """What is public in `folder` already, verified. Raises ComityError, naming the first file that is wrong."""
    public = folder / "public"
    verification = verify(public)
    if verification.problems:
        raise ComityError(
            f"{public} is not as it was published: {verification.problems[0]}",
            f"Remove {folder} to make it anew, or restore it from a backup.",
        )
    newest = max(public.glob("releases/*/*/v*/release.json"), key=lambda path: path.stat().st_mtime)
    release = json.loads(newest.read_bytes())
    return Published(
        release=release["id"],
        is_new=False,
        public=public,
        records=json.loads((newest.parent / "quality.json").read_bytes())["accounting"],
        cells=release["protection"]["cells"],
        hidden=release["protection"]["hidden"],
        findings=json.loads((newest.parent / "findings.json").read_bytes())["findings"],
        checkpoint=(verification.checkpoint or b"").decode(),
    )


def benchmarks_of(instance: Instance, dataset: Dataset) -> list[Benchmark]:
    """What stops are compared with, as comity.toml names it."""
    found = []
    for key, description in dataset.benchmarks.items():
        if key not in BENCHMARK_NAMES:
            near = nearest(key, tuple(BENCHMARK_NAMES))
            raise ComityError(
                f"[datasets.{dataset.name}.benchmarks] has '{key}', which is not a benchmark.",
                f"Did you mean '{near}'?" if near else f"Use one of: {', '.join(BENCHMARK_NAMES)}.",
            )
        people = read_population(instance.folder / description)
        found.append(Benchmark(key, people.as_table(), people.source, people.year))
    return found


def _draft(
    instance: Instance, dataset: Dataset, records: StandardisedRecords, mapping: SourceMapping, progress: Progress
) -> Draft:
    agency, languages = instance.agency, instance.agency.languages
    settings = {**dataset.policy}
    reason = settings.pop("reason", None) or message("Small counts could point to a person.").in_languages(languages)
    policy = Policy.from_dict(settings)
    tables = tables_of(dataset, records, languages)
    columns = columns_of(tables, dataset, records, languages)
    counted = []
    for done, table in enumerate(tables, start=1):
        counted.append(DraftTable(count_table(table, records, dataset.name, columns), table.title))
        progress("Count", done / len(tables))
    analysis = Analysis([], [], {}, None)
    if records.record_type == "stop":
        analysis = analyse_stops(
            records,
            dataset=dataset,
            agency=agency,
            tables=tables,
            benchmarks=benchmarks_of(instance, dataset),
            policy=policy,
        )
    progress("Analyse", 1.0)
    return Draft(
        dataset=dataset.name,
        period=dataset.period,
        title={language: f"{dataset.title[language]}, {dataset.period}" for language in languages},
        languages=languages,
        agency=agency.name,
        measure_label=dataset.title,
        tables=counted,
        columns=columns,
        policy=_sparing(policy, tables, analysis.findings),
        policy_reason=reason,
        findings=analysis.findings,
        headline=analysis.headline,
        methods=analysis.methods,
        pictures=analysis.pictures,
        quality={**quality_of(records, policy, languages), **source_changes(instance, dataset)},
        source={"name": dataset.source, "rows": records.accounting.source_rows},
        next_due=_next_due(instance, dataset),
        is_sample=agency.is_sample,
    )


def _sparing(policy: Policy, tables: Sequence[Table], findings: Sequence[Mapping[str, Any]]) -> Policy:
    """`policy` that hides other counts, where it has a choice, before those that the findings rest on."""
    where_of = {table.name: table.where for table in tables}
    used = {
        tuple(sorted({**where_of[cell["table"]], **dict.fromkeys(cell["where"], "*")}.items()))
        for finding in findings
        for cell in finding["counts"]
    }
    return replace(policy, cost_factors=(*policy.cost_factors, *((dict(each), 1000.0) for each in sorted(used))))


def _next_due(instance: Instance, dataset: Dataset) -> date | None:
    """The earliest promise for this dataset that is about a later period than this one."""
    due = [each.due for each in instance.calendar if each.dataset == dataset.name and each.period > dataset.period]
    return min(due, default=None)
