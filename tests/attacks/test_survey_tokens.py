"""One code, one token, one response: races, replays, forgeries, closed surveys and killed servers, through a real server."""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from comity.site.surveys.questionnaire.bank import standard_questionnaire
from comity.site.surveys.tokens import Token, TokenKey

ROOT = Path(__file__).parents[2]
RACES = 100


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


running = load(ROOT / "tests" / "site" / "surveys" / "running.py")
benchmark = load(ROOT / "benchmarks" / "surveys.py")


@pytest.fixture(scope="module")
def served():
    """(instance, server) of a survey with as many people invited as there are races, and some more."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    instance = running.make_instance(folder / "instance", standard_questionnaire().as_json(), RACES + 50)
    server = running.Server(instance, folder / "server.log")
    yield instance, server
    server.stop()
    shutil.rmtree(folder)


def at_once(*works):
    """What each of `works` returned, or the error it raised, all begun at the same moment."""
    barrier, results = threading.Barrier(len(works)), [None] * len(works)

    def run(at, work):
        barrier.wait()
        try:
            results[at] = work()
        except AssertionError as refusal:
            results[at] = refusal

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return results


def test_one_code_on_two_devices_at_once_buys_one_token_and_one_response_in_100_races(served):
    instance, server = served
    first, second = running.Resident(server.port), running.Resident(server.port)
    tokens, receipts = 0, set()

    for case in sorted(instance.codes)[:RACES]:
        code = instance.codes[case]
        bought = at_once(lambda: first.exchange(code), lambda: second.exchange(code))  # noqa: B023 - done within the turn
        won = [each for each in bought if isinstance(each, tuple)]
        assert len(won) == 1, bought
        tokens += len(won)
        sent = at_once(
            lambda: first.send(*won[0], {"open_keep": "of the first"}),  # noqa: B023
            lambda: second.send(*won[0], {"open_keep": "of the second"}),  # noqa: B023
        )
        assert [status for status, _ in sent] == [200, 200]
        assert sent[0] == sent[1]
        receipts.add(sent[0][1])

    assert (tokens, len(receipts)) == (RACES, RACES)
    assert len(benchmark_stored(instance)) == RACES


def benchmark_stored(instance) -> list[bytes]:
    """Contents of all used slots that begin a response, read from a copy of the file."""
    import sqlite3

    connection = sqlite3.connect(instance.folder / "responses.sqlite3")
    rows = connection.execute("SELECT content FROM survey_responses_slot WHERE is_used").fetchall()
    connection.close()
    return [content for (content,) in rows if content[6] == 1]


def test_a_lost_answer_to_the_exchange_can_be_asked_for_again_with_the_same_element_only(served):
    instance, server = served
    code = instance.codes[f"{RACES:05d}"]
    resident = running.Resident(server.port)
    client, blinded = running.ristretto.Client.blind(b"n" * 32)
    fields = {"code": code, "blinded": running.to_text(bytes(blinded.serialize()))}
    _, other = running.ristretto.Client.blind(b"n" * 32)

    answers = [resident.post("/code/token/", fields) for _ in range(3)]
    refused = resident.post("/code/token/", {**fields, "blinded": running.to_text(bytes(other.serialize()))})

    outputs = {running.finalize(client, running.json.loads(body)) for _, body in answers}
    assert [status for status, _ in answers] == [200, 200, 200]
    assert len(outputs) == 1
    assert refused[0] == 422


def test_replayed_forged_foreign_and_damaged_tokens_change_nothing(served):
    instance, server = served
    resident = running.Resident(server.port)
    token, stratum = resident.exchange(instance.codes[f"{RACES + 1:05d}"])
    assert resident.send(token, stratum, {"open_keep": "first"})[0] == 200
    before = sorted(benchmark_stored(instance))
    genuine = Token.from_text(token)
    other = "south" if stratum == "north" else "north"
    foreign = TokenKey("town", os.urandom(32)).issue_here(stratum).as_text()
    another_survey = TokenKey("other", TokenKey.read(instance.folder / "keys", "town").seed).issue_here(stratum)

    replayed = resident.send(token, stratum, {"open_keep": "replayed"})
    refused = [
        resident.send(Token(os.urandom(32), genuine.output).as_text(), stratum, {}),
        resident.send(Token(genuine.nonce, os.urandom(64)).as_text(), stratum, {}),
        resident.send(token, other, {}),
        resident.send(token, "nowhere", {}),
        resident.send(foreign, stratum, {}),
        resident.send(another_survey.as_text(), stratum, {}),
        resident.send(token[:-1], stratum, {}),
        resident.send("", "", {}),
    ]

    assert replayed[0] == 200
    assert [status for status, _ in refused] == [422] * len(refused)
    assert sorted(benchmark_stored(instance)) == before


def test_the_code_page_alone_and_the_answer_page_alone_open_only_their_own_store(served):
    instance, _ = served
    log = instance.folder.parent / "parts.log"
    codes = running.Server(instance, log, parts=("codes",), workers=1)
    answers = running.Server(instance, log, parts=("answers",), workers=1)
    try:
        token, stratum = running.Resident(codes.port).exchange(instance.codes[f"{RACES + 2:05d}"])
        sent = running.Resident(answers.port).send(token, stratum, {})
        open_files = [{Path(each).name for each in files_of(server.process.pid)} for server in (codes, answers)]
        crossed = [
            running.Resident(codes.port).post("/survey/town/", {})[0],
            running.Resident(answers.port).post("/code/token/", {})[0],
        ]
    finally:
        codes.stop()
        answers.stop()

    assert sent[0] == 200
    assert crossed == [404, 404]
    assert "responses.sqlite3" not in open_files[0]
    assert "invitations.sqlite3" not in open_files[1]
    assert "invitations.sqlite3" in open_files[0]
    assert "responses.sqlite3" in open_files[1]


def files_of(pid: int) -> list[str]:
    """Every file that a server's processes hold open."""
    found = []
    for process in [pid, *children(pid)]:
        found += [os.readlink(each) for each in Path(f"/proc/{process}/fd").iterdir() if each.exists()]
    return found


def children(pid: int) -> list[int]:
    return [
        int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()
    ]


@pytest.mark.slow
@pytest.mark.parametrize("store", ["SQLite", "PostgreSQL"])
def test_a_server_killed_under_load_loses_and_doubles_no_acknowledged_answer(store, tmp_path, monkeypatch):
    """Six kills here; `benchmarks/surveys.py crashes 200` is the full run.

    What a kill cut off is sent again with the same token, as a browser does: it is acknowledged and counts once.
    """
    random_ = random.Random(5)
    if store == "PostgreSQL":
        monkeypatch.setattr(benchmark, "POSTGRESQL", postgresql_server())
        instance = benchmark._on_postgresql(tmp_path / "instance", 1400)
    else:
        instance = running.make_instance(tmp_path / "instance", standard_questionnaire().as_json(), 1400)
    pool = benchmark.requests(instance, 1400)
    acknowledged, cut = [], []

    for _ in range(2):
        server = running.Server(instance, tmp_path / "server.log", workers=1)
        for kill in (server.kill_workers, server.kill_workers, server.kill):
            sent = benchmark.crash_once(server.port, pool, kill, random_.randrange(1, 60), random_.uniform(0.0, 0.03))
            acknowledged += sent.acknowledged
            cut += sent.cut
    server = running.Server(instance, tmp_path / "server.log", workers=1)
    try:
        last = benchmark.Generator(server.port, benchmark.RECEIPT).in_a_closed_loop(pool[-benchmark.MOST_A_KILL :], 48)
    finally:
        server.stop()

    stored = benchmark.marks_stored(instance)
    told = [benchmark.mark(each) for each in acknowledged + last.acknowledged]
    assert len(acknowledged) >= 6
    assert sorted(stored) == sorted(set(told))
    assert {benchmark.mark(each) for each in cut} <= set(told)


def postgresql_server() -> str:
    import psycopg

    url = os.environ.get("COMITY_BENCHMARK_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432")
    try:
        psycopg.connect(f"{url}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL answers; name one in COMITY_BENCHMARK_POSTGRESQL")
    return url
