"""Load on the survey server, crashes under load, and a plain Django form as the peer.

    PYTHONPATH=src python benchmarks/surveys.py load            # SQLite, the peer, and PostgreSQL where COMITY_BENCHMARK_POSTGRESQL names a server
    PYTHONPATH=src python benchmarks/surveys.py crashes 200     # kill -9 at random moments under load
    PYTHONPATH=src python benchmarks/surveys.py all             # both, in under four minutes

Stores lie in the system's temporary folder, or in the one that COMITY_BENCHMARK_DISK names. The load generator shares the machine's cores with the server. Every request is a whole HTTP POST of a finished questionnaire with a
genuine, unspent token; "answer" means that the page with the receipt came back.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "site" / "surveys"))

from running import SURVEY, Instance, Server, make_instance, sending  # noqa: E402

from comity.site.surveys.questionnaire.bank import standard_questionnaire  # noqa: E402
from comity.site.surveys.tokens import TokenKey  # noqa: E402

CONNECTIONS = 48
POSTGRESQL = os.environ.get("COMITY_BENCHMARK_POSTGRESQL", "")


def example_answers(random_: random.Random) -> dict[str, object]:
    """Answers to most of the standard questionnaire, about 900 bytes."""
    questionnaire = standard_questionnaire()
    return {
        each.name: random_.choice(each.choices).name
        for each in questionnaire.questions.values()
        if each.kind == "select_one" and not each.relevant and not questionnaire.group_of[each.name].relevant
    }


def requests(instance: Instance, count: int, *, path: str = f"/survey/{SURVEY}/") -> list[bytes]:
    """`count` ready-made HTTP requests, each with a token of its own."""
    key = TokenKey.read(instance.folder / "keys", SURVEY)
    random_ = random.Random(7)
    made = []
    for at in range(count):
        answers = {**example_answers(random_), "open_keep": f"mark-{at:06d}."}
        body = urlencode(sending(key.issue_here("north").as_text(), "north", answers)).encode()
        made.append(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
    return made


async def _send_all(
    port: int, waiting: list[bytes], *, stop_on_error: bool, acknowledged: list[bytes] | None = None
) -> list[float]:
    """Latencies in seconds; requests that were acknowledged are added to `acknowledged`."""
    latencies: list[float] = []
    acknowledged = [] if acknowledged is None else acknowledged

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while waiting:
            request = waiting.pop()
            began = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            page = await reader.readexactly(length)
            latencies.append(time.perf_counter() - began)
            if head.startswith(b"HTTP/1.1 200") and (b'class="receipt"' in page or b"stored" in page):
                acknowledged.append(request)
            elif not stop_on_error:
                raise AssertionError(head[:40], page[-2000:])
        writer.close()

    done = await asyncio.gather(*(work() for _ in range(CONNECTIONS)), return_exceptions=stop_on_error)
    if not stop_on_error:
        assert all(each is None for each in done)
    return latencies


def measure(what: str, server: Server, made: list[bytes]) -> None:
    """Sends a tenth to warm up, then the rest, and prints answers a second and latencies."""
    warm = len(made) // 10
    asyncio.run(_send_all(server.port, made[:warm], stop_on_error=False))
    began = time.perf_counter()
    latencies = asyncio.run(_send_all(server.port, made[warm:], stop_on_error=False))
    seconds = time.perf_counter() - began
    latencies.sort()
    at = [latencies[int(len(latencies) * share)] * 1000 for share in (0.5, 0.95, 0.99)]
    print(
        f"{what}: {len(latencies) / seconds:.0f} answers/s, p50 {at[0]:.0f} ms, p95 {at[1]:.0f} ms, p99 {at[2]:.0f} ms"
        f" ({len(latencies)} answers, {CONNECTIONS} connections, load {os.getloadavg()[0]:.1f})",
        flush=True,
    )


def load(count: int) -> None:
    with tempfile.TemporaryDirectory(dir=os.environ.get("COMITY_BENCHMARK_DISK")) as folder:
        instance = make_instance(Path(folder) / "sqlite", standard_questionnaire().as_json(), count)
        _with_server(instance, "SQLite (rollback journal, synchronous EXTRA)", requests(instance, count))
        if POSTGRESQL:
            instance = _on_postgresql(Path(folder) / "postgresql", count)
            _with_server(instance, "PostgreSQL (synchronous_commit on)", requests(instance, count))
        peer(Path(folder), count)


def _with_server(instance: Instance, what: str, made: list[bytes]) -> None:
    server = Server(instance, instance.folder / "server.log")
    try:
        measure(what, server, made)
    finally:
        server.stop()


def _on_postgresql(folder: Path, count: int) -> Instance:
    urls = {}
    for store in ("default", "invitations", "responses"):
        name = f"comity_benchmark_{store}"
        for command in (f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}"):
            subprocess.run(["psql", "-q", f"{POSTGRESQL}/postgres", "-c", command], check=True)
        urls[store] = f"{POSTGRESQL}/{name}"
    return make_instance(folder, standard_questionnaire().as_json(), count, databases=urls)


PEER = """\
import os, sys
from django.conf import settings
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF="peer", SECRET_KEY="peer", INSTALLED_APPS=["peerapp"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["."]}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "peer.sqlite3", "CONN_MAX_AGE": None,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20,
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"}}},
)
import django
django.setup()
from django import forms
from django.db import transaction
from django.shortcuts import render
from django.urls import path
from peerapp.models import Response
class Form(forms.Form):
    _token = forms.CharField()
    _data = forms.JSONField()
def answer(request):
    form = Form(request.POST)
    assert form.is_valid()
    with transaction.atomic():
        Response.objects.get_or_create(token=form.cleaned_data["_token"], defaults={"answers": form.cleaned_data["_data"]})
    return render(request, "stored.html")
urlpatterns = [path("answer/", answer)]
if __name__ == "__main__":
    from django.core.management import call_command
    call_command("migrate", run_syncdb=True, verbosity=0)
else:
    from django.core.wsgi import get_wsgi_application
    application = get_wsgi_application()
"""


def peer(folder: Path, count: int) -> None:
    """A plain Django form on the same server program: a model with an automatic number, WAL, one commit an answer."""
    (folder / "peerapp").mkdir()
    (folder / "peerapp" / "__init__.py").touch()
    (folder / "peerapp" / "models.py").write_text(
        "from django.db import models\n\n\nclass Response(models.Model):\n"
        "    token = models.CharField(max_length=200, unique=True)\n    answers = models.JSONField()\n"
        "    at = models.DateTimeField(auto_now_add=True)\n"
    )
    (folder / "peer.py").write_text(PEER)
    (folder / "stored.html").write_text("stored" * 300)
    subprocess.run([sys.executable, "peer.py"], cwd=folder, check=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--workers", "2", "--worker-class", "gthread", "--threads", "24",
         "--keep-alive", "15", "--bind", "127.0.0.1:8765", "--log-level", "error", "peer:application"],
        cwd=folder,
    )  # fmt: skip
    try:
        time.sleep(3)
        random_ = random.Random(7)
        made = []
        for _ in range(count):
            body = urlencode(sending(secrets.token_urlsafe(96), "north", example_answers(random_))).encode()
            made.append(
                f"POST /answer/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )

        class Running:
            port = 8765

        measure("peer: plain Django form, SQLite WAL, synchronous FULL", Running(), made)  # type: ignore[arg-type]
    finally:
        process.terminate()
        process.wait()


def crashes(count: int, *, postgresql: bool = False) -> None:
    """Kills the server `count` times under load; afterwards every acknowledged answer is there exactly once."""
    random_ = random.Random(9)
    with tempfile.TemporaryDirectory(dir=os.environ.get("COMITY_BENCHMARK_DISK")) as folder:
        place = Path(folder) / "crashes"
        instance = (
            _on_postgresql(place, 70 * count)
            if postgresql
            else make_instance(place, standard_questionnaire().as_json(), 70 * count)
        )
        began, acknowledged = time.time(), []
        pool = requests(instance, 100 + 70 * count)
        for _ in range(count):
            acknowledged += crash_once(instance, pool, random_.randrange(1, 60), random_.uniform(0, 0.03))
        stored = marks_stored(instance)
        marks = [mark(each) for each in acknowledged]
        lost = [each for each in marks if stored.count(each) != 1]
        twice = len(stored) - len(set(stored))
        print(
            f"{'PostgreSQL' if postgresql else 'SQLite'}: {count} kills, {len(marks)} answers acknowledged,"
            f" {len(lost)} of them lost or doubled, {len(stored)} stored, {twice} twice; {time.time() - began:.0f} s",
            flush=True,
        )
        assert not lost
        assert not twice


def crash_once(instance: Instance, pool: list[bytes], after_answers: int, after_seconds: float) -> list[bytes]:
    """Starts the server and kills it `after_seconds` after it acknowledged `after_answers` answers.

    Returns what was acknowledged; what was not goes back to the pool and is sent again, with the same token.
    """
    server = Server(instance, instance.folder / "server.log", workers=1)
    acknowledged: list[bytes] = []

    async def run() -> None:
        batch = [pool.pop() for _ in range(min(150, len(pool)))]
        tried = list(batch)
        load = asyncio.create_task(_send_all(server.port, batch, stop_on_error=True, acknowledged=acknowledged))
        while len(acknowledged) < after_answers and not load.done():
            await asyncio.sleep(0.001)
        await asyncio.sleep(after_seconds)
        server.kill()
        await load
        seen = set(acknowledged)
        pool.extend(each for each in tried if each not in seen)

    asyncio.run(run())
    return acknowledged


def mark(request: bytes) -> str:
    """The text in a request that no other has."""
    return request.split(b"mark-")[1][:6].decode()


def marks_stored(instance: Instance) -> list[str]:
    """The marks of all stored responses, after the survey was closed."""
    script = (
        "import os, sys, json\nfrom pathlib import Path\nfrom comity.site.server import SiteSetup, prepare_site\n"
        'os.environ["COMITY_PARTS"] = "codes,answers"\nos.environ["DJANGO_SETTINGS_MODULE"] = "comity.site.settings"\n'
        "prepare_site(SiteSetup(Path(sys.argv[1]), json.loads(sys.argv[2])))\n"
        "from comity.site.surveys.responses import actions, queries\n"
        f'actions.close_survey("{SURVEY}")\n'
        f'print(json.dumps([each["answers"]["open_keep"][5:11] for each in queries.responses("{SURVEY}")]))\n'
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(instance.folder), json.dumps(instance.databases)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return list(json.loads(done.stdout))


if __name__ == "__main__":
    what, number = (*sys.argv[1:], "", "")[:2]
    if what in ("load", "all"):
        load(int(number or 4000))
    if what in ("crashes", "all"):
        crashes(int(number or 200) if what == "crashes" else 40)
        if POSTGRESQL:
            crashes(int(number or 200) if what == "crashes" else 20, postgresql=True)
