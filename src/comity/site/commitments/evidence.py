"""Files that show that something was done: PDF, PNG or JPEG by their content, kept outside of everything that is served.

A picture is kept without what its camera wrote into it (where, when, by which device). Nothing of the name that the file
came with is kept.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from comity.errors import ComityError

LARGEST = 5 * 1024 * 1024  # bytes
CONTENT_TYPES = {"pdf": "application/pdf", "png": "image/png", "jpeg": "image/jpeg"}

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"sRGB", b"cHRM", b"sBIT", b"pHYs", b"bKGD")


class EvidenceRefused(ComityError):
    """A file cannot be evidence."""


def keep(content: bytes) -> tuple[str, str]:
    """Keeps a file; returns its SHA-256 in hex and its kind. Raises EvidenceRefused for one too large or of another kind."""
    if len(content) > LARGEST:
        raise EvidenceRefused(
            _("The file has more than 5 MB."), _("Make it smaller, or put it on your website and give the link.")
        )
    kind, content = _checked(content)
    digest = hashlib.sha256(content).hexdigest()
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, folder / digest)
    return digest, kind


def path_of(digest: str) -> Path:
    return _folder() / digest


def _folder() -> Path:
    folder: Path = settings.INSTANCE / "evidence"
    return folder


def _checked(content: bytes) -> tuple[str, bytes]:
    """The kind of the file and what is kept of it."""
    try:
        if content.startswith(b"%PDF-") and b"%%EOF" in content[-1024:]:
            return "pdf", content
        if content.startswith(_PNG):
            return "png", _png(content)
        if content.startswith(b"\xff\xd8\xff"):
            return "jpeg", _jpeg(content)
    except (IndexError, ValueError):
        pass
    raise EvidenceRefused(_("The file is not a PDF, PNG or JPEG."), _("Save it as one of these, or give a link to it."))


def _png(content: bytes) -> bytes:
    """The chunks that draw the picture (https://www.w3.org/TR/png-3/)."""
    kept, at, kind = [_PNG], len(_PNG), b""
    while kind != b"IEND":
        length, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(content) or (at == len(_PNG) and kind != b"IHDR"):
            raise ValueError
        if kind in _PNG_KEPT:
            kept.append(content[at:end])
        at = end
    return b"".join(kept)


def _jpeg(content: bytes) -> bytes:
    """The segments that draw the picture, without APP1 to APP13, APP15 and comments (ITU-T T.81, B.1)."""
    kept, at = [content[:2]], 2
    while True:
        if content[at] != 0xFF:
            raise ValueError
        marker = content[at + 1]
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4])
        if end > len(content):
            raise ValueError
        if not (0xE1 <= marker <= 0xEF and marker != 0xEE) and marker != 0xFE:
            kept.append(content[at:end])
        at = end
        if marker == 0xDA:  # start of scan: what follows is the picture
            last = content.rindex(b"\xff\xd9")
            return b"".join((*kept, content[at : last + 2]))
