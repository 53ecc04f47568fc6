"""A client of the site that shows the small public folder on a fixed day."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "comity.site.settings")
os.environ["COMITY_PARTS"] = "portal,codes,answers,community"


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


@pytest.fixture(scope="session")
def empty_store(django):
    """The site's own store with its tables and one agency, its people, and another agency's, as a file to copy."""
    from django.db import connections
    from django.test import override_settings

    from comity.site.community.actions import add_account
    from comity.site.community.models import Agency
    from comity.site.community.roles import Role
    from comity.site.upgrading import upgrade_stores

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the browser of other tests leaves an event loop in this thread
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    names = {store: connections[store].settings_dict["NAME"] for store in connections}
    for store in connections:
        connections[store].close()
        connections[store].settings_dict["NAME"] = folder / f"{store}.sqlite3"
    upgrade_stores()
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        for slug, name in (("sample-town", "Sample Town"), ("other-town", "Other Town")):
            agency = Agency.objects.create(slug=slug, name=name)
            for role in Role.values:
                add_account(
                    f"{role}@{slug}",
                    role=role,
                    password="a long pass phrase",
                    works_for_police=role in ("chief", "analyst", "training-officer"),
                    agency=agency,
                )
    connections.close_all()
    for store in connections:
        connections[store].settings_dict["NAME"] = names[store]
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def town(site, empty_store, monkeypatch):
    """A store of this test's own. `agency`, `other`: two agencies; `people`, `strangers`: role -> account of each."""
    from django.db import connections
    from django.test import override_settings

    from comity.site.community.models import Account, Agency

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the browser of other tests leaves an event loop in this thread
    folder = Path(tempfile.mkdtemp(dir=empty_store.parent))
    for file in empty_store.iterdir():
        shutil.copy(file, folder)
    for store in connections:
        connections[store].close()
        monkeypatch.setitem(connections[store].settings_dict, "NAME", folder / f"{store}.sqlite3")
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"], INSTANCE=folder):
        of = {
            agency.slug: {each.role: each for each in Account.objects.filter(agency=agency).select_related("agency")}
            for agency in Agency.objects.all()
        }
        yield SimpleNamespace(
            folder=folder,
            agency=Agency.objects.get(slug="sample-town"),
            other=Agency.objects.get(slug="other-town"),
            people=of["sample-town"],
            strangers=of["other-town"],
        )
    connections.close_all()
    shutil.rmtree(folder)


@pytest.fixture
def clients(town):
    """Role -> a client who is signed in with it; "anyone" is somebody without an account."""
    from django.test import Client

    found = {"anyone": Client()}
    for role, account in town.people.items():
        found[role] = Client()
        found[role].force_login(account)
    return found
