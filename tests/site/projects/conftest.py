"""Short ways to propose a project and to take its next step; and small real pictures."""

from __future__ import annotations

import base64
import struct
import zlib
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

NOON = datetime(2018, 5, 15, 12, tzinfo=UTC)


@pytest.fixture
def at(site):
    """Moves the clock to some days after noon of 15 May 2018, for the rest of the test."""
    from django.test import override_settings

    moved = []

    def move(days):
        now = NOON + timedelta(days=days)
        setting = override_settings(CLOCK=lambda: now)
        setting.enable()
        moved.append(setting)
        return now

    yield move
    for setting in reversed(moved):
        setting.disable()


@pytest.fixture
def propose(town):
    """Proposes a project as a resident does; the project, and `code`, its receipt."""
    from comity.site.community.receipts import new_form_token, receipt_for
    from comity.site.projects import actions

    def proposed(title="Lights at the bus stop", idea="Three lamps, so that people see each other.", *, publish=True):
        receipt = receipt_for(new_form_token())
        project = actions.propose(title, idea, agency=town.agency, place=None, receipt=receipt, language="en")
        if publish:
            actions.decide(project.steps.get(), publish=True, by=town.people["moderator"])
        return SimpleNamespace(project=project, code=receipt.code)

    return proposed


@pytest.fixture
def step(town):
    """Takes a step by the receipt, and has it published."""
    from comity.site.community.receipts import new_form_token
    from comity.site.projects import actions

    def taken(project, stage="work", text="We began.", *, publish=True, by=None, **more):
        said = actions.Said(stage=stage, text=text, **more)
        made = actions.carry_on(project, said, once=new_form_token()[:64], by=by)
        if publish and by is None:
            actions.decide(made, publish=True, by=town.people["moderator"])
        return made

    return taken


def png(*parts, width=2, height=2):
    """A picture of one colour, with more parts before its pixels."""

    def part(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = zlib.compress(b"".join(b"\0" + b"\x20\x60\xa0" * width for _row in range(height)))
    middle = b"".join(part(name, content) for name, content in parts)
    return b"\x89PNG\r\n\x1a\n" + header + middle + part(b"IDAT", pixels) + part(b"IEND", b"")


# 8 by 8 pixels of grey, as a browser writes them, without its colour profile.
GREY_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6j"
    "q62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSk"
    "pKSkpKSkpKT/wAARCAAIAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAL/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QA"
    "FAEBAAAAAAAAAAAAAAAAAAAAAP/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/AKAB/9k="
)


def jpeg(*parts):
    """The small picture with more segments after its start: (marker, content)."""
    added = b"".join(
        b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content for marker, content in parts
    )
    return GREY_JPEG[:2] + added + GREY_JPEG[2:]


def exif(orientation, secret=b"GPS 44.97 -93.26 Zanzibar"):
    """Exif's content with an orientation and something that nobody should see."""
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    return b"Exif\0\0" + tiff + secret
