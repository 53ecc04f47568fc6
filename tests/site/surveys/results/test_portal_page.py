"""The results of a survey are a page of the portal like any other release, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from comity.ledger import Signer
from comity.site.surveys.results import publish_results, results_draft

AGENCY = {
    "name": {"en": "Our Town", "es": "Nuestro Pueblo"}, "languages": ["en", "es"], "notice": None, "sample": True,
    "website": None, "contact": None, "time_zone": "America/Chicago",
}  # fmt: skip


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A public folder with the results of the invented town, and three of its pictures."""
    spec = spec_from_file_location("town_survey", Path(__file__).with_name("test_results.py"))
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    draft = results_draft(made.results(), made.town())
    draft = replace(draft, pictures=[each for each in draft.pictures if each.name == "topline_trust_police"])
    folder = tmp_path_factory.mktemp("town")
    publish_results(
        folder, draft, promised=date(2026, 6, 1), today=date(2026, 6, 1),
        signer=Signer.from_seed("town.example/ledger", bytes(range(32))),
        standing={"agency.json": AGENCY, "calendar.json": {"promises": []}},
    )  # fmt: skip
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
    assert "AAPOR RR1" in methods or "RR1 de AAPOR" in methods
    assert "Elm Street" not in page
