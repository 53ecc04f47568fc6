"""A picture is known by its content, and keeps its pixels and nothing else."""

from __future__ import annotations

import struct
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

_spec = spec_from_file_location("pictures_to_strip", Path(__file__).with_name("conftest.py"))
made = module_from_spec(_spec)
_spec.loader.exec_module(made)


@pytest.fixture
def strip(django):
    from comity.site.projects.bare_pictures import strip_picture

    return strip_picture


def test_a_jpeg_loses_place_time_camera_comment_colour_profile_and_thumbnail(strip):
    full = made.jpeg(
        (0xE1, made.exif(1)), (0xE1, b"http://ns.adobe.com/xap/1.0/\0Zanzibar"), (0xFE, b"Zanzibar"),
        (0xE2, b"ICC_PROFILE\0Zanzibar"), (0xED, b"Photoshop 3.0\0Zanzibar"),
    ) + b"Zanzibar behind the end"  # fmt: skip

    bare = strip(full)

    assert (bare.kind, bare.content) == ("image/jpeg", made.GREY_JPEG)


def test_how_the_telephone_was_held_is_kept_and_nothing_beside_it(strip):
    content = strip(made.jpeg((0xE1, made.exif(6)))).content

    assert b"Zanzibar" not in content and b"GPS" not in content
    at = content.index(b"Exif\0\0") + 6
    tiff = content[at:]
    assert struct.unpack(">HHIH", tiff[10:20]) == (0x0112, 3, 1, 6)
    assert len(content) == len(made.GREY_JPEG) + 36


@pytest.mark.parametrize("wrong", [0, 9, 65535])
def test_an_orientation_that_is_none_is_dropped(strip, wrong):
    assert strip(made.jpeg((0xE1, made.exif(wrong)))).content == made.GREY_JPEG


def test_a_png_loses_its_texts_times_and_what_lies_behind_it(strip):
    full = made.png(
        (b"tEXt", b"Comment\0Zanzibar"), (b"eXIf", b"Zanzibar"), (b"tIME", b"\0" * 7), (b"iTXt", b"Zanzibar")
    )

    bare = strip(full + b"PK\x03\x04Zanzibar")

    assert (bare.kind, bare.content) == ("image/png", made.png())


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
def test_a_broken_picture_is_refused(strip, keep):
    from comity.site.projects.bare_pictures import PictureRefused

    for full in (made.GREY_JPEG, made.png()):
        with pytest.raises(PictureRefused, match="broken"):
            strip(full[: int(len(full) * keep)])


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_a_chromium_shows_what_is_left(strip, browser):
    """That is, the picture was not broken by taking things out of it."""
    import base64

    page = browser.new_page()
    for full in (made.jpeg((0xE1, made.exif(6))), made.png((b"tEXt", b"a\0b"), width=8, height=8)):
        bare = strip(full)
        source = f"data:{bare.kind};base64,{base64.b64encode(bare.content).decode()}"
        page.set_content(f'<img src="{source}">')
        page.locator("img").evaluate("image => image.decode()")
        assert page.locator("img").evaluate("image => image.naturalWidth") == 8
    page.close()
