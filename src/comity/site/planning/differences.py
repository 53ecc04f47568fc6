"""What one text of a plan changed of another, word by word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from comity.site.planning.text import Chapter

KEPT, ADDED, REMOVED = "kept", "added", "removed"
_WORDS = re.compile(r"\s+|[^\W_]+|.", re.DOTALL)

Run = tuple[str, str]


@dataclass(frozen=True)
class Change:
    """One chapter of both texts. paragraphs: runs of (kept, added or removed; text). added, removed: numbers of words."""

    heading: str
    paragraphs: tuple[tuple[Run, ...], ...]
    added: int
    removed: int


def compare(before: Sequence[Chapter], after: Sequence[Chapter]) -> list[Change]:
    """Every chapter of either text in which a word differs. Chapters are matched by their names."""
    old = {each.name: each for each in before}
    found = []
    for chapter in after:
        paragraphs = _paragraphs(old[chapter.name].paragraphs if chapter.name in old else (), chapter.paragraphs)
        runs = [run for paragraph in paragraphs for run in paragraph]
        added, removed = (sum(_count(text) for kind, text in runs if kind == which) for which in (ADDED, REMOVED))
        if added or removed:
            found.append(Change(chapter.heading, tuple(paragraphs), added, removed))
    return found


def _paragraphs(before: Sequence[str], after: Sequence[str]) -> list[tuple[Run, ...]]:
    """Paragraphs that stand against each other are compared by words; others were added or removed whole."""
    found: list[tuple[Run, ...]] = []
    for _tag, i, i_end, j, j_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        old, new = before[i:i_end], after[j:j_end]
        paired = min(len(old), len(new))
        found += [_words(first, second) for first, second in zip(old, new, strict=False)]
        found += [((REMOVED, each),) for each in old[paired:]]
        found += [((ADDED, each),) for each in new[paired:]]
    return found


def _words(before: str, after: str) -> tuple[Run, ...]:
    if before == after:
        return ((KEPT, before),)
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    runs: list[Run] = []
    for tag, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            runs.append((KEPT, "".join(old[i:i_end])))
            continue
        if i_end > i:
            runs.append((REMOVED, "".join(old[i:i_end])))
        if j_end > j:
            runs.append((ADDED, "".join(new[j:j_end])))
    return tuple(runs)


def _count(text: str) -> int:
    return len(re.findall(r"[^\W_]+", text))
