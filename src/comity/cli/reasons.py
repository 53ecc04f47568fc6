"""Reasons given on the command line, in each language of an agency: `--because en="..." --because es="..."`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from comity.errors import ComityError
from comity.wording import LANGUAGES


def because_option(what: str) -> Callable[[Any], Any]:
    """The option `--because`, which may be repeated; `what` says what it explains."""
    return click.option(
        "--because",
        "reasons",
        multiple=True,
        metavar="TEXT",
        help=f'{what} Once for each language, en="..." and es="..."; or @FILE, a TOML file with these lines.',
    )


def read_reasons(given: Sequence[str], languages: Sequence[str]) -> dict[str, str]:
    """Language -> reason. A text without a language is in the agency's only one. Raises ComityError otherwise."""
    found: dict[str, str] = {}
    for each in given:
        if each.startswith("@"):
            found |= _from_file(Path(each[1:]))
            continue
        match = re.match(rf"({'|'.join(LANGUAGES)})=(.*)", each, flags=re.DOTALL)
        if match:
            found[match[1]] = match[2].strip()
        elif len(languages) == 1:
            found[languages[0]] = each.strip()
        else:
            raise ComityError(
                f"--because {each!r} does not say in which of {', '.join(languages)} it is.",
                "Give it once for each: " + " ".join(f'--because {language}="..."' for language in languages),
            )
    return found


def _from_file(path: Path) -> dict[str, str]:
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ComityError(
            f"{path} does not hold a reason: {error}.", 'Write lines such as en = "..." and es = "...".'
        ) from None
    return {str(key): str(value) for key, value in read.items()}
