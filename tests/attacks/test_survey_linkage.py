"""Nobody is traced: with both databases, every file and log, before and after, matching codes with answers is guessing.

500 residents answer one after the other, the order that helps the attacker most, through a real server that is then
killed. Chance: a rank correlation of 500 pairs lies within 0.25 of zero but once in 10 million times, and random matching is
right once on average, more than 9 times once in 9 million. The attacker may try all its signals, some dozens of pairs.
"""

from __future__ import annotations

import http.client
import importlib.util
import random
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlencode

import pytest

from comity.site.surveys.questionnaire.bank import standard_questionnaire

HERE = Path(__file__).parent
PEOPLE = 500
CHANCE_CORRELATION, CHANCE_MATCHES = 0.25, 9
AGENT, COOKIE = "Resident-Browser-7731", "left-over=cookie-5519"

pytestmark = pytest.mark.slow


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


linkage = load(HERE / "linkage.py")
careless = load(HERE / "careless_survey.py")
running = load(HERE.parent / "site" / "surveys" / "running.py")


def marker(case: str) -> str:
    """What this resident alone writes; the attacker's prize is to learn whose it is."""
    return f"marker-{random.Random(case).getrandbits(64):016x}"


def order_of_answering(cases) -> list[str]:
    order = sorted(cases)
    random.Random(20261122).shuffle(order)
    return order


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """(folder of all files after the attack's moment, folder before, codes, tokens) of a survey that 500 people answered."""
    # In memory where there is such a place: the attack is on what is written, not on how fast a disk takes it.
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else tmp_path_factory.getbasetemp()))
    instance = running.make_instance(folder / "instance", standard_questionnaire().as_json(), PEOPLE)
    shutil.copytree(instance.folder, folder / "before")
    server = running.Server(instance, instance.folder / "server.log", workers=1)
    tokens = []
    try:
        resident = running.Resident(server.port)
        resident.headers = {"User-Agent": AGENT, "Cookie": COOKIE, "X-Forwarded-For": "198.51.100.77"}
        for case in order_of_answering(instance.codes):
            token, stratum = resident.exchange(instance.codes[case])
            status, receipt = resident.send(token, stratum, {"open_change": marker(case)})
            assert (status, len(receipt)) == (200, 32), receipt
            tokens.append((token, receipt))
        resident.post("/survey/town/", {"_go": "send", "_token": "broken", "_data": '{"open_change":"x"}'})
    finally:
        server.kill()
    yield instance.folder, folder / "before", instance.codes, tokens
    shutil.rmtree(folder)


def test_the_attack_on_the_survey_is_no_better_than_guessing(answered):
    folder, _, codes, _ = answered
    truth = {case: marker(case) for case in codes}

    invitations = linkage.signals(folder, list(truth))
    responses = linkage.signals(folder, list(truth.values()))
    correlation, right, how = linkage.best_link(invitations, responses, truth)

    assert len(invitations) > 3
    assert len(responses) > 3
    assert (correlation < CHANCE_CORRELATION, right <= CHANCE_MATCHES) == (True, True), (correlation, right, how)


def test_no_file_tells_in_which_order_anything_happened(answered):
    """Stronger than no link: neither store alone tells the order, so somebody who saw one person answer learns nothing."""
    folder, _, codes, _ = answered
    order = {case: float(at) for at, case in enumerate(order_of_answering(codes))}
    truth = {case: marker(case) for case in codes}

    by_code = linkage.best_link(linkage.signals(folder, list(truth)), {"time": order}, {case: case for case in codes})
    by_answer = linkage.best_link({"time": order}, linkage.signals(folder, list(truth.values())), truth)

    assert by_code[0] < CHANCE_CORRELATION, by_code
    assert by_answer[0] < CHANCE_CORRELATION, by_answer


def test_the_same_attack_matches_everybody_of_a_careless_survey(answered, tmp_path):
    _, _, codes, _ = answered
    truth = {case: marker(case) for case in codes}
    server = careless.careless_server(tmp_path, codes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1])
    for case in order_of_answering(codes):
        for path, fields in (("/use", {"code": codes[case]}), ("/answer", {"open_change": marker(case)})):
            connection.request("POST", path, urlencode(fields))
            connection.getresponse().read()
    connection.close()
    server.shutdown()
    server.server_close()

    correlation, right, _ = linkage.best_link(
        linkage.signals(tmp_path, list(truth)), linkage.signals(tmp_path, list(truth.values())), truth
    )

    assert correlation > 0.999
    assert right == PEOPLE


def test_no_file_holds_a_code_a_token_an_address_a_browser_or_a_time(answered):
    folder, before, codes, tokens = answered
    secrets = [
        *(code.encode() for code in codes.values()),
        *(token[:40].encode() for token, _ in tokens),
        *(running.Token.from_text(token).nonce for token, _ in tokens),
        *(running.Token.from_text(token).output for token, _ in tokens),
        AGENT.encode(), COOKIE.encode(), b"198.51.100.77", b"127.0.0.1",
    ]  # fmt: skip
    files = {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}

    leaks = [(name, secret[:20]) for name, data in files.items() for secret in secrets if secret in data]
    copies = [case for case in codes if sum(data.count(marker(case).encode()) for data in files.values()) != 1]

    assert leaks == []
    assert copies == []
    assert set(files) - {str(each.relative_to(before)) for each in before.rglob("*") if each.is_file()} <= {
        "server.log", "responses.sqlite3.turn", "responses.sqlite3-journal", "invitations.sqlite3-journal",
    }  # fmt: skip
    assert len(files["server.log"]) < 2000
