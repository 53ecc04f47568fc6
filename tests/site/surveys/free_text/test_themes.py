"""Themes are found again where they were planted, and their shares are those of the population."""

from __future__ import annotations

import numpy as np
import pytest

from comity.estimates import Design, Survey
from comity.site.surveys.free_text import ThemesError, find_themes
from comity.site.surveys.free_text.themes import theme_sentence

SAYINGS = {
    "traffic": ["Cars speed near the school crossing", "Slow speeding cars on the school road", "Speeding cars and no crossing"],
    "response": ["Nobody answers the phone, calls wait hours", "I waited hours after two phone calls", "Answer phone calls faster, hours of waiting"],
    "respeto": ["Escuchen y traten con respeto a la gente", "Falta respeto, no escuchan a la gente", "Más respeto y escuchar a la gente"],
}  # fmt: skip


def made(seed=0, people=600):
    """A survey in which strangers to the city are drawn twice as often and write about another theme."""
    chance = np.random.default_rng(seed)
    heavy = chance.random(people) < 0.5
    texts, planted = [], []
    for at in range(people):
        shares = [0.6, 0.2, 0.2] if heavy[at] else [0.2, 0.2, 0.6]
        theme = chance.choice(list(SAYINGS), p=shares)
        planted.append(theme)
        texts.append(None if chance.random() < 0.1 else str(chance.choice(SAYINGS[theme])))
    survey = Survey.read({"w": np.where(heavy, 2.0, 1.0).tolist()}, Design(weights="w"))
    return survey, texts, planted


def test_planted_themes_are_found_with_their_shares_of_the_population():
    survey, texts, planted = made()

    themes = find_themes(survey, texts, count=3)

    truth = {"traffic": (2 * 0.6 + 0.2) / 3, "response": 0.2, "respeto": (2 * 0.2 + 0.6) / 3}
    keys = {"traffic": "speed", "response": "phone", "respeto": "respeto"}
    assert len(themes) == 3
    for name, word in keys.items():
        theme = next(each for each in themes if any(word in found for found in each.words))
        right = [member == (planted[at] == name) for at, member in enumerate(theme.members) if texts[at]]
        assert sum(right) / len(right) > 0.97
        assert theme.share.low < truth[name] < theme.share.high
    assert [each.name for each in themes] == ["theme_1", "theme_2", "theme_3"]
    assert "of those who wrote something" in str(theme_sentence(themes[0]))
    assert "de quienes escribieron algo" in theme_sentence(themes[0]).in_language("es")


def test_the_same_answers_give_the_same_themes():
    survey, texts, _ = made(1)

    assert find_themes(survey, texts, count=3) == find_themes(survey, texts, count=3)


def test_a_word_that_few_used_never_shows():
    survey, texts, _ = made(2)
    texts[:9] = [f"{text or ''} Zanzibarstrasse" for text in texts[:9]]

    words = {word for theme in find_themes(survey, texts, count=5) for word in theme.words}

    assert not any("zanzibar" in word for word in words)


def test_too_little_or_nothing_in_common_is_said():
    survey, texts, _ = made()

    with pytest.raises(ThemesError, match="Only 12 people wrote"):
        find_themes(survey, [*texts[:0], *(["hello there"] * 12), *([None] * (survey.rows - 12))])
    with pytest.raises(ThemesError, match="No word is used by at least 10"):
        find_themes(
            survey, [f"w{chr(97 + at % 26)}{chr(97 + at // 26 % 26)}x{'y' * (at % 7)}" for at in range(survey.rows)]
        )
