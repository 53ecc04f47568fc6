"""Pictures as they are kept: recognised by their content, and stripped of everything that is not pixels.

JPEG (ITU T.81) and PNG (ISO/IEC 15948) are taken apart and only the parts that a picture needs are put together again, so
neither place, time, camera, thumbnail nor anything hidden behind the picture's end survives. How a telephone was held is
written anew, because without it half of all pictures lie on their side.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from django.utils.translation import gettext as _

from comity.errors import ComityError

LARGEST = 6_000_000  # bytes
MOST_PIXELS = 50_000_000
JPEG, PNG = "image/jpeg", "image/png"

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sRGB", b"IDAT", b"IEND")
_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive
_TABLES = {0xC4, 0xDB, 0xDD}  # Huffman, quantisation, restart interval
_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length


class PictureRefused(ComityError):
    """A file is not a picture that can be kept."""


@dataclass(frozen=True)
class Bare:
    """kind: its media type, read from the content and never from a name."""

    kind: str
    content: bytes


def strip_picture(content: bytes) -> Bare:
    """The picture and nothing else. Raises PictureRefused for what is none, is broken, or is too large."""
    if len(content) > LARGEST:
        raise PictureRefused(
            _("The picture has %(size).1f MB.") % {"size": len(content) / 1e6},
            _("Send one of at most %(most)d MB.") % {"most": LARGEST // 1_000_000},
        )
    try:
        if content.startswith(b"\xff\xd8\xff"):
            return Bare(JPEG, _bare_jpeg(content))
        if content.startswith(_PNG_START):
            return Bare(PNG, _bare_png(content))
    except (IndexError, struct.error, ValueError):
        raise PictureRefused(_("The picture is broken."), _("Save it again as JPEG or PNG, then send it.")) from None
    raise PictureRefused(
        _("This file is neither a JPEG nor a PNG picture."), _("Save it as one of them, then send it.")
    )


def _bare_jpeg(content: bytes) -> bytes:
    kept = [b"\xff\xd8"]
    orientation, at, has_frame = 1, 2, False
    while True:
        if content[at] != 0xFF:
            raise ValueError("no marker where one belongs")
        marker = content[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker == 0xD9:
            break
        if marker in _ALONE:
            at += 2
            continue
        length = struct.unpack(">H", content[at + 2 : at + 4])[0]
        end = at + 2 + length
        part = content[at:end]
        if length < 2 or end > len(content):
            raise ValueError("a part longer than the file")
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", part[5:9])
            _refuse_size(width, height)
            has_frame = True
            kept.append(part)
        elif marker in _TABLES:
            kept.append(part)
        elif marker == 0xE0 and part[4:9] == b"JFIF\0":
            kept.append(b"\xff\xe0\x00\x10" + part[4:16] + b"\0\0")  # without its thumbnail
        elif marker == 0xEE and part[4:9] == b"Adobe" and length == 14:
            kept.append(part)  # how the colours are to be read
        elif marker == 0xE1 and part[4:10] == b"Exif\0\0":
            orientation = _orientation(part[10:])
        elif marker == 0xDA:
            scan_end = _scan_end(content, end)
            kept.append(content[at:scan_end])
            end = scan_end
        elif not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            raise ValueError("a kind of JPEG that browsers do not show")
        at = end
    if not has_frame:
        raise ValueError("no picture in it")
    if orientation != 1:
        kept.insert(1, _orientation_part(orientation))
    return b"".join(kept) + b"\xff\xd9"


def _scan_end(content: bytes, at: int) -> int:
    """Where the pixels of a scan end: at the first marker that is neither stuffing nor a restart."""
    while True:
        at = content.index(b"\xff", at)
        follows = content[at + 1]
        if follows == 0 or 0xD0 <= follows <= 0xD7:
            at += 2
        elif follows == 0xFF:
            at += 1
        else:
            return at


def _orientation(tiff: bytes) -> int:
    """Exif's tag 0x0112, from 1 to 8; 1 where there is none or it cannot be read."""
    try:
        order = {b"II*\0": "<", b"MM\0*": ">"}[tiff[:4]]
        (start,) = struct.unpack(f"{order}I", tiff[4:8])
        (count,) = struct.unpack(f"{order}H", tiff[start : start + 2])
        for entry in range(min(count, 200)):
            at = start + 2 + 12 * entry
            tag, kind, _number, value = struct.unpack(f"{order}HHIH", tiff[at : at + 10])
            if tag == 0x0112 and kind == 3:
                return int(value) if 1 <= value <= 8 else 1
    except (KeyError, struct.error):
        pass
    return 1


def _orientation_part(value: int) -> bytes:
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, value, 0, 0)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _bare_png(content: bytes) -> bytes:
    kept, at, seen = [_PNG_START], len(_PNG_START), []
    while not seen or seen[-1] != b"IEND":
        (length,) = struct.unpack(">I", content[at : at + 4])
        name, end = content[at + 4 : at + 8], at + 12 + length
        if end > len(content):
            raise ValueError("a part longer than the file")
        if zlib.crc32(content[at + 4 : end - 4]) != struct.unpack(">I", content[end - 4 : end])[0]:
            raise ValueError("a wrong checksum")
        if not seen:
            if name != b"IHDR":
                raise ValueError("no header")
            _refuse_size(*struct.unpack(">II", content[at + 8 : at + 16]))
        seen.append(name)
        if name in _PNG_KEPT:
            kept.append(content[at:end])
        elif not name[0] & 0x20:  # a part that nobody can do without, and that nobody knows
            raise ValueError("an unknown critical part")
        at = end
    if b"IDAT" not in seen:
        raise ValueError("no picture in it")
    return b"".join(kept)


def _refuse_size(width: int, height: int) -> None:
    if not 0 < width * height <= MOST_PIXELS:
        raise PictureRefused(
            _("The picture is %(width)d by %(height)d pixels.") % {"width": width, "height": height},
            _("Send one of at most 50 million."),
        )
