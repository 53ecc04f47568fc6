"""A client of the site that shows the small public folder on a fixed day."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "comity.site.settings")
os.environ["COMITY_PARTS"] = "portal,codes,answers"


@pytest.fixture(scope="session")
def django():
    import django
    from django.conf import settings

    django.setup()
    if not (settings.BUILT / "manifest.json").is_file():
        pytest.skip("the front end is not built; run make frontend")
    return settings


@pytest.fixture
def site(django, small_public):
    """Settings for the small public folder on 15 May 2018; a test may change `site.PUBLIC` and `site.CLOCK`."""
    from django.test import override_settings

    with override_settings(
        PUBLIC=small_public, CLOCK=lambda: datetime(2018, 5, 15, 12, tzinfo=UTC), ALLOWED_HOSTS=["testserver"]
    ):
        yield django


@pytest.fixture
def client(site):
    from django.test import Client

    return Client()


@pytest.fixture
def get(client):
    """The text of the page at an address, which must answer 200."""

    def fetch(address: str, status: int = 200) -> str:
        response = client.get(address)
        assert response.status_code == status, f"{address} answered {response.status_code}"
        return response.content.decode()

    return fetch
