"""Proposes what in a text could tell who wrote it or whom it is about; a person who is not police decides.

Rules only, no model and no network: they mark too much rather than too little, and still miss what no rule knows ("the coach of
the blue team"). So nothing leaves without a person's decision on every mark, and that person can add marks of their own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from importlib.resources import files
from typing import Literal, NamedTuple

from comity.errors import ComityError

Kind = Literal["email", "phone", "link", "number", "plate", "badge", "address", "date", "name"]
REDACTORS = frozenset(("redactor", "custodian"))


class RedactionError(ComityError):
    """A text may not leave as it is."""


class Mark(NamedTuple):
    """A stretch of a text, from start to end (as Python slices), that could identify somebody."""

    start: int
    end: int
    kind: Kind


class Redacted(NamedTuple):
    """The text as it may leave: each accepted mark replaced by its kind in brackets. hidden: how many there were."""

    text: str
    hidden: int


def propose_marks(text: str, *, places: Collection[str] = ()) -> list[Mark]:
    """Everything that could identify somebody, in order, without overlaps.

    places: names of the city and its neighbourhoods, which many people share and which stay.
    """
    found: list[Mark] = []
    for kind, pattern in _PATTERNS:
        found += [Mark(*match.span(match.lastgroup or 0), kind) for match in pattern.finditer(text)]
    found += _names(text, {word.casefold() for place in places for word in place.split()})
    return _without_overlaps(found)


def redact(
    text: str,
    marks: Sequence[Mark],
    *,
    accepted: Iterable[Mark],
    rejected: Iterable[Mark],
    role: str,
    added: Iterable[Mark] = (),
) -> Redacted:
    """The text with the `accepted` and `added` marks hidden. Every proposed mark must be accepted or rejected.

    role: of the person who decided; the police never do. Raises RedactionError otherwise, and when a mark is off the text.
    """
    if role not in REDACTORS:
        raise RedactionError(
            f"Somebody in the role '{role}' may not decide what is hidden in an answer.",
            "Only a redactor or the survey custodian does, and neither belongs to the police.",
        )
    hidden = [*accepted, *added]
    undecided = set(marks) - set(hidden) - set(rejected)
    if undecided:
        raise RedactionError(f"{len(undecided)} marks are not decided yet.", "Accept or reject each, then go on.")
    for mark in hidden:
        if not 0 <= mark.start < mark.end <= len(text):
            raise RedactionError(f"A mark from {mark.start} to {mark.end} is off the text.", "Mark it again.")
    merged = _without_overlaps(hidden)
    parts, at = [], 0
    for mark in merged:
        parts += [text[at : mark.start], f"[{mark.kind}]"]
        at = mark.end
    return Redacted("".join([*parts, text[at:]]), len(merged))


_STREETS = (
    r"st(?:reet)?|ave(?:nue)?|blvd|boulevard|r(?:oa)?d|dr(?:ive)?|l(?:a)?ne?|ct|court|pl(?:ace)?|ter(?:race)?|way|pkwy|parkway|"
    r"hwy|highway|cir(?:cle)?|sq(?:uare)?|trail|alley|plaza|loop|row"
)
_UNITS = r"(?:\s*,?\s*(?:apt|apartment|unit|ste|suite|depto|departamento|#)\.?\s*#?\w+)?"
_WORD = r"[^\W\d_][\w'’-]*"
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("email", re.compile(r"[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\s?(?:\.|\(dot\)|\[dot\])\s?[\w-]+)+", re.I)),
    ("link", re.compile(r"(?:https?://|www\.)\S+|(?<![\w@])@\w{3,}", re.I)),
    ("number", re.compile(r"\b\d{3}-\d{2}-\d{4}\b|\b(?:case|report|citation|incident|ticket|caso|informe|multa|reporte)\s*(?:no\.?|number|núm\.?|número|#)?\s*[:#]?\s*(?P<x>[A-Z]{0,3}-?\d[\d-]{3,})", re.I)),
    ("phone", re.compile(r"(?<!\d)(?:\+?1[\s.-]*)?(?:\(\d{3}\)|\d{3})[\s.-]*\d{3}[\s.-]*\d{4}(?!\d)|(?<![\d-])\d{3}[.-]\d{4}(?![\d-])")),
    ("badge", re.compile(r"\b(?:badge|shield|unit|squad|patrol car|car|id|placa|insignia|unidad|patrulla)\s*(?:no\.?|number|núm\.?|número|num\.?|#)?\s*[:#]?\s*(?P<x>\d{2,6})\b|\b(?:officer|deputy|sergeant|sgt|agente|oficial|sargento)\s+#?(?P<y>\d{2,6})\b|#\s?(?P<z>\d{3,6})\b", re.I)),
    ("plate", re.compile(r"\b(?:license plate|licence plate|plates?|tags?|matrícula|placas?)\s*(?:is|was|no\.?|number|número|es|era|:|#)?\s*(?P<x>[A-Z0-9]{2,4}[- ]?[A-Z0-9]{2,4})\b|\b(?P<y>[A-Z]{2,3}[- ]?\d{3,4}|\d{3}[- ][A-Z]{3}|\d[A-Z]{3}\d{3})\b")),
    ("address", re.compile(rf"\b\d{{1,6}}(?:\s?½)?(?:\s+(?:[NSEW]{{1,2}}\.?|north|south|east|west))?(?:\s+[\w'’.-]+){{1,4}}?\s+(?:{_STREETS})\b(?:\.(?!\s*$))?(?:\s+[NSEW]{{1,2}}\b)?{_UNITS}", re.I)),
    ("address", re.compile(rf"\b(?:corner of|esquina de)\s+(?P<x>[\w'’.]+(?:\s+(?:{_STREETS}))?\s+(?:and|&|y|con)\s+[\w'’.]+(?:\s+(?:{_STREETS}))?)|\b(?P<y>\d+(?:st|nd|rd|th)(?:\s+(?:{_STREETS}))?\s+(?:and|&)\s+[A-Z][\w'’.]+)", re.I)),
    ("address", re.compile(r"\b(?:calle|avenida|av\.|avda\.?|carrera|paseo|camino|callejón|boulevard)\s+(?:de\s+(?:la\s+|los\s+|las\s+)?|del\s+)?[\w'’.-]+(?:\s+[\w'’.-]+){0,3}?,?\s*(?:#|n[úu]m(?:ero|\.)?|no\.)?\s*\d{1,6}(?:\s*,?\s*(?:apto|apt|depto|piso)\.?\s*\w+)?", re.I)),
    ("address", re.compile(r"\b(?:apt|apartment|apto|depto|departamento|unit)\.?\s*#?\s*\d+\w?\b|\b\d{5}-\d{4}\b", re.I)),
    ("date", re.compile(r"\b\d{1,2}[/.-]\d{1,2}[/.-](?:19|20)?\d{2}\b|\b(?:19|20)\d{2}-\d{2}-\d{2}\b|\b(?:born|nac[íi]\w*|birthday|cumpleaños)\b[^.!?\n]{0,20}?(?P<x>(?:19|20)\d{2}|\d{1,2}\s+de\s+\w+)", re.I)),
    ("date", re.compile(r"\b(?:on|el)\s+(?P<x>(?:(?:january|february|march|april|may|june|july|august|september|october|november|december)\s+\d{1,2}|\d{1,2}\s+de\s+(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre))(?:,?\s+(?:de\s+)?(?:19|20)\d{2})?)", re.I)),
)  # fmt: skip

_TITLES = re.compile(
    r"\b(?:officer|deputy|sergeant|sgt|lieutenant|lt|captain|capt|chief|detective|det|sheriff|trooper|mr|mrs|ms|miss|dr|judge|"
    r"pastor|coach|principal|agente|oficial|sargento|teniente|capitán|capitan|jefe|detective|sr|sra|srta|señor|señora|señorita|"
    rf"don|doña|juez|profesor|profesora)\.?\s+(?P<x>{_WORD}(?:\s+[A-ZÁÉÍÓÚÑ]{_WORD[6:]})*)",
    re.I,
)
_SAID = re.compile(
    r"\b(?:my name is|i am called|named|called himself|called herself|me llamo|mi nombre es|se llama|llamad[oa])\s+"
    rf"(?P<x>{_WORD}(?:\s+(?:de\s+(?:la\s+)?)?[A-ZÁÉÍÓÚÑ][\w'’-]+)*)",
    re.I,
)
_KIN = re.compile(
    r"\b(?:my|our|mi|mis|su)\s+(?:husband|wife|son|daughter|brother|sister|mother|father|neighbor|friend|cousin|uncle|aunt|"
    r"boyfriend|girlfriend|partner|landlord|boss|esposo|esposa|marido|hijo|hija|hermano|hermana|madre|padre|vecino|vecina|amigo|amiga|"
    r"primo|prima|tío|tía|novio|novia)\s*,?\s+(?P<x>[A-ZÁÉÍÓÚÑ][\w'’-]+(?:\s+[A-ZÁÉÍÓÚÑ][\w'’-]+)*)"
)
_CAPITALS = re.compile(r"[A-ZÁÉÍÓÚÑ][a-záéíóúñü'’-]+(?:\s+(?:(?:de|del|la|los)\s+)*[A-ZÁÉÍÓÚÑ][a-záéíóúñü'’-]+)*")
_NO_NAMES = frozenset((files(__package__) / "no_names.txt").read_text(encoding="utf-8").split())


def _names(text: str, places: Collection[str]) -> Iterator[Mark]:
    """After a title, after words that introduce a name, and capitals within a sentence."""
    for pattern in (_TITLES, _SAID, _KIN):
        for match in pattern.finditer(text):
            words = match["x"].split()
            if words[0].casefold() not in _NO_NAMES | set(places):
                yield Mark(*match.span("x"), "name")
    for match in _CAPITALS.finditer(text):
        words = [word for word in match[0].split() if word.casefold() not in _NO_NAMES | set(places)]
        named = [word for word in words if word[0].isupper()]
        starts_a_sentence = (
            not text[: match.start()].rstrip(" \"'“«(¿¡") or text[: match.start()].rstrip(" \"'“«(¿¡")[-1] in ".!?\n:"
        )
        if not named or (starts_a_sentence and len(named) == 1 and match[0].split()[0] == named[0]):
            continue
        first = match.start() + match[0].index(named[0])
        last = match.start() + match[0].rindex(named[-1]) + len(named[-1])
        yield Mark(first, last, "name")


def _without_overlaps(marks: Iterable[Mark]) -> list[Mark]:
    """Overlapping marks become one, of the kind of the longest."""
    merged: list[Mark] = []
    for mark in sorted(set(marks), key=lambda each: (each.start, -each.end)):
        if merged and mark.start < merged[-1].end:
            before = merged[-1]
            longest = max(before, mark, key=lambda each: each.end - each.start)
            merged[-1] = Mark(before.start, max(before.end, mark.end), longest.kind)
        else:
            merged.append(mark)
    return merged
