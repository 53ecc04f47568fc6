"""The answer desk: takes finished answers before Django sees them, because Django and a thread cost five times the work itself.

ASGI. It does what the view does, with the same functions, for the one case that is frequent and good: a finished questionnaire
with a genuine token. Everything else, every refusal included, goes on to the site as it came.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import QueryDict
from django.utils.translation import get_language_from_path

from comity.errors import ComityError
from comity.site.surveys.questionnaire import complete_answers, validate
from comity.site.surveys.responses import actions, queries
from comity.site.surveys.responses.forms import read_sheet, token_of
from comity.site.surveys.responses.queries import Fielded
from comity.site.surveys.responses.receipts import RECEIPT_PLACE, THANKS, receipt_as_shown
from comity.site.surveys.responses.writer import PATIENCE_SECONDS, Arrival, post

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BYTES = 100_000
MOST_PAGES = 200

_ADDRESS = re.compile(r"(?:/[a-z]{2})?/survey/([-a-zA-Z0-9_]+)/")
_FORM = b"application/x-www-form-urlencoded"


class _Thanks(NamedTuple):
    """The last page of a survey in one language, as the site gives it, but for the receipt."""

    survey: Fielded
    language: str
    headers: list[tuple[bytes, bytes]]
    before: bytes
    after: bytes


class Desk:
    """Wraps the ASGI application `site`, whose view of a survey knows THANKS."""

    def __init__(self, site: Application) -> None:
        self._site = site
        self._pages: dict[tuple[object, ...], _Thanks] = {}
        self._settled = _Settled()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_short_form(scope):
            return await self._site(scope, receive, send)
        body = await _read(receive)
        page = await self._page(scope) if body is not None and b"_go=send" in body else None
        arrival = _arrival(page, body) if page and body else None
        if arrival is None or not await self._is_stored(arrival):
            return await self._site(scope, _again(body or b"", receive), send)
        assert page is not None
        content = page.before + receipt_as_shown(arrival.receipt).encode() + page.after
        await send({"type": "http.response.start", "status": 200, "headers": page.headers})
        await send({"type": "http.response.body", "body": content})
        return None

    async def _is_stored(self, arrival: Arrival) -> bool:
        """Whether `arrival` is durable now, or was before."""
        post(arrival)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return isinstance(await self._settled.of(arrival.outcome), bool)
        except TimeoutError:
            return False

    async def _page(self, scope: Scope) -> _Thanks | None:
        """The last page for this address and host, made by the site once; None where it has none."""
        asked = [(name, value) for name, value in scope["headers"] if name in (b"host", b"x-forwarded-proto")]
        which = (scope["path"], scope["query_string"], scope.get("scheme"), *asked)
        if which not in self._pages:
            page = await self._make_page(scope | {"headers": asked, "method": "GET", "environ": {THANKS: True}})
            if page is None:
                return None
            if len(self._pages) >= MOST_PAGES:  # hosts and queries are the visitor's to choose
                self._pages.clear()
            self._pages[which] = page
        return self._pages[which]

    async def _make_page(self, scope: Scope) -> _Thanks | None:
        said: list[Message] = []

        async def keep(message: Message) -> None:
            said.append(message)

        await self._site(scope, _again(b"", None), keep)
        content = b"".join(message.get("body", b"") for message in said)
        if said[0]["status"] != 200 or RECEIPT_PLACE.encode() not in content:
            return None
        address = _ADDRESS.fullmatch(scope["path"])
        assert address
        found = queries.fielded(address[1])  # the site has just asked, so no database is
        before, after = content.split(RECEIPT_PLACE.encode())
        language = queries.language_of(
            found,
            QueryDict(scope["query_string"]).get("in", ""),
            get_language_from_path(scope["path"]) or settings.LANGUAGE_CODE,
        )
        return _Thanks(found, language, said[0]["headers"], before, after)


def _is_short_form(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "POST" or not _ADDRESS.fullmatch(scope["path"]):
        return False
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"")
    return headers.get(b"content-type") == _FORM and length.isdigit() and int(length) <= MOST_BYTES


def _arrival(page: _Thanks, body: bytes) -> Arrival | None:
    """What `body` asks to be stored, where it is a finished questionnaire without a fault and with a genuine token."""
    questionnaire, today = page.survey.questionnaire, queries.today()
    try:
        sheet = replace(read_sheet(questionnaire, QueryDict(body)), mode="web")
        if sheet.go != "send" or validate(questionnaire, sheet.answers, today=today):
            return None
        return actions.arrival(
            page.survey,
            complete_answers(questionnaire, sheet.answers, today=today),
            token=token_of(page.survey, sheet),
            stratum=sheet.stratum,
            keys=settings.KEYS,
            day=today,
            mode=sheet.mode,
            language=page.language,
        )
    except (ComityError, SuspiciousOperation):
        return None


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None when the visitor has gone."""
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes, receive: Receive | None) -> Receive:
    """A `receive` that gives the body, which was read already."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        if waiting:
            return waiting.pop()
        return await receive() if receive else {"type": "http.disconnect"}

    return next_message


class _Settled:
    """Brings what the writer's thread says into the event loop, a whole batch with one wake-up."""

    def __init__(self) -> None:
        self._said: deque[tuple[asyncio.Future[object], object]] = deque()
        self._is_waking = False

    def of(self, outcome: Future[bool | None]) -> asyncio.Future[object]:
        """Awaits `outcome`: its result, or the exception it ended with as a value."""
        loop = asyncio.get_running_loop()
        awaited: asyncio.Future[object] = loop.create_future()

        def say(done: Future[bool | None]) -> None:
            self._said.append((awaited, done.exception() or done.result()))
            if not self._is_waking:
                self._is_waking = True
                loop.call_soon_threadsafe(self._wake)

        outcome.add_done_callback(say)
        return awaited

    def _wake(self) -> None:
        self._is_waking = False  # first: what is said from now on wakes anew
        while self._said:
            awaited, value = self._said.popleft()
            if not awaited.done():  # its visitor has gone
                awaited.set_result(value)
