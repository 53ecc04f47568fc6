"""Serves a sample town with its plans on a port of this machine until it is ended.

Arguments: the instance's folder and the public folder. Prints one line of JSON: the port, sessions by role, and what to look at.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from second_factors import sign_in_with_second_factors


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *said: object) -> None:
        """Nothing is written about visitors."""


def main(folder: Path, public: Path) -> None:
    server = Server(("127.0.0.1", 0), Quiet)
    os.environ["COMITY_PARTS"] = "portal,codes,answers,community"
    os.environ["COMITY_PUBLIC"] = str(public)
    os.environ["DJANGO_SETTINGS_MODULE"] = "comity.site.settings"
    from comity.site.server import SiteSetup, prepare_site

    (folder / "keys").mkdir(parents=True)
    prepare_site(SiteSetup(folder))
    said = fill(folder)
    from comity.site.wsgi import application

    server.set_app(application)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port, **said}), flush=True)
    sys.stdin.read()


def fill(folder: Path) -> dict[str, object]:
    """The sample town; role -> the cookie of somebody who is signed in; the newest version and consultation."""
    from django.conf import settings
    from django.db import connections
    from django.test import Client

    from comity.site.community.models import Account, Agency
    from comity.site.planning import demo
    from comity.site.planning.models import Consultation, Plan

    agency = Agency.objects.create(slug="sample-town", name="Sample Town")
    people = {
        role: Account.objects.create_user(
            f"{role}@sample-town.example",
            role=role,
            works_for_police=role in ("chief", "analyst"),
            agency=agency,
        )
        for role in ("chief", "analyst", "community-leader", "moderator", "custodian", "auditor")
    }
    demo.fill(agency, people, now=settings.CLOCK(), folder=folder)
    sign_in_with_second_factors()
    cookies = {}
    for role, account in people.items():
        client = Client()
        client.force_login(account)
        cookies[role] = client.cookies["sessionid"].value
    plan = Plan.objects.get()
    found = {
        "sessions": cookies,
        "plan": plan.pk,
        "second": plan.versions.get(number=2).pk,
        "counted": Consultation.objects.get(kind="approval").pk,
        "gathering": Consultation.objects.get(kind="statements").pk,
        "meeting": plan.meetings.order_by("starts_at")[0].pk,
    }
    connections.close_all()
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
