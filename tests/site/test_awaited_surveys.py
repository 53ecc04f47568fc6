"""The front page says which surveys are under way, by when their results are promised, and where one answers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest


@pytest.fixture
def public(site, write_public_folder, tmp_path):
    """A public folder with a sealed questionnaire of the survey `trust`, promised for the first of July."""
    from comity.site.surveys.questionnaire.bank import standard_questionnaire

    site.PUBLIC = write_public_folder(tmp_path)
    questionnaire = site.PUBLIC / "surveys" / "trust" / "questionnaire-1.json"
    questionnaire.parent.mkdir(parents=True)
    questionnaire.write_bytes(standard_questionnaire().as_json())
    promise = {
        "number": 1, "event": "promised", "tables": [], "findings": [], "reason": None, "dataset": "survey-trust",
        "period": "2018", "title": {"en": "Survey", "es": "Encuesta"}, "due": "2018-07-01", "sealed": "2018-03-01",
    }  # fmt: skip
    path = site.PUBLIC / "promises" / "survey-trust" / "2018" / "1.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(promise))
    return site.PUBLIC


def test_the_front_page_leads_to_an_open_survey_and_says_when_its_results_come(get, public):
    page, spanish = get("/"), get("/es/")

    assert "Surveys under way" in page
    assert 'href="/survey/trust/"' in page
    assert "by July 1, 2018" in page
    assert 'href="/code/"' in page
    assert '<a href="/survey/"' in page
    assert 'href="/es/survey/trust/"' in spanish
    assert "Encuestas en curso" in spanish


def test_where_another_organisation_has_the_pages_the_links_go_there(get, public, site):
    from django.test import override_settings

    with override_settings(ANSWERS_URL="https://answers.example.org", CODES_URL="https://codes.example.org"):
        page = get("/")

    assert 'href="https://answers.example.org/survey/trust/"' in page
    assert 'href="https://codes.example.org/code/"' in page


def test_once_the_results_are_out_the_survey_is_no_longer_under_way(get, public):
    from comity.site.portal import queries
    from comity.site.portal.awaited_surveys import awaited_surveys

    found = queries.catalogue()
    (awaited,) = awaited_surveys(found)
    assert str(awaited.due) == "2018-07-01"

    out = replace(found.releases[0], dataset="survey-trust")
    assert awaited_surveys(replace(found, releases=(*found.releases, out))) == []
