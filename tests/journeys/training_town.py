"""Serves a sample town with training on two ports of this machine, the site's and the content's, until it is ended.

Arguments: the instance's folder and the public folder. Prints one line of JSON: addresses, and sessions by role.
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
    site, content = (Server(("127.0.0.1", 0), Quiet) for _ in range(2))
    os.environ["COMITY_PARTS"] = "portal,community"
    os.environ["COMITY_PUBLIC"] = str(public)
    os.environ["COMITY_CONTENT_URL"] = f"http://127.0.0.1:{content.server_port}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "comity.site.settings"
    from comity.site.server import SiteSetup, prepare_site

    (folder / "keys").mkdir(parents=True)
    prepare_site(SiteSetup(folder))
    sessions = fill(folder)
    from comity.site.wsgi import application

    for server in (site, content):
        server.set_app(application)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    said = {"site": site.server_port, "content": content.server_port, "sessions": sessions}
    print(json.dumps(said), flush=True)
    sys.stdin.read()


def fill(folder: Path) -> dict[str, str]:
    """The sample town, and role -> the cookie of somebody who is signed in."""
    from django.conf import settings
    from django.test import Client

    from comity.site.community.actions import add_account
    from comity.site.community.models import Agency
    from comity.site.training import demo

    agency = Agency.objects.create(slug="sample-town", name="Sample Town")
    people = {
        role: add_account(role, role=role, password="a long pass phrase", works_for_police=True, agency=agency)
        for role in ("training-officer", "chief")
    }
    demo.fill(agency, people, now=settings.CLOCK(), folder=folder)
    sign_in_with_second_factors()
    cookies = {}
    for role, account in people.items():
        client = Client()
        client.force_login(account)
        cookies[role] = client.cookies["sessionid"].value
    return cookies


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
