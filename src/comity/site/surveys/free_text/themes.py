"""What people write about, and how many of the population would: words that go together, then design-based shares.

Words are weighted by TF-IDF (Salton and Buckley 1988) and split into themes by non-negative matrix factorisation (Lee and Seung
1999); a text can have several themes or none. The shares and their intervals come from the survey's design like any other estimate;
that the themes were found in the same answers is not in the interval, and is said.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

import numpy as np

from comity.errors import ComityError
from comity.estimates import Estimate, Survey, estimate_mean
from comity.wording import Message, message

BELONGS = 0.25
_HIDDEN = re.compile(r"\[[a-z]+\]")  # where a redactor hid something
NOTE = message(
    "Themes were found in the same answers that they are counted in; the interval is that of sampling alone. Answers can have "
    "several themes or none."
)


class ThemesError(ComityError):
    """Themes cannot be found in these answers."""


@dataclass(frozen=True)
class Theme:
    """words: the most telling ones, each used by at least `minimum_n` people. share: of the people who wrote something.

    members: for each row of the survey, whether its text has this theme (False where nothing was written); not for publication.
    """

    name: str
    words: tuple[str, ...]
    n: int
    share: Estimate
    members: tuple[bool, ...]


def find_themes(
    survey: Survey, texts: Sequence[str | None], *, count: int = 8, seed: int = 0, words: int = 6
) -> list[Theme]:
    """Up to `count` themes of `texts` (one a row of `survey`, None or '' where nothing was written), the most common first.

    Only words that at least the design's minimum_n people use are looked at, so no word points to a person, and themes of fewer
    people are left out. Raises ThemesError where scikit-learn is missing or too little was written.
    """
    try:
        from sklearn.decomposition import NMF
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError:
        raise ThemesError(
            "Finding themes needs the package scikit-learn.", "Install it with: pip install 'comity[themes]'."
        ) from None
    if len(texts) != survey.rows:
        raise ThemesError(f"There are {len(texts)} texts and {survey.rows} rows.", "Give one text a row.")
    fewest = survey.design.minimum_n
    written = [at for at, text in enumerate(texts) if text and text.strip()]
    if len(written) < 5 * fewest:
        raise ThemesError(
            f"Only {len(written)} people wrote something.",
            f"Themes need at least {5 * fewest}; read the answers instead.",
        )
    vectorizer = TfidfVectorizer(
        tokenizer=_words, token_pattern=None, lowercase=False, min_df=fewest, max_df=0.6, sublinear_tf=True
    )
    try:
        matrix = vectorizer.fit_transform([texts[at] for at in written])
    except ValueError:
        raise ThemesError(
            f"No word is used by at least {fewest} people.", "The answers have nothing in common; read them instead."
        ) from None
    vocabulary = vectorizer.get_feature_names_out()
    found = min(count, len(vocabulary))
    model = NMF(found, init="nndsvda", random_state=seed, max_iter=1000, tol=1e-5)
    loadings = model.fit_transform(matrix) * np.linalg.norm(model.components_, axis=1)
    total = loadings.sum(axis=1, keepdims=True)
    shares = np.divide(loadings, total, out=np.zeros_like(loadings), where=total > 1e-9)
    themes = []
    for at in range(found):
        members = np.zeros(survey.rows, bool)
        members[written] = shares[:, at] >= BELONGS
        n = int(members.sum())
        if n >= fewest:
            ranked = np.argsort(-model.components_[at], kind="stable")[:words]
            telling = tuple(str(vocabulary[word]) for word in ranked if model.components_[at][word] > 0)
            themes.append(Theme("", telling, n, _share(survey, members, written), tuple(members.tolist())))
    themes.sort(key=lambda theme: (-(theme.share.estimate or 0.0), theme.words))
    return [replace(theme, name=f"theme_{at}") for at, theme in enumerate(themes, 1)]


def theme_sentence(theme: Theme) -> Message:
    """One theme in words, with its numbers."""
    share = theme.share
    if share.estimate is None or share.low is None or share.high is None:
        return message("About “{words}”: {n} people.", words=", ".join(theme.words), n=theme.n)
    return message(
        "About “{words}”: {share} of those who wrote something (95% interval {low} to {high}; {n} people).",
        words=", ".join(theme.words),
        share=f"{share.estimate:.0%}",
        low=f"{max(share.low, 0):.0%}",
        high=f"{min(share.high, 1):.0%}",
        n=theme.n,
    )


def _share(survey: Survey, members: np.ndarray, written: Sequence[int]) -> Estimate:  # type: ignore[type-arg]
    values = np.full(survey.rows, np.nan)
    values[list(written)] = members[list(written)].astype(float)
    with_theme = replace(survey, columns=survey.columns.with_column("theme", values))
    return estimate_mean(with_theme, "theme")[0]


def _words(text: str) -> list[str]:
    """Words of three letters or more in lower case and without accents, common words of both languages left out.

    Plain plurals are brought together by their endings, so that "officers" and "officer" are one.
    """
    text = _HIDDEN.sub(" ", text)
    plain = unicodedata.normalize("NFD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = (_singular(word) for word in re.findall(r"[a-z]{3,}", plain))
    return [word for word in words if word not in _COMMON]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


_COMMON = frozenset((files(__package__) / "common_words.txt").read_text(encoding="utf-8").split())
