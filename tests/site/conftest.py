"""A client of the site that shows the small public folder on a fixed day."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from tests.site.scratch_stores import ON_POSTGRESQL, copied, filled_once, name_databases

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "comity.site.settings")
os.environ["COMITY_PARTS"] = "portal,codes,answers,community"
name_databases()


@pytest.fixture(scope="session")
def django():
    import django
    from django.conf import settings

    django.setup()
    from django.contrib.auth.signals import user_logged_in

    user_logged_in.connect(_forced_in)
    if not (settings.BUILT / "manifest.json").is_file():
        pytest.skip("the front end is not built; run make frontend")
    return settings


def _forced_in(request, user, **more):
    """A test that forces somebody in does so with a second factor, which the office asks of everybody on its staff."""
    if not hasattr(request, "allauth"):  # not by way of the pages
        from allauth.account.internal.flows.login import record_authentication

        record_authentication(request, user, "mfa")


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
    """The site's own store with its tables and one agency, its people, and another agency's, to copy."""
    from django.test import override_settings

    from comity.site.community.models import Account, Agency
    from comity.site.community.roles import Role
    from comity.site.upgrading import upgrade_stores

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the browser of other tests leaves an event loop in this thread

    def fill(folder):
        upgrade_stores()
        with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
            for slug, name in (("sample-town", "Sample Town"), ("other-town", "Other Town")):
                agency = Agency.objects.create(slug=slug, name=name)
                for role in Role.values:
                    Account.objects.create_user(
                        f"{role}@{slug}",
                        f"{role}@{slug}.example",
                        role=role,
                        password="a long pass phrase",
                        works_for_police=role in ("chief", "analyst", "training-officer"),
                        agency=agency,
                    )

    with filled_once("empty", fill) as folder:
        yield folder


@pytest.fixture
def town(site, empty_store):
    """A store of this test's own. `agency`, `other`: two agencies; `people`, `strangers`: role -> account of each."""
    from django.test import override_settings

    from comity.site.community.models import Account, Agency

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the browser of other tests leaves an event loop in this thread
    fast = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with (
        copied(empty_store, "empty") as folder,
        override_settings(PASSWORD_HASHERS=fast, INSTANCE=folder, KEYS=folder / "keys"),
    ):
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


@pytest.fixture
def on_sqlite():
    """For tests that open the file themselves."""
    if ON_POSTGRESQL:
        pytest.skip("opens a SQLite file")


@pytest.fixture
def clients(town):
    """Role -> a client who is signed in with it; "anyone" is somebody without an account."""
    from django.test import Client

    found = {"anyone": Client()}
    for role, account in town.people.items():
        found[role] = Client()
        found[role].force_login(account)
    return found
