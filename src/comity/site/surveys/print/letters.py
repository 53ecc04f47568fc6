"""Print-ready letters: an address for the window of an envelope, why and how to answer, a QR code and a code to type.

The QR code holds the page's address with the code behind `#`, which browsers never send: no server log can hold it. Typst sets
the pages, segno makes the codes (ISO/IEC 18004, level M, mask 2, so that ten thousand take seconds).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from comity.errors import ComityError
from comity.wording import LANGUAGES, Message, message

IN_A_FILE = 1_000
BANNER = message("SAMPLE DATA: this is an example. Nobody was invited.")

Wave = Literal["first", "reminder", "last"]
Paper = Literal["us-letter", "a4"]


class PrintError(ComityError):
    """Letters or forms cannot be printed as asked."""


@dataclass(frozen=True)
class Letter:
    """One letter. address: its lines as printed; language: of the front, when another than the first is to come first."""

    case: str
    address: tuple[str, ...]
    code: str = field(repr=False)
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class LetterTexts:
    """What only this survey knows. url: the page where a code is typed, such as https://answers.example.org/code/.

    sender: who writes (not the police, where that can be); sponsor: who pays or asks; place: whose residents; minutes: how long
    it takes; telephone: where one can answer or ask; closes, published: the last day to answer, and the promised day of results.
    """

    title: dict[str, str]
    sender: str
    return_address: str
    sponsor: str
    place: str
    url: str
    telephone: str
    minutes: int
    day: date
    closes: date
    published: date
    is_sample_data: bool = False


def write_letters(
    folder: Path,
    letters: Sequence[Letter],
    texts: LetterTexts,
    *,
    wave: Wave = "first",
    languages: Sequence[str] = LANGUAGES,
    paper: Paper = "us-letter",
    progress: Callable[[str, float], None] = lambda step, share: None,
) -> list[Path]:
    """Write letters-001.pdf and so on, `IN_A_FILE` letters each, one sheet a letter (a page a language), mode 0600.

    Each file is written aside and renamed. Raises PrintError where typst or segno is missing, or for a letter without a code
    or address.
    """
    _check(letters, texts)
    try:
        import segno
        import typst
    except ImportError as error:
        raise PrintError(
            f"Letters need the package {error.name}.", "Install it with: pip install 'comity[site,reports]'."
        ) from None
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, start in enumerate(range(0, len(letters), IN_A_FILE), 1):
        part = letters[start : start + IN_A_FILE]
        with tempfile.TemporaryDirectory() as place:
            os.chmod(place, 0o700)
            pixels, side = _codes(part, texts.url, segno.make)
            (Path(place) / "codes.bin").write_bytes(pixels)
            data = _data(part, texts, wave, languages, paper, side)
            (Path(place) / "letters.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
            template = files(__package__) / "letter.typ"
            (Path(place) / "letter.typ").write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
            pdf = bytes(typst.compile(str(Path(place) / "letter.typ"), ignore_system_fonts=True))
        path = folder / f"letters-{number:03}.pdf"
        write_private(path, pdf)
        written.append(path)
        progress("Print letters", min(1.0, (start + len(part)) / len(letters)))
    return written


def address_lines(row: dict[str, str] | Any, columns: Sequence[str]) -> tuple[str, ...]:
    """The lines of an address from the columns of a list; columns joined by + share a line: ["name", "street", "city+state+zip"]."""
    lines = (" ".join(filter(None, (row.get(name, "") for name in line.split("+")))) for line in columns)
    return tuple(line for line in lines if line)


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, aside first."""
    aside = path.with_name(f".{path.name}.writing")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)


def long_date(day: date, language: str) -> str:
    """March 1, 2027; 1 de marzo de 2027; elsewhere 2027-03-01."""
    if language == "en":
        return f"{_MONTHS['en'][day.month - 1]} {day.day}, {day.year}"
    if language == "es":
        return f"{day.day} de {_MONTHS['es'][day.month - 1]} de {day.year}"
    return day.isoformat()


_MONTHS = {
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
    "es": (
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
        "diciembre",
    ),
}  # fmt: skip


def _check(letters: Sequence[Letter], texts: LetterTexts) -> None:
    if not letters:
        raise PrintError("There are no letters to print.", "Give at least one case.")
    if not texts.url.startswith(("https://", "http://127.0.0.1", "http://localhost")) or "#" in texts.url:
        raise PrintError(
            f"The address of the code page is '{texts.url}'.", "Give one that begins with https:// and has no #."
        )
    if texts.closes < texts.day or texts.published < texts.closes:
        raise PrintError(
            f"The letter is of {texts.day}, answers are due by {texts.closes}, and results by {texts.published}.",
            "Give days in this order.",
        )
    for letter in letters:
        if not letter.code or not letter.address:
            raise PrintError(f"Case {letter.case} has no {'address' if letter.code else 'code'}.", "Mend the list.")
    if len({letter.code for letter in letters}) < len(letters):
        raise PrintError("Two letters have the same code.", "Make the codes again; each is for one case.")


def _codes(letters: Sequence[Letter], url: str, make: Callable[..., Any]) -> tuple[bytes, int]:
    """The QR codes one after the other, a byte a module with four modules of quiet zone, and the side of one in modules."""
    longest = max((f"{url}#{letter.code}" for letter in letters), key=len)
    version = make(longest, error="m", boost_error=False, micro=False).version
    pictures = []
    side = 0
    for letter in letters:
        code = make(f"{url}#{letter.code}", error="m", boost_error=False, micro=False, version=version, mask=2)
        rows = [bytes(0 if dark else 255 for dark in row) for row in code.matrix]
        edge = b"\xff" * 4
        side = len(rows) + 8
        blank = b"\xff" * side * 4
        pictures.append(blank + b"".join(edge + row + edge for row in rows) + blank)
    return b"".join(pictures), side


def _data(
    letters: Sequence[Letter], texts: LetterTexts, wave: Wave, languages: Sequence[str], paper: Paper, side: int
) -> dict[str, Any]:
    return {
        "title": texts.title.get(languages[0], ""),
        "paper": paper,
        "side": side,
        "sender": texts.sender,
        "return_address": texts.return_address,
        "shown_url": texts.url.removeprefix("https://").removeprefix("http://").rstrip("/"),
        "banner": " / ".join(BANNER.in_languages(languages).values()) if texts.is_sample_data else None,
        "said": {language: _said(texts, wave, language) for language in languages},
        "letters": [
            {
                "case": letter.case,
                "address": list(letter.address),
                "code": letter.code,
                "order": sorted(
                    languages, key=lambda language: (language != letter.language, languages.index(language))
                ),
            }
            for letter in letters
        ],
    }


def _said(texts: LetterTexts, wave: Wave, language: str) -> dict[str, Any]:
    """Every sentence of the letter in one language."""
    values = {
        "place": texts.place, "sponsor": texts.sponsor, "minutes": texts.minutes, "telephone": texts.telephone,
        "closes": long_date(texts.closes, language), "published": long_date(texts.published, language),
    }  # fmt: skip

    def say(sentence: Message) -> str:
        return Message(sentence.text, values).in_language(language)

    return {
        "lang": language,
        "day": long_date(texts.day, language),
        "heading": texts.title.get(language) or next(iter(texts.title.values())),
        "paragraphs": [say(each) for each in (*_OPENINGS[wave], *_WHY)],
        "scan": say(_SCAN),
        "go_to": say(_GO_TO),
        "type_code": say(_TYPE),
        "after": [say(each) for each in _AFTER],
    }


_OPENINGS: dict[Wave, tuple[Message, ...]] = {
    "first": (
        message("Dear resident,"),
        message(
            "Your address was drawn by chance, among all addresses in {place}, so that the people who live here can say what "
            "they think of safety and the police. {sponsor} asked for this survey."
        ),
    ),
    "reminder": (
        message("Dear resident,"),
        message(
            "Some weeks ago we asked you to answer a survey about safety and the police in {place}. The code of your address was "
            "not used yet. That is all we know: we can see that a code was used, never what was answered with it."
        ),
    ),
    "last": (
        message("Dear resident,"),
        message(
            "This is the last time that we write to you about the survey on safety and the police in {place}. People who have not "
            "answered often see things differently, and without you they are missing from the result."
        ),
    ),
}
_WHY = (
    message(
        "Please let the adult (18 or older) in your home answer whose birthday comes next. It takes about {minutes} minutes. "
        "Taking part is your choice, and you can skip any question."
    ),
    message(
        "Your answers cannot be traced to you. The code below only shows that your address was invited. Before the first question "
        "your phone trades it for an unmarked token, so neither the police nor {sponsor} nor we can tell who answered what."
    ),
)
_SCAN = message("Scan this with your phone’s camera. Or:")
_GO_TO = message("Go to")
_TYPE = message("and type your code:")
_AFTER = (
    message(
        "If you would rather answer by telephone or on paper, call {telephone}. Those ways need somebody to write your answers "
        "down, and we will tell you what that means before you begin."
    ),
    message(
        "Please answer by {closes}. The results will be published on {published}, for everybody at the same moment, the police "
        "included. Thank you."
    ),
)
