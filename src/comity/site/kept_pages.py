"""WSGI: rendered answers are kept, compressed, until the public folder or the day changes.

Pages are a function of the public folder's state, the address and the day, so an answer can be kept by exactly these
and is never stale. Nothing about a visitor is in the key or in the answer (there are no cookies).
"""

from __future__ import annotations

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

import brotli

Headers = list[tuple[str, str]]

LARGEST_KEPT = 4_000_000
MOST_KEPT = 128_000_000
COMPRESSIBLE = ("text/", "image/svg+xml", "application/json", "application/geo+json", "application/atom+xml")
SMALLEST_COMPRESSED = 600


class KeptPages:
    """Wraps a WSGI `application`.

    stamp: called for each request; what answers depend on beside their address, or None where nothing may be kept.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]], *, stamp: Callable[[], object]) -> None:
        self._application = application
        self._stamp = stamp
        self._current: object = None
        self._kept: OrderedDict[tuple[str, ...], tuple[str, Headers, bytes]] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        stamp = self._stamp() if method in ("GET", "HEAD") and "HTTP_RANGE" not in environ else None
        if stamp is None:
            return self._application(environ, start_response)
        encoding = _encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        key = (
            environ["wsgi.url_scheme"],
            environ.get("HTTP_X_FORWARDED_PROTO", ""),
            environ.get("HTTP_HOST", ""),
            environ.get("PATH_INFO", ""),
            environ.get("QUERY_STRING", ""),
            encoding,
        )
        if stamp != self._current:
            with self._lock:
                self._kept.clear()
                self._size, self._current = 0, stamp
        answer = self._kept.get(key)
        if answer is None:
            made = self._make(environ, encoding)
            if not isinstance(made, tuple):
                return made.begin(start_response)
            answer = made
            if answer[0].startswith("200 "):
                self._keep(key, answer, stamp)
        return _send(answer, environ, start_response)

    def _make(self, environ: dict[str, Any], encoding: str) -> tuple[str, Headers, bytes] | _Passing:
        started: list[tuple[str, Headers]] = []

        def start(status: str, headers: Headers, exc_info: object = None) -> Callable[[bytes], None]:
            started[:] = [(status, headers)]
            return lambda content: None

        asked = {name: value for name, value in environ.items() if name != "HTTP_IF_NONE_MATCH"}
        body = self._application({**asked, "REQUEST_METHOD": "GET"}, start)
        status, headers = started[0]
        named = {name.lower(): value for name, value in headers}
        if int(named.get("content-length", 0)) > LARGEST_KEPT:
            return _Passing(status, headers, body, is_head=environ["REQUEST_METHOD"] == "HEAD")
        try:
            content = b"".join(body)
        finally:
            getattr(body, "close", lambda: None)()
        return _finished(status, headers, content, encoding)

    def _keep(self, key: tuple[str, ...], answer: tuple[str, Headers, bytes], stamp: object) -> None:
        with self._lock:
            if stamp != self._current:
                return  # made from a state that has gone meanwhile
            self._kept[key] = answer
            self._size += len(answer[2]) + 2000
            while self._size > MOST_KEPT:
                _, (_, _, content) = self._kept.popitem(last=False)
                self._size -= len(content) + 2000


class _Passing:
    """An answer too large to keep: handed on as it comes."""

    def __init__(self, status: str, headers: Headers, body: Iterable[bytes], *, is_head: bool) -> None:
        self._status, self._headers, self._body, self._is_head = status, headers, body, is_head

    def begin(self, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(self._status, self._headers)
        if self._is_head:
            getattr(self._body, "close", lambda: None)()
            return []
        return self._body


def _finished(status: str, headers: Headers, content: bytes, encoding: str) -> tuple[str, Headers, bytes]:
    """The answer compressed where that helps, with an ETag of its own and the rule that browsers ask again."""
    named = {name.lower(): value for name, value in headers}
    kind = named.get("content-type", "")
    etag = named.get("etag") or f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    kept = [(name, value) for name, value in headers if name.lower() not in ("etag", "content-length", "vary")]
    if kind.startswith(COMPRESSIBLE) and len(content) >= SMALLEST_COMPRESSED:
        kept.append(("Vary", "Accept-Encoding"))
        if encoding == "br":
            content = brotli.compress(content, quality=5)
        elif encoding == "gzip":
            content = gzip.compress(content, 5, mtime=0)
        if encoding:
            kept.append(("Content-Encoding", encoding))
            etag = f'{etag[:-1]}-{encoding}"'
    if status.startswith("200 "):
        kept.append(("ETag", etag))
        if "cache-control" not in named:
            kept.append(("Cache-Control", "no-cache"))
    kept.append(("Content-Length", str(len(content))))
    return status, kept, content


def _send(
    answer: tuple[str, Headers, bytes], environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    status, headers, content = answer
    seen = environ.get("HTTP_IF_NONE_MATCH")
    if seen and status.startswith("200 "):
        etag = next(value for name, value in headers if name == "ETag")
        if etag in seen or seen.strip() == "*":
            dropped = ("Content-Length", "Content-Type", "Content-Encoding")
            start_response("304 Not Modified", [each for each in headers if each[0] not in dropped])
            return []
    start_response(status, list(headers))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]


def _encoding(accepted: str) -> str:
    """ "br", "gzip" or "": the best that the client takes (a weight of 0 refuses)."""
    taken = set()
    for each in accepted.split(","):
        name, _, weight = each.partition(";")
        if weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            taken.add(name.strip().lower())
    return next((name for name in ("br", "gzip") if name in taken), "")
