"""How hard a text is to read: Flesch-Kincaid grade for English, Fernandez Huerta ease for Spanish.

Kincaid et al. (1975), Research Branch Report 8-75; Fernandez Huerta (1959), Consigna 214, with the sentence term as corrected by
Law (2011). Both become a school grade, so that one limit holds for both languages. Syllables are counted by rules.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

LANGUAGES = ("en", "es")

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def reading_grade(text: str, language: str) -> float | None:
    """The school grade (1 is the first year) that reads `text` easily; None where the language or the text allows no measure.

    Texts under five words are not measured. Each line that ends without a stop counts as a sentence, as in a list.
    """
    words = _WORD.findall(text)
    if language not in LANGUAGES or len(words) < 5:
        return None
    sentences = max(1, len([part for part in re.split(r"[.!?:;]+|\n+", text) if _WORD.search(part)]))
    syllables = sum(count_syllables(word, language) for word in words)
    words_a_sentence, syllables_a_word = len(words) / sentences, syllables / len(words)
    if language == "en":
        return max(0.0, 0.39 * words_a_sentence + 11.8 * syllables_a_word - 15.59)
    ease = 206.84 - 60 * syllables_a_word - 1.02 * words_a_sentence
    return max(0.0, _grade_of_ease(ease))


def count_syllables(word: str, language: str) -> int:
    """Syllables of one word, at least 1."""
    return max(1, _spanish(word.casefold()) if language == "es" else _english(word.casefold()))


def _english(word: str) -> int:
    letters = re.sub(r"[^a-z]", "", unicodedata.normalize("NFD", word))
    count = len(re.findall(r"[aeiouy]+", letters))
    is_silent = letters.endswith("e") and not letters.endswith(("le", "ee", "ye", "oe"))
    if is_silent or (
        letters.endswith(("es", "ed")) and not re.search(r"([sxz]|[cs]h|[cg])es$|[td]ed$|l[ei]e[sd]$", letters)
    ):
        count -= 1
    return count + len(
        re.findall(r"(?:i[ao]|eo(?![pn])|[aeiou]ing$|[^aeiou]ea$)", re.sub(r"[ctsg]ia|[ctsg]io|eou", "", letters))
    )


def _spanish(word: str) -> int:
    """Runs of vowels, split where two strong ones (a, e, o, or an accented i or u) meet."""
    letters = re.sub(r"qu|gu(?=[ei])", "k", word)
    count, before = 0, ""
    for letter in letters:
        strong = letter in "aeoáéóíú"
        weak = letter in "iuü" or (letter == "y" and before not in ("", " "))
        if strong or weak:
            if before not in ("strong", "weak") or (strong and before == "strong"):
                count += 1
            before = "strong" if strong else "weak"
        else:
            before = letter
    return count


def _grade_of_ease(ease: float) -> float:
    """The table of ease and schooling as straight lines between its steps: 90 is grade 4, 70 grade 6, 50 grade 10, 30 grade 14."""
    steps = ((110.0, 1.0), (90.0, 4.0), (80.0, 5.0), (70.0, 6.0), (60.0, 8.0), (50.0, 10.0), (30.0, 14.0), (0.0, 18.0))
    for (high, low_grade), (low, high_grade) in pairwise(steps):
        if ease >= low:
            return max(0.0, low_grade + (high - min(ease, high)) / (high - low) * (high_grade - low_grade))
    return 18.0
