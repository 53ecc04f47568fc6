"""A served sample town: `python town.py FOLDER` makes its instance, fills it, serves it and prints its address.

The public folder holds who works there, sealed; `sessions.json` has a session of each role.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from second_factors import sign_in_with_second_factors

if TYPE_CHECKING:
    from comity.site.community.models import Account

AGENCY = {"en": "Sample Town Police", "es": "Policía de Sample Town"}
OFFICERS = (("white", "no", 90), ("white", "yes", 40), ("black", "yes", 27), ("hispanic", "no", 15), ("asian", "no", 4))
POPULATION = """source: Invented
year: 2026
file: people.csv
place: place
total: people
groups: {white: {share: white}, black: {share: black}}
"""


def publish_workforce(folder: Path) -> None:
    from comity.ledger import Signer, create_key
    from comity.releases.publish import plan_release, seal_plan
    from comity.releases.states import only_publisher
    from comity.site.outreach.aggregates import workforce_draft

    officers = [
        {"group": group, "sex": "male", "rank": "officer", "lives_here": lives}
        for group, lives, n in OFFICERS
        for _each in range(n)
    ]
    draft = workforce_draft(officers, period="2026", agency=AGENCY, languages=("en", "es"), source=AGENCY)
    standing = {
        "agency.json": {"name": AGENCY, "languages": ["en", "es"], "sample": True, "time_zone": "America/Chicago"}
    }
    create_key(folder / "keys" / "ledger.key", "sample.example/comity")
    signer = Signer.load(folder / "keys" / "ledger.key")
    with only_publisher(folder):
        plan = plan_release(folder, draft, standing, signer=signer, today=date.today())
        seal_plan(folder, plan, signer=signer, today=date.today())


def fill(folder: Path) -> None:
    from django.conf import settings

    from comity.site.community.actions import add_account
    from comity.site.community.models import Agency
    from comity.site.community.roles import OF_THE_POLICE, Role
    from comity.site.outreach import demo as outreach
    from comity.site.projects import demo as projects

    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher"
    ]  # nobody signs in with a password here
    agency = Agency.objects.create(slug="sample-town", name="Sample Town Police")
    people = {
        role: add_account(
            f"{role}@sample-town",
            role=role,
            password="a long pass phrase",
            works_for_police=role in OF_THE_POLICE,
            agency=agency,
        )
        for role in Role.values
    }
    for room in (outreach, projects):
        room.fill(agency, people, now=datetime.now(UTC), folder=folder)
    sign_in_with_second_factors()
    (folder / "sessions.json").write_text(json.dumps({role: session_of(each) for role, each in people.items()}))


def session_of(account: Account) -> str:
    """The key of a session in which `account` is signed in, with a second factor."""
    from django.test import Client

    client = Client()
    client.force_login(account)
    return str(client.cookies["sessionid"].value)


def main(folder: Path) -> None:
    from comity.site.server import SiteSetup, prepare_site, serve

    (folder / "keys").mkdir(parents=True)
    publish_workforce(folder)
    (folder / "people.yaml").write_text(POPULATION)
    (folder / "people.csv").write_text("place,people,white,black\nRiver Bend,12000,0.62,0.17\n")
    os.environ.update(
        COMITY_PUBLIC=str(folder / "public"),
        COMITY_PARTS="portal,community",
        COMITY_POPULATION=str(folder / "people.yaml"),
        DJANGO_SETTINGS_MODULE="comity.site.settings",
    )
    setup = SiteSetup(folder, time_zone="America/Chicago")
    prepare_site(setup)
    fill(folder)
    from django.db import connections

    connections.close_all()
    serve(folder / "public", parts=("portal", "community"), setup=setup, port=0, workers=1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
