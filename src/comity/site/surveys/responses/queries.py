"""What is known of surveys in the field, and their responses once they have closed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404

from comity.errors import ComityError
from comity.site.surveys.questionnaire import Questionnaire, read_questionnaire
from comity.site.surveys.responses import slots
from comity.site.surveys.responses.models import SpentToken, Survey


class StillOpen(ComityError):
    """Responses were asked for before the survey closed."""


@dataclass(frozen=True)
class Fielded:
    """A survey as it was frozen. strata: stratum -> public key in hex; empty for an open link."""

    name: str
    questionnaire: Questionnaire
    fingerprint: str
    strata: Mapping[str, str]
    is_opt_in: bool
    is_sample_data: bool


@lru_cache(maxsize=100)
def fielded(name: str) -> Fielded:
    """The survey `name`; nothing of it ever changes. Raises Http404."""
    found = Survey.objects.filter(name=name).first()
    if found is None:
        raise Http404
    return Fielded(
        name,
        read_questionnaire(bytes(found.questionnaire)),
        found.fingerprint,
        found.strata,
        found.access == Survey.Access.OPT_IN,
        found.is_sample_data,
    )


def language_of(survey: Fielded, asked: str, site: str) -> str:
    """The address's language, `site`; a language of the questionnaire that the site itself lacks is `asked` for as ?in=."""
    return asked if asked in survey.questionnaire.languages else site


def today() -> date:
    """The day that an answer gets now."""
    return settings.CLOCK().astimezone(ZoneInfo(settings.TIME_ZONE_OF_AGENCY)).date()


def is_open(name: str) -> bool:
    """Whether the survey takes responses now."""
    return Survey.objects.filter(name=name, state=Survey.State.OPEN).exists()


def surveys() -> list[Survey]:
    """All surveys, by name."""
    return list(Survey.objects.order_by("name"))


def sample_data() -> set[bool]:
    """Which there are: examples (True), real surveys (False)."""
    return set(Survey.objects.values_list("is_sample_data", flat=True))


def counts() -> dict[str, int]:
    """Survey -> number of responses."""
    return {each.name: SpentToken.objects.filter(survey=each.name).count() for each in surveys()}


def receipts(name: str) -> list[bytes]:
    """The list of spent tokens, sorted."""
    return sorted(bytes(each) for each in SpentToken.objects.filter(survey=name).values_list("receipt", flat=True))


@dataclass(frozen=True)
class SealedReceipts:
    """The list of spent tokens as the ledger has it. receipts: hex, sorted."""

    day: str
    receipts: list[str]


def sealed_receipts(name: str) -> SealedReceipts | None:
    """The newest sealed list of the survey `name`, or None before the first sealing."""
    try:
        record = json.loads((settings.PUBLIC / receipts_path(name)).read_bytes())
    except FileNotFoundError:
        return None
    return SealedReceipts(record["day"], record["receipts"])


def receipts_path(name: str) -> str:
    """Where the sealed list is in the public folder."""
    return f"surveys/{name}/spent-tokens.json"


def responses(name: str) -> list[dict[str, Any]]:
    """Every response of a closed survey: day, mode, language, stratum, answers; in an order that says nothing.

    Raises StillOpen while responses come in: two exports would show whose answers came between them.
    """
    survey = Survey.objects.get(name=name)
    if survey.state == Survey.State.OPEN:
        raise StillOpen(f"The survey '{name}' is still open.", "Close it first; results are read once.")
    return [json.loads(content) for content in slots.read_all(survey)]
