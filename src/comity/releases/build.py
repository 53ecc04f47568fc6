"""Writes one release as files: protected tables, findings, charts, and what explains them.

Formats: docs/reference/release-format.md and release-json.md. The numbers are protected here, so nothing reaches a file by
another way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import pyarrow as pa

from comity.disclosure import Protected, PublishedRelease, protect
from comity.disclosure.tables import levels
from comity.releases.draft import SIZES, Draft, DraftTable, check_draft
from comity.releases.drawing import draw, watermarked
from comity.releases.explanation import notes_beside_tables, policy_record
from comity.releases.render import csv, json_bytes, parquet
from comity.releases.withholding import (
    Public,
    findings_as_published,
    quality_as_published,
    refuse_what_tells,
    rounded_picture,
)
from comity.wording import message

Progress = Callable[[str, float], None]
LICENCE = "https://creativecommons.org/licenses/by/4.0/"


@dataclass(frozen=True)
class Built:
    """A release before it has a version number: its files by path, and what its `release.json` will say."""

    draft: Draft
    files: Mapping[str, bytes]
    findings: Sequence[Mapping[str, Any]]
    protected: Protected

    def versioned(self, *, version: int, published: date) -> dict[str, bytes]:
        """Every file of the release as version `version`, its manifest last."""
        files = {**self.files, **_descriptors(self, version, published)}
        manifest = {
            path: {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
            for path, content in sorted(files.items())
        }
        return {**files, "manifest.json": json_bytes({"files": manifest})}


def build_release(
    draft: Draft, *, earlier: Sequence[PublishedRelease] = (), progress: Progress = lambda step, share: None
) -> Built:
    """Protects the draft's tables, together with what is public already, and makes the content of every file.

    earlier: releases of the same dataset that are public, oldest first. Raises IncompleteDraft, or what
    `comity.disclosure.protect` raises when the audit finds a hidden count or cannot finish.
    """
    check_draft(draft)
    protected = protect(
        [table.counts for table in draft.tables],
        draft.policy,
        period=draft.period,
        earlier=earlier,
        progress=lambda step, share: progress(step.capitalize(), share),
    )
    public = Public.of([table.counts for table in draft.tables], protected, draft.policy)
    findings = findings_as_published(draft.findings, public, languages=draft.languages)
    files: dict[str, bytes] = {}
    for name, table in protected.tables.items():
        files[f"tables/{name}.csv"] = csv(table)
        files[f"tables/{name}.parquet"] = parquet(table)
    files["tables/notes.txt"] = notes_beside_tables(draft)
    files |= _charts(draft, findings, progress)
    files["findings.json"] = json_bytes({"findings": findings})
    files["methods.json"] = json_bytes({"methods": {key: draft.methods[key] for key in sorted(draft.methods)}})
    files["quality.json"] = json_bytes(quality_as_published(draft.quality, public))
    files["dictionary.json"] = json_bytes(_dictionary(draft))
    refuse_what_tells(files, public)
    files |= {each.path: each.content for each in draft.attachments}
    return Built(draft, files, findings, protected)


def _charts(draft: Draft, findings: Sequence[Mapping[str, Any]], progress: Progress) -> dict[str, bytes]:
    shown = {finding["id"] for finding in findings if finding["chart"]}
    wanted = [
        (f"charts/{picture.name}.{language}.{size}.svg", picture.specifications[language, size])
        for picture in draft.pictures
        if picture.finding in shown
        for language in draft.languages
        for size in SIZES
    ]
    pictures = draw(
        [rounded_picture(specification) for _, specification in wanted], progress=lambda share: progress("Draw", share)
    )
    progress("Draw", 1.0)
    if draft.is_sample:
        pictures = [watermarked(picture) for picture in pictures]
    return {path: picture for (path, _), picture in zip(wanted, pictures, strict=True)}


def _descriptors(built: Built, version: int, published: date) -> dict[str, bytes]:
    """The two files that say which version this is."""
    draft = built.draft
    release = {
        "id": f"{draft.dataset}/{draft.period}/v{version}",
        "dataset": draft.dataset,
        "period": draft.period,
        "version": version,
        "title": draft.title,
        "description": draft.description,
        "published": published.isoformat(),
        "agency": draft.agency,
        "languages": list(draft.languages),
        "headline": draft.headline,
        "tables": [_table_record(table, draft) for table in draft.tables],
        "charts": [
            {"finding": each.finding, "name": each.name, "alt": each.alt}
            for each in draft.pictures
            if f"charts/{each.name}.{draft.languages[0]}.wide.svg" in built.files
        ],
        **(
            {"attachments": [{"path": each.path, "title": each.title, "note": each.note} for each in draft.attachments]}
            if draft.attachments
            else {}
        ),
        "policy": policy_record(draft),
        "protection": built.protected.report.as_record(),
        "source": draft.source,
        "licence": draft.licence or LICENCE,
        "next_due": draft.next_due.isoformat() if draft.next_due else None,
        "supersedes": f"{draft.dataset}/{draft.period}/v{version - 1}" if version > 1 else None,
        "correction": draft.correction if version > 1 else None,
    }
    return {"release.json": json_bytes(release), "datapackage.json": json_bytes(_data_package(built, release))}


def _table_record(table: DraftTable, draft: Draft) -> dict[str, Any]:
    counts = table.counts
    return {
        "name": counts.name,
        "title": table.title,
        "description": table.description,
        "measure": counts.measure,
        "measure_label": draft.measure_label,
        "where": dict(counts.where),
        "dimensions": [
            {
                "name": name,
                "label": draft.columns[name].label,
                "place": draft.columns[name].is_place,
                "codes": [
                    {"code": code.code, "label": code.label}
                    for code in draft.columns[name].codes
                    if code.code in levels(counts, name)
                ],
            }
            for name in counts.dimensions
        ],
        "categories": {name: list(counts.categories[name]) for name in counts.dimensions},
        "hierarchies": {name: dict(parents) for name, parents in counts.hierarchies.items() if parents},
    }


def _dictionary(draft: Draft) -> dict[str, Any]:
    used: dict[str, list[str]] = {}
    for table in draft.tables:
        for name in table.counts.dimensions:
            used.setdefault(name, []).append(table.counts.name)
    columns = [
        {
            "name": name,
            "label": draft.columns[name].label,
            "definition": draft.columns[name].definition,
            "type": "string",
            "tables": tables,
            "codes": [
                {"code": code.code, "label": code.label, **({"definition": code.definition} if code.definition else {})}
                for code in draft.columns[name].codes
            ]
            + [{"code": "all", "label": message("All").in_languages(draft.languages)}],
        }
        for name, tables in used.items()
    ]
    every = [table.counts.name for table in draft.tables]
    count = message("Count")
    count_definition = message(
        "How many records meet the conditions of this row. Empty where the count is suppressed; 0 is a count of none."
    )
    status = message("Status")
    status_definition = message(
        "published: the count is shown. suppressed: the count exists but is hidden, because it or another count that "
        "would follow from it is too small to publish safely."
    )
    return {
        "columns": [
            *columns,
            {
                "name": "count",
                "label": count.in_languages(draft.languages),
                "definition": count_definition.in_languages(draft.languages),
                "type": "integer",
                "tables": every,
                "codes": [],
            },
            {
                "name": "status",
                "label": status.in_languages(draft.languages),
                "definition": status_definition.in_languages(draft.languages),
                "type": "string",
                "tables": every,
                "codes": [
                    {"code": "published", "label": message("Published").in_languages(draft.languages)},
                    {"code": "suppressed", "label": message("Suppressed").in_languages(draft.languages)},
                ],
            },
        ]
    }


def _data_package(built: Built, release: Mapping[str, Any]) -> dict[str, Any]:
    """Frictionless Data Package (v1): one resource a table, with its schema."""
    draft, first = built.draft, built.draft.languages[0]
    return {
        "profile": "tabular-data-package",
        "name": f"{draft.dataset}-{draft.period}".lower(),
        "id": release["id"],
        "version": str(release["version"]),
        "title": draft.title[first],
        "licenses": [{"path": release["licence"]}],
        "sources": [{"title": draft.source["name"][first]}] if draft.source.get("name") else [],
        "resources": [
            {
                "profile": "tabular-data-resource",
                "name": table.counts.name.replace("_", "-"),
                "title": table.title[first],
                "path": f"tables/{table.counts.name}.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": len(built.files[f"tables/{table.counts.name}.csv"]),
                "hash": "sha256:" + sha256(built.files[f"tables/{table.counts.name}.csv"]).hexdigest(),
                "schema": _schema(built.protected.tables[table.counts.name], draft),
            }
            for table in draft.tables
        ],
    }


def _schema(table: pa.Table, draft: Draft) -> dict[str, Any]:
    first = draft.languages[0]
    dimensions = [name for name in table.column_names if name not in ("count", "status")]
    return {
        "fields": [
            *(
                {
                    "name": name,
                    "type": "string",
                    "description": draft.columns[name].definition[first],
                    "constraints": {"required": True},
                }
                for name in dimensions
            ),
            {
                "name": "count",
                "type": "integer",
                "description": "Empty where status is suppressed.",
                "constraints": {} if draft.policy.method == "dp" else {"minimum": 0},
            },
            {
                "name": "status",
                "type": "string",
                "constraints": {"required": True, "enum": ["published", "suppressed"]},
            },
        ],
        "missingValues": [""],
        "primaryKey": dimensions,
    }
