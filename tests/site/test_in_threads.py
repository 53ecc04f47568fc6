"""ASGI around WSGI: what a request becomes, and that large bodies pass through both ways."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from comity.site.in_threads import InThreads

SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "path": "/café/",
    "query_string": b"a=1&b=%20",
    "scheme": "https",
    "server": ("127.0.0.1", 8000),
    "headers": [],
}


def ask(application, headers=(), body=(b"",), *, scope=None, gone=False):
    """(status, headers, parts) that `application` sends for a body that comes in the parts of `body`."""
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in body]
    waiting[-1]["more_body"] = False
    sent = []

    async def receive():
        await asyncio.sleep(0)
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message):
        if gone and message["type"] == "http.response.body":
            raise ConnectionResetError
        sent.append(message)

    visit = InThreads(application, threads=2)({**SCOPE, "headers": list(headers), **(scope or {})}, receive, send)
    with ThreadPoolExecutor(1) as alone:  # the browser of other tests leaves an event loop in this thread
        alone.submit(asyncio.run, visit).result()
    assert [message["more_body"] for message in sent[1:-1]] == [True] * (len(sent) - 2)
    assert not sent[-1].get("more_body")
    return sent[0]["status"], sent[0]["headers"], [message["body"] for message in sent[1:]]


def test_the_environment_is_that_of_wsgi():
    seen = {}

    def application(environ, start):
        seen.update(environ)
        start("204 No Content", [("X-Name", "é")])
        return []

    headers = [
        (b"host", b"town.example"), (b"content-type", b"text/plain"), (b"content-length", b"0"), (b"cookie", b"a=1"),
        (b"cookie", b"b=2"), (b"accept", b"x"), (b"accept", b"y"), (b"x_forwarded_proto", b"http"),
    ]  # fmt: skip
    answer = ask(application, headers, scope={"environ": {"comity.inside": 1}})

    assert answer == (204, [(b"x-name", "é".encode("latin-1"))], [b""])
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/café/"
    assert {name: seen[name] for name in seen if name.startswith(("HTTP_", "CONTENT_", "comity"))} == {
        "HTTP_HOST": "town.example",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "0",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_ACCEPT": "x,y",
        "comity.inside": 1,
    }
    assert (seen["REQUEST_METHOD"], seen["QUERY_STRING"], seen["wsgi.url_scheme"]) == ("POST", "a=1&b=%20", "https")


def test_a_body_larger_than_what_is_awaited_is_read_whole():
    parts = [bytes([at]) * 300_000 for at in range(10)]

    def application(environ, start):
        start("200 OK", [])
        first = environ["wsgi.input"].read(10)
        return [first, hashlib.sha256(environ["wsgi.input"].read()).hexdigest().encode()]

    _, _, answer = ask(application, body=parts)

    whole = b"".join(parts)
    assert answer == [whole[:10] + hashlib.sha256(whole[10:]).hexdigest().encode()]


class Parts:
    """A response that knows whether it was closed."""

    def __init__(self, count: int, size: int) -> None:
        self.left, self.size, self.closed = count, size, threading.Event()

    def __iter__(self):
        return self

    def __next__(self) -> bytes:
        if not self.left:
            raise StopIteration
        self.left -= 1
        return b"x" * self.size

    def close(self) -> None:
        self.closed.set()


@pytest.mark.parametrize(("count", "size"), [(0, 1), (3, 10), (1, 65_536), (40, 50_000)])
def test_an_answer_comes_whole_and_is_closed(count, size):
    parts = Parts(count, size)

    def application(environ, start):
        start("200 OK", [])
        return parts

    _, _, answer = ask(application)

    assert len(b"".join(answer)) == count * size
    assert parts.closed.wait(10)


def test_an_answer_that_nobody_waits_for_is_closed():
    parts = Parts(100, 50_000)

    def application(environ, start):
        start("200 OK", [])
        return parts

    with pytest.raises(ConnectionResetError):
        ask(application, gone=True)

    assert parts.left > 90
    assert parts.closed.wait(10)


def test_what_an_application_raises_is_raised():
    def application(environ, start):
        raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        ask(application)


def test_a_websocket_is_not_served():
    with pytest.raises(ValueError, match="websocket is not served"):
        ask(None, scope={"type": "websocket"})
