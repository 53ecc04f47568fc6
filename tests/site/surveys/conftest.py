"""One fielded survey in stores of its own, in this process."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

# The browser of other tests in this process keeps an event loop running in its thread; nothing here is asynchronous.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

SURVEY = "town"
PEOPLE = 120


@pytest.fixture(scope="session")
def fielded_once(django):
    """The three stores and the keys of a survey with 120 people invited, as a folder to copy."""
    from django.db import connections

    from comity.site.surveys.fielding import field_and_invite
    from comity.site.surveys.invitations.actions import Case
    from comity.site.surveys.questionnaire.bank import standard_questionnaire
    from comity.site.upgrading import upgrade_stores

    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    for store in connections:
        connections[store].close()
        connections[store].settings_dict["NAME"] = folder / f"{store}.sqlite3"
    upgrade_stores()
    cases = [Case(f"{n:05d}", "north" if n % 2 else "south") for n in range(PEOPLE)]
    codes = field_and_invite(
        SURVEY,
        standard_questionnaire().as_json(),
        cases,
        keys=folder / "keys",
        answers_url=f"/survey/{SURVEY}/",
    )
    (folder / "codes.json").write_text(json.dumps(codes))
    connections.close_all()
    yield folder
    connections.close_all()
    shutil.rmtree(folder)


@pytest.fixture
def fielded(site, fielded_once, monkeypatch):
    """That survey: its folder, keys, codes by case, and questionnaire. A test may change all of it."""
    from django.db import connections
    from django.test import override_settings

    from comity.site.surveys.questionnaire.bank import standard_questionnaire
    from comity.site.surveys.responses import queries, writer

    folder = Path(tempfile.mkdtemp(dir=fielded_once.parent)) / "instance"
    shutil.copytree(fielded_once, folder)
    for store in connections:
        connections[store].close()
        monkeypatch.setitem(connections[store].settings_dict, "NAME", folder / f"{store}.sqlite3")
    monkeypatch.setattr(writer, "_process", None)  # a thread of this test's own, on these files
    queries.fielded.cache_clear()
    fast = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(KEYS=folder / "keys", PASSWORD_HASHERS=fast):
        yield SimpleNamespace(
            folder=folder,
            keys=folder / "keys",
            codes=json.loads((folder / "codes.json").read_text()),
            questionnaire=standard_questionnaire(),
        )
    connections.close_all()
    shutil.rmtree(folder.parent)
