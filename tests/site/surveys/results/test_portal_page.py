"""The results of a survey are a page of the portal like any other release, in both languages."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from comity.site.surveys.results import publish_results, results_draft

sys.path.insert(0, str(Path(__file__).parent))

from town import promise, results, town


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A public folder with the results of the invented town, and one of its pictures."""
    draft = results_draft(results(), town())
    draft = replace(draft, pictures=[each for each in draft.pictures if each.name == "topline_trust_police"])
    folder = tmp_path_factory.mktemp("town")
    publish_results(folder, draft, today=date(2026, 6, 1), signer=promise(folder))
    return folder / "public"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("", ["Legitimacy and trust", "How much do you trust the police in your city", "Rests on", "effective n"]),
        ("es/", ["Legitimidad y confianza", "¿Cuánto confía usted en la policía de su ciudad", "n efectivo"]),
    ],
)
def test_the_page_says_question_numbers_and_limits(client, site, published, language, said):
    site.PUBLIC = published

    page = client.get(f"/{language}releases/survey-town/2026/v1/").content.decode()
    methods = client.get(f"/{language}releases/survey-town/2026/v1/methods/").content.decode()

    assert all(words in page + methods for words in said)
    assert "RR1 48.4%" in methods
    assert "Elm Street" not in page
