"""What projects shows in a sample town: one that is done, one under way, one that stands still, one to read."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from comity.site.community.models import Account, Agency, Place
from comity.site.community.moments import as_of
from comity.site.community.receipts import Receipt
from comity.site.projects.actions import Said, carry_on, decide, propose
from comity.site.projects.bare_pictures import Bare, strip_picture
from comity.site.projects.models import Project

DONE = (
    (118, "helpers", "Nine neighbors, the school and the bus company.", "", None),
    (101, "plan", "Three solar lamps, put up on one Saturday. The city lends the ladder.", "", 450),
    (60, "work", "The lamps are here; two of three stand.", "", None),
    (21, "done", "The stop is lit until midnight, and the evening bus is used again.", "Nobody waited here after dark.", None),
)  # fmt: skip


def fill(agency: Agency, people: Mapping[str, Account], *, now: datetime, folder: Path) -> None:
    """Four projects in four states. Once."""
    if Project.objects.filter(agency=agency).exists():
        return
    place = Place.objects.filter(agency=agency).order_by("name").first()

    def proposed(days: int, title: str, idea: str, *, is_read: bool = True) -> Project:
        digest = sha256(f"sample {title}".encode()).hexdigest()
        with as_of(now - timedelta(days=days)):
            project = propose(
                title, idea, agency=agency, place=place, receipt=Receipt("", digest, digest), language="en"
            )
            if is_read:
                decide(project.steps.get(), publish=True, by=people["moderator"])
        return project

    lamps = proposed(130, "Light at the bus stop", "Three lamps, so that people see each other when they wait.")
    for days, stage, text, before, budget in DONE:
        pictures = {
            False: (_dusk(40), "Sample picture: a dark square"),
            True: (_dusk(210), "Sample picture: a light square"),
        }
        said = Said(
            stage=stage, text=text, before=before, budget=budget, pictures=pictures if stage == "done" else None
        )
        with as_of(now - timedelta(days=days)):
            carry_on(lamps, said, once=f"sample {stage}", by=people["community-leader"])
    garden = proposed(25, "A garden where the lot is empty", "Beds that a wheelchair reaches, and a bench.")
    with as_of(now - timedelta(days=10)):
        carry_on(
            garden,
            Said(stage="helpers", text="Six families and the library."),
            once="sample garden",
            by=people["community-leader"],
        )
    proposed(95, "Paint the crossing", "A crossing that drivers see, painted by the school.")
    proposed(2, "Chess in the park", "Tables, boards, and an officer who plays.", is_read=False)


def _dusk(light: int) -> Bare:
    """A square of one shade, as a PNG."""

    def part(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = part(b"IHDR", struct.pack(">IIBBBBB", 320, 180, 8, 0, 0, 0, 0))
    pixels = part(b"IDAT", zlib.compress((b"\0" + bytes([light]) * 320) * 180))
    return strip_picture(b"\x89PNG\r\n\x1a\n" + header + pixels + part(b"IEND", b""))
