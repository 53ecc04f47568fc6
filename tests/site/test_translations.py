"""Every string of the site exists in Spanish, with the same places for values."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
PO = ROOT / "src" / "comity" / "site" / "locale" / "es" / "LC_MESSAGES" / "django.po"


@pytest.fixture(scope="module")
def messages():
    source = importlib.util.spec_from_file_location("site_messages", ROOT / "tools" / "site_messages.py")
    module = importlib.util.module_from_spec(source)
    source.loader.exec_module(module)
    return module.site_messages()


@pytest.fixture(scope="module")
def catalogue():
    with PO.open("rb") as file:
        return read_po(file, locale="es")


def texts(value):
    return [value] if isinstance(value, str) else list(value)


def test_every_string_has_its_spanish_with_the_same_places(messages, catalogue):
    assert len(messages) > 150
    for message in messages:
        entry = catalogue.get(texts(message)[0])
        assert entry is not None, f"{message!r} is not in django.po; run tools/site_messages.py"
        for english, spanish in zip(texts(message), texts(entry.string), strict=True):
            assert spanish, f"{message!r} has no Spanish"
            assert sorted(re.findall(r"%\(\w+\)s", english)) == sorted(re.findall(r"%\(\w+\)s", spanish)), message


def test_no_translation_is_left_over(messages, catalogue):
    used = {texts(each)[0] for each in messages}

    assert {texts(each.id)[0] for each in catalogue if each.id} - used == set()


def test_no_template_has_english_of_its_own():
    """Text between tags is a translation, a value, or a name that is the same in both languages."""
    same = {"CSV", "Parquet", "SVG", "API", "SHA", "data.json", "releases"}  # "releases" is in a permanent address
    found = {}
    for path in sorted((ROOT / "src" / "comity" / "site" / "templates").rglob("*.html")):
        if path.name == "500.html":
            continue
        source = re.sub(r"\{%\s*(blocktranslate|comment).*?\{%\s*end\1\s*%\}", " ", path.read_text(), flags=re.DOTALL)
        source = re.sub(r"\{[%{].*?[%}]\}", " ", source, flags=re.DOTALL)
        words = re.sub(r"<code[^>]*>[^<]*</code>|<[^>]*>|&\w+;", " ", source, flags=re.DOTALL)
        left = [word for word in re.findall(r"[A-Za-z][A-Za-z.]+", words) if word not in same]
        if left:
            found[path.name] = left

    assert found == {}


def test_spanish_is_compiled_and_used(get):
    page = get("/es/releases/stops/2017/v2/")

    assert "Lo que esto no puede decir" in page
    assert "What this cannot say" not in page
    assert "publicada el 12 de abril de 2018" in page
