"""Asks a web service for a page: with a limit on size, patience for a busy service, and one sentence for everything else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from comity.sources.pages import SourceRefused

MOST_BYTES = 256_000_000
TRIES = 5
BUSY = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Answer:
    """A page as it came."""

    content: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        """The content as JSON. Raises SourceRefused for anything else, such as a log-in page."""
        try:
            return json.loads(self.content)
        except ValueError:
            shown = self.content[:60].decode("utf-8", "replace")
            raise SourceRefused(
                f"The answer is not JSON; it begins with {shown!r}.", "Open the address in a browser and compare."
            ) from None


class Web:
    """A client that asks one service. `wait` pauses between tries, so that a test need not."""

    def __init__(self, *, headers: Mapping[str, str] | None = None, wait: Callable[[float], None] = time.sleep) -> None:
        try:
            import httpx
        except ImportError:
            raise SourceRefused(
                "Sources on the web need the package httpx.", "Install it with: pip install 'comity[sources]'"
            ) from None
        self._httpx = httpx
        self._wait = wait
        self._client = httpx.Client(timeout=60, follow_redirects=False, headers=dict(headers or {}))

    def __enter__(self) -> Web:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, address: str, params: Mapping[str, str]) -> Answer:
        """The answer to a request. Raises SourceRefused after `TRIES` tries, with the host and what it said."""
        said, pause = "", 0.0
        for number in range(TRIES):
            if pause:
                self._wait(pause)
            pause = 2.0**number
            try:
                with self._client.stream("GET", address, params=dict(params)) as response:
                    content = self._limited(response, address)
            except self._httpx.HTTPError as problem:
                said = f"it did not answer ({type(problem).__name__})"
                continue
            if response.status_code == 200:
                return Answer(content, response.headers)
            said = f"it answered {response.status_code}"
            if response.status_code not in BUSY:
                break
            after = response.headers.get("retry-after", "")
            pause = min(float(after), 120.0) if after.isdigit() else pause
        raise SourceRefused(
            f"{urlsplit(address).hostname} could not be read: {said}.",
            "Nothing was changed. Try again later; if it goes on, check url in [sources] of comity.toml.",
        )

    def _limited(self, response: Any, address: str) -> bytes:
        found = bytearray()
        for block in response.iter_bytes():
            found += block
            if len(found) > MOST_BYTES:
                raise SourceRefused(
                    f"A page of {urlsplit(address).hostname} is larger than {MOST_BYTES:,} bytes.",
                    "Ask for fewer rows a page with page_rows in [sources] of comity.toml.",
                )
        return bytes(found)
