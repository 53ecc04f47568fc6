"""Load on the survey server, crashes under load, and a plain Django form as the peer.

    PYTHONPATH=src python benchmarks/surveys.py load            # SQLite, the peer, and PostgreSQL where COMITY_BENCHMARK_POSTGRESQL names a server
    PYTHONPATH=src python benchmarks/surveys.py busy            # the same while an export, imports and a weighting run proceed
    PYTHONPATH=src python benchmarks/surveys.py pages           # pages of an unfinished questionnaire
    PYTHONPATH=src python benchmarks/surveys.py crashes 200     # kill -9 at random moments under load
    PYTHONPATH=src python benchmarks/surveys.py all             # load, busy, pages and a fifth of the crashes, in under four minutes

Stores lie in the system's temporary folder, or in the one that COMITY_BENCHMARK_DISK names. The load generator shares the machine's cores with the server. Every request is a whole HTTP POST of a
finished questionnaire with a genuine, unspent token and a browser's headers; "answer" means that the page with the receipt came back, which
it does after the durable commit.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / "site" / "surveys"), str(ROOT / "benchmarks")]

from load_generator import Generator, Sent  # noqa: E402
from running import SURVEY, Instance, Server, make_instance, sending  # noqa: E402
from survey_busy import others_work, with_closed_survey  # noqa: E402
from survey_peer import plain_django_form  # noqa: E402

from comity.site.surveys.questionnaire.bank import standard_questionnaire  # noqa: E402
from comity.site.surveys.tokens import TokenKey  # noqa: E402

CONNECTIONS = 48
MOST_A_KILL = 220  # answers sent between two kills; more than are acknowledged before one
KILLS_A_SERVER = 10  # nine of the process that answers, which the server starts anew, and one of the whole server
RECEIPT = b'class="receipt"'
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
        made.append(whole_request(path, body))
    return made


def whole_request(path: str, body: bytes) -> bytes:
    """A POST of a form with the headers that a browser sends."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101\r\n"
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: es,en;q=0.5\r\n"
        "Accept-Encoding: gzip, deflate, br\r\nOrigin: http://127.0.0.1\r\nConnection: keep-alive\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def measure(what: str, server: Server, made: list[bytes], *, per_second: float = 0, expected: bytes = RECEIPT) -> Sent:
    """Sends a tenth to warm up, then the rest, and prints answers a second, latencies and processor time."""
    warm = len(made) // 10
    Generator(server.port, expected).in_a_closed_loop(made[:warm], CONNECTIONS)
    generator, before = Generator(server.port, expected), processor_seconds(server.process.pid)
    own = time.process_time()
    if per_second:
        sent, how = generator.at_a_rate(made[warm:], per_second, seed=3), f"{per_second:.0f} a second at random"
    else:
        sent, how = generator.in_a_closed_loop(made[warm:], CONNECTIONS), f"{CONNECTIONS} connections"
    assert not sent.refused
    assert len(sent.acknowledged) == len(made) - warm
    spent = [
        (after - then) / len(made[warm:]) * 1e3
        for then, after in zip(before, processor_seconds(server.process.pid), strict=True)
    ]
    print(
        f"{what}, {how}: {len(sent.latencies) / sent.seconds:.0f}/s, p50 {sent.percentile(0.5):.0f} ms, p95"
        f" {sent.percentile(0.95):.0f} ms, p99 {sent.percentile(0.99):.0f} ms, slowest {max(sent.latencies) * 1000:.0f} ms; processor time of one"
        f" {spent[0]:.2f} ms, PostgreSQL {spent[1]:.2f} ms, generator {(time.process_time() - own) / len(made[warm:]) * 1e3:.2f} ms"
        f" ({len(sent.latencies)} sent, load {os.getloadavg()[0]:.1f})",
        flush=True,
    )
    return sent


def processor_seconds(parent: int) -> tuple[float, float]:
    """Processor time used until now by `parent` with its living children, and by all processes called postgres."""
    server = database = 0.0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, rest = (folder / "stat").read_text().rsplit(")", 1)
        except OSError:
            continue  # it has ended
        fields = rest.split()
        seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        if int(folder.name) == parent or int(fields[1]) == parent:
            server += seconds
        elif name.endswith("(postgres"):
            database += seconds
    return server, database


def load(count: int) -> None:
    """Closed loop, then at the rate that is the goal."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("COMITY_BENCHMARK_DISK")) as folder:
        for what, instance, goal in _instances(Path(folder), 2 * count):
            made = requests(instance, 2 * count)
            with _served(instance) as server:
                measure(what, server, made[:count])
                measure(what, server, made[count:], per_second=goal)
    peer(count)


def _instances(folder: Path, count: int) -> Iterator[tuple[str, Instance, float]]:
    """(name, instance, goal in answers a second) of each database at hand."""
    questionnaire = standard_questionnaire().as_json()
    yield "SQLite (rollback journal, synchronous EXTRA)", make_instance(folder / "sqlite", questionnaire, count), 600
    if POSTGRESQL:
        yield "PostgreSQL (synchronous_commit on)", _on_postgresql(folder / "postgresql", count), 1000


@contextlib.contextmanager
def _served(instance: Instance, workers: int = 2) -> Iterator[Server]:
    server = Server(instance, instance.folder / "server.log", workers=workers)
    try:
        yield server
    finally:
        server.stop()


def _on_postgresql(folder: Path, count: int) -> Instance:
    """Stores in databases of this process's own, which are dropped when it ends."""
    urls = {}
    for store in ("default", "invitations", "responses"):
        name = f"comity_benchmark_{os.getpid()}_{store}"
        for command in (f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}"):
            _psql(POSTGRESQL, command)
        atexit.register(_psql, POSTGRESQL, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        urls[store] = f"{POSTGRESQL}/{name}"
    return make_instance(folder, standard_questionnaire().as_json(), count, databases=urls)


def _psql(server: str, command: str) -> None:
    quiet = {**os.environ, "PGOPTIONS": "-c client_min_messages=warning"}
    subprocess.run(["psql", "-q", f"{server}/postgres", "-c", command], check=True, env=quiet)


def peer(count: int) -> None:
    """A plain Django form, on the same disk."""
    random_ = random.Random(7)
    made = []
    for _ in range(count):
        fields = sending(secrets.token_urlsafe(96), "north", example_answers(random_))
        made.append(whole_request("/answer/", urlencode(fields).encode()))
    with (
        tempfile.TemporaryDirectory(dir=os.environ.get("COMITY_BENCHMARK_DISK")) as folder,
        plain_django_form(Path(folder)) as server,
    ):
        measure("peer: plain Django form, SQLite WAL, synchronous FULL", server, made, expected=b"stored")


def busy(count: int) -> None:
    """Load while a closed survey is exported from the same server, records and a questionnaire are imported, and a sample is weighted."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("COMITY_BENCHMARK_DISK")) as folder:
        for what, instance, _ in _instances(Path(folder), 2 * count):
            password = with_closed_survey(instance, example_answers(random.Random(1)))
            made = requests(instance, 2 * count)
            with _served(instance) as server, others_work(server, password, Path(folder)) as done:
                measure(f"{what}, busy", server, made[:count])
                measure(f"{what}, busy", server, made[count:], per_second=100)
            print(
                f"  meanwhile, again and again: {', '.join(f'{name} {len(times)}x' for name, times in done.items())}",
                flush=True,
            )
            assert all(len(times) > 1 for times in done.values())


def pages(count: int) -> None:
    """Pages before the last one, of which somebody sees a dozen; the site renders them one by one."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("COMITY_BENCHMARK_DISK")) as folder:
        instance = make_instance(Path(folder) / "pages", standard_questionnaire().as_json(), 200)
        first = standard_questionnaire().groups[1].name
        body = urlencode(
            {**sending("token", "north", example_answers(random.Random(7))), "_go": "show", "_page": first}
        )
        made = [whole_request(f"/survey/{SURVEY}/", body.encode())] * count
        with _served(instance) as server:
            measure("pages of a questionnaire", server, made, expected=b"")


def crashes(count: int, *, postgresql: bool = False) -> None:
    """Kills the server `count` times under load (nine times in ten only the process that answers); afterwards every acknowledged
    answer is there exactly once, and nothing else.

    What was under way at a kill is sent again with the same token, as a browser does, and is acknowledged then.
    """
    random_ = random.Random(9)
    with tempfile.TemporaryDirectory(dir=os.environ.get("COMITY_BENCHMARK_DISK")) as folder:
        place, most = Path(folder) / "crashes", MOST_A_KILL * (count + 1)
        questionnaire = standard_questionnaire().as_json()
        instance = _on_postgresql(place, most) if postgresql else make_instance(place, questionnaire, most)
        pool, began = requests(instance, most), time.time()
        acknowledged: list[bytes] = []
        cut: list[bytes] = []
        for at in range(count):
            if at % KILLS_A_SERVER == 0:
                server = Server(instance, instance.folder / "server.log", workers=1)
            is_last = at % KILLS_A_SERVER == KILLS_A_SERVER - 1 or at == count - 1
            kill = server.kill if is_last else server.kill_workers
            sent = crash_once(server.port, pool, kill, random_.randrange(1, 100), random_.uniform(0, 0.03))
            acknowledged += sent.acknowledged
            cut += sent.cut
        with _served(instance, workers=1) as server:
            last = Generator(server.port, RECEIPT).in_a_closed_loop(pool[-MOST_A_KILL:], CONNECTIONS)
        stored, marks = marks_stored(instance), [mark(each) for each in acknowledged + last.acknowledged]
        lost, twice, unknown = set(marks) - set(stored), len(stored) - len(set(stored)), set(stored) - set(marks)
        never = {mark(each) for each in cut} - set(marks)
        print(
            f"{'PostgreSQL' if postgresql else 'SQLite'}: {count} kills, {len(acknowledged)} answers acknowledged before one, {len(lost)} lost,"
            f" {twice} stored twice; {len(cut)} cut off by a kill and sent again, {len(never)} not acknowledged then,"
            f" {len(unknown)} stored that nobody was told of; {time.time() - began:.0f} s",
            flush=True,
        )
        assert not lost | unknown | never
        assert not twice


def crash_once(
    port: int, pool: list[bytes], kill: Callable[[], None], after_answers: int, after_seconds: float
) -> Sent:
    """Kills a server `after_seconds` after it acknowledged `after_answers` answers.

    What was not acknowledged goes back to the end of the pool, from where the next call takes it first.
    """
    batch = [pool.pop() for _ in range(min(MOST_A_KILL, len(pool)))]
    generator, killer = Generator(port, RECEIPT), threading.Timer(after_seconds, kill)

    def watch() -> None:
        if len(generator.sent.acknowledged) == after_answers:
            killer.start()

    generator.after_each = watch
    sent = generator.in_a_closed_loop(batch, CONNECTIONS)
    killer.join()
    acknowledged = set(sent.acknowledged)
    pool.extend(each for each in batch if each not in acknowledged)
    return sent


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
        load(int(number or 8000))
    if what in ("busy", "all"):
        busy(int(number or 3000))
    if what in ("pages", "all"):
        pages(int(number or 2000))
    if what in ("crashes", "all"):
        crashes(int(number or 200) if what == "crashes" else 40)
        if POSTGRESQL:
            crashes(int(number or 200) if what == "crashes" else 40, postgresql=True)
