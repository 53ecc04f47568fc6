"""The answer desk says and stores what the view does, and leaves to the view whatever is not a finished answer."""

from __future__ import annotations

import asyncio
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

FORM = "application/x-www-form-urlencoded"
RECEIPT = re.compile(rb"<code>([0-9A-F]{4}(?: [0-9A-F]{4}){7})</code>")
MOMENT = ("expires", "date")  # headers that say when a page was made


class Site:
    """The site as it is served, and how many POSTs went past the desk."""

    def __init__(self) -> None:
        from comity.site.in_threads import InThreads
        from comity.site.surveys.responses.desk import Desk
        from comity.site.wsgi import build_application

        self.threads = InThreads(build_application(), threads=2)
        self.desk = Desk(self.pass_on)
        self.passed = 0

    async def pass_on(self, scope, receive, send):
        self.passed += scope["method"] == "POST"
        await self.threads(scope, receive, send)

    def post(self, fields, *, path="/survey/town/", host="testserver", kind=FORM, at_desk=True, query=b"", times=1):
        """[(status, headers, body)] of `times` visitors who send the same at once."""
        body = urlencode(fields).encode()
        headers = [
            (b"host", host.encode()), (b"content-type", kind.encode()), (b"content-length", str(len(body)).encode()),
        ]  # fmt: skip
        scope = {
            "type": "http", "http_version": "1.1", "method": "POST", "path": path, "query_string": query,
            "scheme": "http", "server": ("127.0.0.1", 80), "headers": headers,
        }  # fmt: skip

        async def visit():
            waiting, sent = [body[:50], body[50:]], []

            async def receive():
                return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

            async def send(message):
                sent.append(message)

            await (self.desk if at_desk else self.pass_on)(scope, receive, send)
            said = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
            return sent[0]["status"], said, b"".join(message.get("body", b"") for message in sent)

        async def visits():
            return await asyncio.gather(*(visit() for _ in range(times)))

        with ThreadPoolExecutor(1) as alone:  # the browser of other tests leaves an event loop in this thread
            return alone.submit(asyncio.run, visits()).result()


@pytest.fixture
def served(fielded):
    return Site()


@pytest.fixture
def finished(fielded):
    """The fields of a finished questionnaire, with a new token unless one is given."""
    from comity.site.surveys.tokens import TokenKey

    def make(token=None, answers=None, **more):
        token = token or TokenKey.read(fielded.keys, "town").issue_here("north").as_text()
        data = {"open_keep": "The library", **(answers or {})}
        return {
            "_go": "send", "_token": token, "_stratum": "north", "_seed": os.urandom(16).hex(), "_page": "",
            "_data": json.dumps(data), **more,
        }  # fmt: skip

    return make


def same(answer):
    """An answer without receipt and moment."""
    status, headers, body = answer
    return status, {k: v for k, v in headers.items() if k not in MOMENT}, RECEIPT.sub(b"", body)


@pytest.mark.parametrize(
    ("path", "query", "thanks"),
    [
        ("/survey/town/", b"", b"arrived"),
        ("/es/survey/town/", b"", b"Sus respuestas"),
        ("/survey/town/", b"in=es", b""),
    ],
    ids=["English", "Spanish", "asked for"],
)
def test_the_desk_answers_as_the_view_does(served, finished, path, query, thanks):
    from comity.site.surveys.responses import actions, queries

    fields, seed = finished(_seed="ab" * 16), {"_seed": "ab" * 16}
    at_desk = [served.post(fields, path=path, query=query)[0] for _ in range(2)]
    assert served.passed == 0
    by_view = served.post(fields, path=path, query=query, at_desk=False)[0]
    other = served.post(finished(**seed), path=path, query=query, at_desk=False)[0]
    actions.close_survey("town")

    assert at_desk[0] == at_desk[1]
    assert same(at_desk[0]) == same(by_view)
    assert RECEIPT.findall(at_desk[0][2]) == RECEIPT.findall(by_view[2]) != RECEIPT.findall(other[2])
    assert int(at_desk[0][1]["content-length"]) == len(at_desk[0][2])
    assert thanks in at_desk[0][2]
    stored = queries.responses("town")
    assert len(stored) == 2
    assert stored[0] == stored[1]
    assert stored[0] == {
        "day": "2018-05-15",
        "mode": "web",
        "language": "es" if b"in" in query or "es" in path.split("/") else "en",
        "stratum": "north",
        "answers": {**stored[0]["answers"], "open_keep": "The library"},
    }


def test_the_same_answer_sent_many_times_at_once_is_one_response(served, finished):
    from comity.site.surveys.responses import actions, queries

    answers = served.post(finished(), times=30)
    actions.close_survey("town")

    assert {status for status, _, _ in answers} == {200}
    assert len({RECEIPT.findall(body)[0] for _, _, body in answers}) == 1
    assert len(queries.responses("town")) == 1
    assert served.passed == 0


def test_what_is_not_a_finished_answer_is_the_view_s(served, finished):
    token = finished()["_token"]
    forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    cases = [
        ("another page", finished(_go="next"), 200),
        ("a wrong answer", finished(answers={"safe_day": "no such choice"}), 422),
        ("a forged token", finished(forged), 422),
        ("another stratum", finished(_stratum="south"), 422),
        ("no seed", finished(_seed="short"), 200),
        ("a text too long", finished(answers={"open_keep": "x" * 6000}), 422),
    ]

    for name, fields, status in cases:
        passed = served.passed
        assert same(served.post(fields)[0])[0] == status, name
        assert served.passed == passed + 1, name


def test_other_hosts_kinds_and_addresses_are_refused_by_the_site(served, finished):
    from comity.site.surveys.responses.models import SpentToken

    statuses = [
        served.post(finished(), host="elsewhere.example")[0][0],
        served.post(finished(), path="/survey/nowhere/")[0][0],
        served.post(finished(), path="/en/survey/town/")[0][0],
        served.post(finished(), path="/office/interview/town/")[0][0],
        served.post({**finished(), **{f"f{at}": "" for at in range(1500)}})[0][0],
    ]

    assert statuses == [400, 404, 404, 403, 400]
    assert SpentToken.objects.count() == 0


def test_after_the_close_a_new_answer_is_refused_and_an_old_one_acknowledged(served, finished):
    from comity.site.surveys.responses import actions

    before = finished()
    served.post(before)
    actions.close_survey("town")
    again, late = served.post(before)[0], served.post(finished())[0]

    assert (again[0], len(RECEIPT.findall(again[2]))) == (200, 1)
    assert (late[0], RECEIPT.findall(late[2])) == (422, [])
    assert b"This survey has ended" in late[2]


def test_an_open_link_is_answered_at_the_desk(served, fielded, finished):
    from comity.site.surveys.responses import actions, queries

    actions.field_survey("open", fielded.questionnaire.as_json(), strata=None)
    fields = finished()
    answers = [served.post(each, path="/survey/open/")[0] for each in (fields, fields, finished())]
    actions.close_survey("open")

    assert [status for status, _, _ in answers] == [200, 200, 200]
    assert b"stand for nobody else" in answers[0][2]
    assert len(queries.responses("open")) == 2
    assert served.passed == 0


def test_a_store_that_fails_is_said_and_nothing_is_acknowledged(served, finished, monkeypatch):
    from django.db import DatabaseError

    from comity.site.surveys.responses import writer

    def fail(batch, queue):
        raise DatabaseError("the answer was: secret")

    served.post(finished())
    monkeypatch.setattr(writer, "_commit", fail)
    status, _, body = served.post(finished())[0]

    assert status == 503
    assert b"send them again" in body
    assert b"secret" not in body


def test_nobody_gets_the_last_page_by_asking_for_it(served, fielded):
    from django.test import Client

    for name in ("comity.thanks", "comity_thanks", "comity-thanks"):
        page = Client().get("/survey/town/", headers={name: "1"}).content.decode()

        assert "arrived" not in page
