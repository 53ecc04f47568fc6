"""A version's text: as canonical JSON, whose SHA-256 signatures bind, and as paragraphs to read, print and compare."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from comity.site.planning.models import Passage, Responsibility, Version

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Chapter:
    """A heading and its paragraphs. name: "goal", "terms", ...: the same in every language."""

    name: str
    heading: str
    paragraphs: tuple[str, ...]


def document_of(version: Version) -> Document:
    """All that `version` says: what was kept when signatures were asked, or for a draft what its rows say now."""
    if version.asked_at is not None:
        kept: Document = json.loads(version.document)
        return kept
    parties = list(version.parties.order_by("position"))
    duties: dict[int, dict[int, str]] = {}
    for each in Responsibility.objects.filter(activity__version=version):
        duties.setdefault(each.activity_id, {})[each.party_id] = each.kind
    passages = list(version.passages.order_by("position"))
    return {
        "format": "comity-plan/1",
        "agency": version.plan.agency.name,
        "plan": version.plan.title,
        "purpose": version.plan.purpose,
        "version": version.number,
        "passages": {kind.value: [each.text for each in passages if each.kind == kind.value] for kind in Passage.Kind},
        "terms": [[each.word, each.meaning] for each in version.terms.order_by("position")],
        "parties": [each.name for each in parties],
        "activities": [
            {"text": each.text, "duties": [duties.get(each.pk, {}).get(party.pk, "") for party in parties]}
            for each in version.activities.order_by("position")
        ],
        "signatories": [each.speaks_for for each in version.signatories.order_by("speaks_for")],
    }


def as_json(document: Document) -> str:
    """Keys sorted, no spaces: equal documents give equal bytes."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest_of(text: str) -> str:
    """SHA-256 of the UTF-8 bytes, in hex: what `sha256sum` prints for the downloaded file."""
    return hashlib.sha256(text.encode()).hexdigest()


def chapters(document: Document) -> list[Chapter]:
    """The document as it is read, in the reader's language where words are ours."""
    found = [Chapter("purpose", _("What this plan is for"), tuple(filter(None, [document["purpose"]])))]
    found += [Chapter(kind.value, str(kind.label), tuple(document["passages"][kind.value])) for kind in Passage.Kind]
    found.append(
        Chapter("terms", _("What we mean by"), tuple(f"{word}: {meaning}" for word, meaning in document["terms"]))
    )
    found.append(
        Chapter("activities", _("Who does what"), tuple(_activity(document, each) for each in document["activities"]))
    )
    found.append(Chapter("signatories", _("Who signs"), tuple(document["signatories"])))
    return found


def matrix(document: Document) -> list[dict[str, Any]]:
    """The responsibility matrix, a row an activity: `text`, and `cells` with the words for each party."""
    labels = {each.value: str(each.label) for each in Responsibility.Kind}
    return [
        {"text": each["text"], "cells": [(kind, labels.get(kind, "")) for kind in each["duties"]]}
        for each in document["activities"]
    ]


def _activity(document: Document, activity: Mapping[str, Any]) -> str:
    labels = {each.value: str(each.label) for each in Responsibility.Kind}
    who = [
        f"{labels[kind]}: {party}" for party, kind in zip(document["parties"], activity["duties"], strict=True) if kind
    ]
    return f"{activity['text']} ({'; '.join(who)})" if who else str(activity["text"])
