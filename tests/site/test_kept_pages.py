"""Rendered answers are kept until the state or the day changes, and are the same bytes as fresh ones."""

from __future__ import annotations

import gzip
import io

import brotli
import pytest

from comity.site.kept_pages import LARGEST_KEPT, KeptPages

PAGE = b"<p>counted and sealed</p>" * 100


class Application:
    """Counts how often it is asked; answers with its body."""

    def __init__(self, body: bytes = PAGE, status: str = "200 OK", headers: tuple = (("Content-Type", "text/html"),)):
        self.body, self.status, self.headers, self.asked = body, status, list(headers), 0

    def __call__(self, environ, start_response):
        self.asked += 1
        start_response(self.status, self.headers)
        return [self.body]


class Visitor:
    def __init__(self, application, state=None):
        self.state = ["one"] if state is None else state
        self.kept = KeptPages(application, stamp=lambda: self.state[0])

    def get(self, path="/", query="", method="GET", **headers):
        answer = {}

        def start(status, given, exc_info=None):
            answer.update(status=status, headers=dict(given))

        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "wsgi.url_scheme": "http",
            "HTTP_HOST": "localhost", **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }  # fmt: skip
        answer["body"] = b"".join(self.kept(environ, start))
        return answer


def test_a_page_is_made_once_for_each_address_and_again_after_a_new_state():
    application = Application()
    visitor = Visitor(application)

    for path, query in [("/", ""), ("/", ""), ("/", "a=1"), ("/es/", ""), ("/", "")]:
        assert visitor.get(path, query)["body"] == PAGE
    assert application.asked == 3
    visitor.state[0] = "two"
    application.body = b"new"
    assert visitor.get("/")["body"] == b"new"
    assert application.asked == 4


def test_nothing_is_kept_without_a_state():
    application = Application()
    visitor = Visitor(application, state=[None])

    visitor.get(), visitor.get()

    assert application.asked == 2


@pytest.mark.parametrize(
    ("accepted", "encoding", "read"),
    [
        ("br, gzip", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("br;q=0, gzip;q=0.5", "gzip", gzip.decompress),
        ("identity", None, bytes),
        ("", None, bytes),
    ],
)
def test_each_encoding_gives_the_same_bytes(accepted, encoding, read):
    visitor = Visitor(Application())

    answers = [visitor.get(accept_encoding=accepted) for _ in range(2)]

    assert answers[0] == answers[1]
    assert read(answers[0]["body"]) == PAGE
    assert answers[0]["headers"].get("Content-Encoding") == encoding
    assert answers[0]["headers"]["Vary"] == "Accept-Encoding"
    assert int(answers[0]["headers"]["Content-Length"]) == len(answers[0]["body"])


def test_a_page_that_did_not_change_is_not_sent_again():
    visitor = Visitor(Application())
    etag = visitor.get(accept_encoding="br")["headers"]["ETag"]

    again = visitor.get(accept_encoding="br", if_none_match=etag)
    other = visitor.get(accept_encoding="gzip", if_none_match=etag)

    assert (again["status"], again["body"]) == ("304 Not Modified", b"")
    assert other["status"] == "200 OK"


def test_head_has_the_headers_of_get_and_no_body():
    visitor = Visitor(Application())

    head, get = visitor.get(method="HEAD"), visitor.get()

    assert head["body"] == b""
    assert head["headers"] == get["headers"]


@pytest.mark.parametrize("status", ["404 Not Found", "302 Found", "500 Internal Server Error"])
def test_only_good_answers_are_kept(status):
    application = Application(status=status)
    visitor = Visitor(application)

    assert [visitor.get()["status"] for _ in range(2)] == [status] * 2
    assert application.asked == 2


def test_posts_and_ranges_pass_untouched():
    application = Application()
    visitor = Visitor(application)

    visitor.get(), visitor.get(method="POST"), visitor.get(range="bytes=0-1")

    assert application.asked == 3


def test_a_large_file_is_handed_on_and_not_kept():
    body = bytes(LARGEST_KEPT + 1)
    application = Application(body, headers=(("Content-Type", "text/csv"), ("Content-Length", str(len(body)))))
    visitor = Visitor(application)

    assert visitor.get(accept_encoding="br")["body"] == body
    assert visitor.get(accept_encoding="br", method="HEAD")["body"] == b""
    assert application.asked == 2


def test_an_answer_made_while_the_state_changed_is_not_kept():
    state = ["one"]

    class Slow(Application):
        def __call__(self, environ, start_response):
            answer = super().__call__(environ, start_response)
            if self.asked == 1:
                state[0] = "two"
                visitor.get("/other")
            return answer

    application = Slow()
    visitor = Visitor(application, state)

    visitor.get("/"), visitor.get("/")

    assert application.asked == 3


def test_memory_stays_within_its_bound(monkeypatch):
    from comity.site import kept_pages

    monkeypatch.setattr(kept_pages, "MOST_KEPT", 20_000)
    visitor = Visitor(Application())

    for number in range(50):
        visitor.get(query=f"n={number}")

    assert visitor.kept._size <= 20_000
    assert len(visitor.kept._kept) == 20_000 // (len(PAGE) + 2000)


def test_the_site_shows_a_new_state_at_once(django, write_public_folder, tmp_path):
    import json
    import os
    import shutil

    from django.test import override_settings

    from comity.site.wsgi import build_application

    public = write_public_folder(tmp_path)
    shutil.copytree(tmp_path / ".states" / "000001", tmp_path / ".states" / "000002")
    path = tmp_path / ".states" / "000002" / "agency.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "name": "Another Department"}))

    with override_settings(PUBLIC=public):
        visitor = Visitor(None)
        visitor.kept = build_application()
        environ = {"SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.input": io.BytesIO()}
        before, static = _page(visitor.kept, environ, "/"), _page(visitor.kept, environ, _built(django))
        (tmp_path / "next").symlink_to(".states/000002")
        os.replace(tmp_path / "next", public)
        after = _page(visitor.kept, environ, "/")

    assert b"Minneapolis Police Department" in before[1]
    assert b"Another Department" in after[1]
    assert "immutable" in static[0]["Cache-Control"]


def _built(django) -> str:
    return "/static/" + next(path.name for path in django.BUILT.iterdir() if path.suffix == ".css")


def _page(application, environ, path):
    headers = {}
    asked = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "wsgi.url_scheme": "http"}
    body = application(
        {**environ, **asked, "HTTP_HOST": "localhost"}, lambda status, given, exc_info=None: headers.update(given)
    )
    return headers, b"".join(body)
