"""Every page of planning answers whoever may see it, in both languages, with the same number of queries for few and many."""

from __future__ import annotations

import pytest

STATIC = {
    "planning:plans": "anyone",
    "planning:receipt": "anyone",
    "planning-files:calendar": "anyone",
    "planning:office_plans": "chief",
    "planning:office_moderation": "moderator",
}


@pytest.fixture
def addresses(town, makers):
    from django.urls import reverse

    made = makers.examples(town)
    return {name: reverse(name, kwargs=made.get(name)) for name in (*STATIC, *made)}


def test_every_page_answers_in_both_languages(addresses, clients):
    from comity.site.planning.rules import ACCESS

    for name, address in addresses.items():
        if "GET" not in ACCESS[name]:
            continue
        role = "anyone" if ACCESS[name]["GET"] == "everyone" else sorted(ACCESS[name]["GET"])[-1]
        for prefix in ("",) if "files" in name else ("", "/es"):
            response = clients[role].get(prefix + address)
            assert response.status_code == 200, f"{prefix}{address} answered {response.status_code}"
            assert role != "anyone" or not response.cookies
