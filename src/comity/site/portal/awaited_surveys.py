"""Surveys whose questions are sealed and whose results are not out: when they are promised, and where one answers.

The portal reads the public folder alone; whether a survey still takes answers is for its own page to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from comity.releases.catalogue import Catalogue
from comity.site.portal import queries


@dataclass(frozen=True)
class AwaitedSurvey:
    """title: {language: text}. due: the promised day of the results, or None; address: where it is answered, "" where it is unknown."""

    title: Mapping[str, str]
    due: date | None
    address: str


def awaited_surveys(found: Catalogue) -> list[AwaitedSurvey]:
    """Each survey with a sealed questionnaire and no release yet, by name."""
    out = {release.dataset for release in found.releases}
    promised = {each.dataset: each.due for each in found.promises(queries.today(found)) if each.state != "broken"}
    awaited = []
    for folder in sorted((settings.PUBLIC / "surveys").glob("*/")):
        dataset, sealed = f"survey-{folder.name}", sorted(folder.glob("questionnaire-*.json"))
        if sealed and dataset not in out:
            title = json.loads(sealed[-1].read_bytes())["title"]
            awaited.append(AwaitedSurvey(title, promised.get(dataset), _answered_at(folder.name)))
    return awaited


def code_page() -> str:
    """Where the code of a letter is typed; "" where no such page is known."""
    return _page("surveys:code", settings.CODES_URL, "/code/")


def _answered_at(survey: str) -> str:
    return _page("surveys:survey", settings.ANSWERS_URL, f"/survey/{survey}/", survey)


def _page(name: str, elsewhere: str, path: str, *arguments: str) -> str:
    """Served by this process, by another organisation, or nowhere known."""
    if elsewhere:
        return elsewhere + path
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""
