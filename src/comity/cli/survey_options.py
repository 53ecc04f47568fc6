"""What the commands of `comity survey` share: options, and files that are read and written with one clear sentence when they cannot be."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from comity.errors import ComityError

FILE = click.Path(path_type=Path)
DAY = click.DateTime(["%Y-%m-%d"])
OUT = click.option("--out", type=FILE, required=True, help="File to write; it must not exist.")
SEED = click.option("--seed", type=int, required=True, help="Any whole number; keep it, to draw the same again.")


class SurveyFileError(ComityError):
    """A survey command was given files it cannot use."""


def write_new(path: Path, data: bytes) -> None:
    from comity.releases.states import write_file

    refuse_to_overwrite(path)
    write_file(path, data)


def refuse_to_overwrite(path: Path) -> None:
    if path.exists():
        raise SurveyFileError(f"{path} is there already.", "Give another name, or move it away.")
    if not path.parent.is_dir():
        raise SurveyFileError(f"There is no folder {path.parent}.", "Make it first.")


def read_toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SurveyFileError(f"There is no file {path}.", "See docs/how-to/run-a-survey.md for an example.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SurveyFileError(f"{path} is not valid TOML ({error}).", "Check quotes and equal signs.") from None


def pairs_of(pairs: tuple[str, ...]) -> dict[str, str]:
    if not all("=" in each for each in pairs):
        raise SurveyFileError("A pair has no '='.", "Write it as name=value.")
    return dict(each.rsplit("=", 1) for each in pairs)


def day_or_today(day: datetime | None) -> date:
    return day.date() if day else date.today()
