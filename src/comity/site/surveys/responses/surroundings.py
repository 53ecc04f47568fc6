"""What the answer pages need to know of their surroundings: where the code page is, which languages the site lacks."""

from __future__ import annotations

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language_info

from comity.site.surveys.questionnaire import Questionnaire


def code_page() -> str:
    """The address of the code page, which may be another organisation's."""
    try:
        return settings.CODES_URL + reverse("surveys:code")
    except NoReverseMatch:
        return f"{settings.CODES_URL}/code/"


def more_languages(questionnaire: Questionnaire) -> list[tuple[str, str]]:
    """(code, own name) of each language that the questionnaire has and the site has not; its pages are asked for with ?in=CODE."""
    of_the_site = {code for code, _name in settings.LANGUAGES}
    return [(code, _own_name(code)) for code in questionnaire.languages if code not in of_the_site]


def _own_name(code: str) -> str:
    try:
        return str(get_language_info(code)["name_local"])
    except KeyError:
        return code
