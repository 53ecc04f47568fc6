"""ASGI around WSGI: each request runs in a thread of a pool, and none waits there for a slow visitor's first megabyte."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

AWAITED_BYTES = 1_000_000
PART_BYTES = 65_536


class InThreads:
    """Wraps a WSGI `application`. threads: how many requests run at a time in one process.

    `scope["environ"]`, which nobody can send over HTTP, is added to the WSGI environment.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]], *, threads: int) -> None:
        self._application = application
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"{scope['type']} is not served.")
        loop = asyncio.get_running_loop()
        body = _Body(loop, receive)
        await body.fill(AWAITED_BYTES)
        answer = await loop.run_in_executor(self._pool, self._answer, environment(scope, body))
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        try:
            part, has_more = answer.part, answer.has_more
            while has_more:
                await send({"type": "http.response.body", "body": part, "more_body": True})
                part, has_more = await loop.run_in_executor(self._pool, _next_part, answer.parts)
            await send({"type": "http.response.body", "body": part})
        finally:
            if answer.has_more:
                self._pool.submit(answer.close)

    def _answer(self, environ: dict[str, Any]) -> _Answer:
        """Runs the application up to its first part; what ends there is closed too."""
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
            started[:] = [status, headers]
            return lambda content: None

        found = self._application(environ, start_response)
        close = getattr(found, "close", lambda: None)
        try:
            parts = iter(found)
            part, has_more = _next_part(parts)
        except BaseException:
            close()
            raise
        if not has_more:
            close()
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in started[1]]
        return _Answer(int(started[0][:3]), headers, part, has_more, parts, close)


class _Answer(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    part: bytes
    has_more: bool
    parts: Iterator[bytes]
    close: Callable[[], None]


def environment(scope: Scope, body: io.RawIOBase) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of an ASGI request."""
    host, port = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 80),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BufferedReader(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if "_" in name:
            continue  # it would pass for the header with a hyphen there
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        separator = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value
    return environ | scope.get("environ", {})


def _next_part(parts: Iterator[bytes]) -> tuple[bytes, bool]:
    """At least PART_BYTES, or what is left; and whether there may be more."""
    gathered = []
    size = 0
    for each in parts:
        gathered.append(each)
        size += len(each)
        if size >= PART_BYTES:
            return b"".join(gathered), True
    return b"".join(gathered), False


class _Body(io.RawIOBase):
    """A request's body: what the loop has filled in, then, read by read, what still comes."""

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Receive) -> None:
        self._loop, self._receive = loop, receive
        self._held = b""
        self._has_more = True

    async def fill(self, size: int) -> None:
        """Awaits `size` bytes, or all there are."""
        held = [self._held]
        length = len(self._held)
        while self._has_more and length < size:
            held.append(await self._next())
            length += len(held[-1])
        self._held = b"".join(held)

    async def _next(self) -> bytes:
        message = await self._receive()
        self._has_more = bool(message.get("more_body"))
        return bytes(message.get("body", b""))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._held and self._has_more:
            self._held = asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
        size = min(len(buffer), len(self._held))
        buffer[:size], self._held = self._held[:size], self._held[size:]
        return size
