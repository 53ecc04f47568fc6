"""What else a server does while people answer: a closed survey is exported, records and a questionnaire come in, a sample is weighted.

python benchmarks/survey_busy.py NAME FOLDER    does one kind of work again and again, and prints the seconds it took
"""

from __future__ import annotations

import http.cookiejar
import json
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

sys.path[:0] = [str(Path(__file__).parents[1] / "tests" / "site" / "surveys"), str(Path(__file__).parent)]

from running import Instance, Server  # noqa: E402

_CLOSED = """\
import json, os, random, sys
from pathlib import Path
os.environ["COMITY_PARTS"] = "codes,answers"
os.environ["DJANGO_SETTINGS_MODULE"] = "comity.site.settings"
from comity.site.server import SiteSetup, prepare_site
prepare_site(SiteSetup(Path(sys.argv[1]), json.loads(sys.argv[2])))
from comity.site.community.actions import add_account
from comity.site.surveys.questionnaire.bank import standard_questionnaire
from comity.site.surveys.responses import actions, slots
from django.db import transaction
survey = actions.field_survey("closed", standard_questionnaire().as_json(), strata=None, expected=5000)
answers = json.dumps({"day": "2026-01-01", "answers": json.loads(sys.argv[3])}).encode()
with transaction.atomic(using="responses"):
    for _ in range(50):
        slots.store([answers] * 100, survey.first_slot, survey.slots)
actions.close_survey("closed")
add_account("custodian", role="custodian", password=sys.argv[4])
"""


def with_closed_survey(instance: Instance, answers: dict[str, object]) -> str:
    """Adds a closed survey with 5,000 times `answers`; returns its custodian's password."""
    password = secrets.token_urlsafe(16)
    given = [str(instance.folder), json.dumps(instance.databases), json.dumps(answers), password]
    subprocess.run([sys.executable, "-c", _CLOSED, *given], check=True)
    return password


@contextmanager
def others_work(server: Server, password: str, folder: Path) -> Iterator[dict[str, list[float]]]:
    """Four kinds of work, each repeated until the end: name -> seconds of each; those of the command line with `nice`, as in deploy/."""
    done: dict[str, list[float]] = {"exports of 5,000 responses": []}
    stop = threading.Event()
    export = threading.Thread(target=_export, args=[server, password, stop, done["exports of 5,000 responses"]])
    programs = {
        name: subprocess.Popen(
            ["nice", "-n", "10", sys.executable, __file__, name, str(folder)], stdout=subprocess.PIPE, text=True
        )
        for name in WORK
    }
    export.start()
    for name, program in programs.items():
        done[name] = [float(program.stdout.readline())]  # until each has done its work once
    try:
        yield done
    finally:
        stop.set()
        export.join()
        for name, program in programs.items():
            program.terminate()
            done[name] += [float(line) for line in program.communicate()[0].split()]


def _export(server: Server, password: str, stop: threading.Event, times: list[float]) -> None:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = browser.open(f"{server.url}/office/sign-in/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    fields = {"csrfmiddlewaretoken": token[1], "username": "custodian", "password": password}
    browser.open(f"{server.url}/office/sign-in/", urlencode(fields).encode())
    while not stop.is_set():
        began = time.perf_counter()
        assert len(json.loads(browser.open(f"{server.url}/office/surveys/closed/responses.json").read())) == 5000
        times.append(time.perf_counter() - began)


def _import_records(folder: Path) -> None:
    import records

    with tempfile.TemporaryDirectory(dir=folder) as into:
        records.run_comity(records.generate(50_000), Path(into))


def _import_questionnaire(folder: Path) -> None:
    from comity.site.surveys.questionnaire.bank import standard_questionnaire
    from comity.site.surveys.questionnaire.xlsform import read_xlsform, write_xlsform

    read_xlsform(write_xlsform(standard_questionnaire()))


def _weigh(folder: Path) -> None:
    import estimates

    estimates.raking(estimates.SIX, base=True, tolerance=1e-9)(folder, 200_000).run()


WORK = {
    "imports of 50,000 records": _import_records,
    "imports of a questionnaire": _import_questionnaire,
    "weightings of 200,000": _weigh,
}


def work(name: str, folder: Path) -> None:
    """Does `WORK[name]` again and again, and prints the seconds it took."""
    while True:
        began = time.perf_counter()
        WORK[name](folder)
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    work(sys.argv[1], Path(sys.argv[2]))
