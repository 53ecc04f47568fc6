"""Asking before something is sealed: a person at a terminal is asked, a scheduler says `--yes`, anybody else is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from comity.errors import ComityError

yes_option: Callable[[Any], Any] = click.option("--yes", is_flag=True, help="Seal without asking, for schedulers.")


def agrees(shown: str, question: str, *, yes: bool, see: str = "") -> bool:
    """Shows what would become public and asks; True with `--yes`.

    see: where all of it can be looked at. Raises ComityError where nobody can be asked.
    """
    click.echo(shown, err=True)
    if yes:
        return True
    if not sys.stdin.isatty():
        raise ComityError(
            "Nothing was sealed: there is no terminal to ask at.",
            f"Look at {see or 'what is shown above'}, then run the same command with --yes.",
        )
    return click.confirm(question, err=True)
