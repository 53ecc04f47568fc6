"""Where a public folder is read from when it is verified: a folder, or an address where it is served.

Nothing read here is trusted: sizes are bounded, links are not followed, only plain files are opened.
"""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from time import monotonic

from comity.errors import ComityError
from comity.ledger.sealing import Digest

type Take = Callable[[bytes], object]

_CHUNK = 1 << 20


class Unreadable(Exception):
    """A file is there but cannot be read as one; the text says why."""


class TooLong(Unreadable):
    """A file has more bytes than it may have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"is longer than {most:,} bytes")


class Source(ABC):
    """A public folder to read. Paths are relative, with `/`."""

    label: str
    threads: int  # how many files are worth reading at once

    @abstractmethod
    def stream(self, path: str, most: int, take: Take) -> int | None:
        """Give a file of at most `most` bytes to `take`, piece by piece; its length, or None when it is not there.

        Raises Unreadable.
        """

    @abstractmethod
    def listing(self) -> dict[str, str | None] | None:
        """Every file with what keeps it from being a plain one (None: nothing), or None where that cannot be known."""

    def read(self, path: str, most: int) -> bytes | None:
        """Content of a file of at most `most` bytes; None when it is not there. Raises Unreadable."""
        parts: list[bytes] = []
        return None if self.stream(path, most, parts.append) is None else b"".join(parts)

    def digest(self, path: str, sealed: Digest) -> Digest | None:
        """Digest of a file that should be `sealed`; None when it is not there. Raises Unreadable, also when longer."""
        # hashlib lets go of the interpreter lock for large pieces, so threads hash side by side.
        hashed = sha256()
        length = self.stream(path, sealed.bytes, hashed.update)
        return None if length is None else Digest(hashed.hexdigest(), length)


def source_of(place: Path | str) -> Source:
    """The public folder at a path or an address (`http://`, `https://`). Raises ComityError when there is none."""
    is_url = isinstance(place, str) and place.startswith(("http://", "https://"))
    return Served(str(place)) if is_url else Folder(place)


class Folder(Source):
    """A public folder on this machine, or the instance or mirror that holds one.

    The folder itself may be a symbolic link; nothing in it may.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.label = str(path)
        if not self.path.is_dir():
            what = "is not a folder" if self.path.exists() else "does not exist"
            raise ComityError(
                f"{self.path} {what}.", "Give the public folder of an instance, or the address where it is served."
            )
        if not (self.path / "ledger").exists() and (self.path / "public" / "ledger").is_dir():
            self.path = self.path / "public"  # an instance or a mirror
            self.label = str(self.path)
        self._top = os.path.realpath(self.path)
        self.threads = len(os.sched_getaffinity(0))

    def stream(self, path: str, most: int, take: Take) -> int | None:
        handle = self._open(path)
        if handle is None:
            return None
        length = 0
        try:
            while chunk := os.read(handle, _CHUNK):
                length += len(chunk)
                if length > most:
                    raise TooLong(most)
                take(chunk)
        except OSError as error:
            raise Unreadable(f"cannot be read ({error.strerror})") from None
        finally:
            os.close(handle)
        return length

    def listing(self) -> dict[str, str | None] | None:
        return dict(self._walk(self._top, ""))

    def _open(self, path: str) -> int | None:
        try:
            handle = os.open(f"{self._top}/{path}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unreadable(f"cannot be read ({error.strerror})") from None
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise Unreadable("is not a plain file")
        return handle

    def _walk(self, folder: str, prefix: str) -> Iterator[tuple[str, str | None]]:
        try:
            found = list(os.scandir(folder))
        except OSError as error:
            yield prefix.rstrip("/") or ".", f"is a folder that cannot be read ({error.strerror})"
            return
        for each in found:
            name = f"{prefix}{each.name}"
            if each.is_symlink():
                yield name, "is a symbolic link; a public folder holds plain files only"
            elif each.is_dir(follow_symlinks=False):
                yield from self._walk(each.path, f"{name}/")
            else:
                yield name, None if each.is_file(follow_symlinks=False) else "is not a plain file"


class Served(Source):
    """A public folder served at an address. Which files are there beyond the named ones cannot be seen.

    timeout: seconds without an answer. slowest: bytes a second below which a server is given up.
    """

    def __init__(self, url: str, *, timeout: float = 20.0, slowest: float = 10_000.0) -> None:
        self._timeout = timeout
        self._slowest = slowest
        self.threads = 8  # waiting for a server costs no processor
        url = url.rstrip("/")
        fault: ComityError | None = None
        for base in (url, f"{url}/public"):
            self.label = base
            try:
                if self.read("ledger/checkpoint", 100_000) is not None:
                    return
            except Unreadable as error:
                what, next_step = f"{base}/ledger/checkpoint {error}.", "Check the address, or try again later."
                fault = fault or ComityError(what, next_step)
        if fault:
            raise fault
        raise ComityError(
            f"There is no ledger at {url}/ledger/checkpoint or {url}/public/ledger/checkpoint.",
            "Check the address: it is the one where a public folder is served.",
        )

    def listing(self) -> dict[str, str | None] | None:
        return None

    def stream(self, path: str, most: int, take: Take) -> int | None:
        from http.client import HTTPException
        from urllib.error import HTTPError, URLError
        from urllib.parse import quote
        from urllib.request import Request, urlopen

        length = 0
        deadline = monotonic() + self._timeout + most / self._slowest
        try:
            request = Request(
                f"{self.label}/{quote(path)}", headers={"Accept-Encoding": "identity", "Cache-Control": "no-cache"}
            )
            with urlopen(request, timeout=self._timeout) as response:
                while chunk := response.read1(_CHUNK):
                    length += len(chunk)
                    if length > most:
                        raise TooLong(most)
                    if monotonic() > deadline:
                        raise Unreadable("comes too slowly")
                    take(chunk)
                if response.length:
                    raise Unreadable(f"ended {response.length:,} bytes early")
        except HTTPError as error:
            error.close()
            if error.code in (404, 410):
                return None
            raise Unreadable(f"is not served (the server answers {error.code})") from None
        except URLError as error:
            raise Unreadable(f"is not served ({error.reason})") from None
        except (OSError, HTTPException, ValueError) as error:
            raise Unreadable(f"is not served ({type(error).__name__})") from None
        return length
