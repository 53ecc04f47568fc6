"""Makes a new instance folder: commented settings, an example mapping, and the ledger's key."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

from comity.errors import ComityError
from comity.ledger import create_key


class CannotCreate(ComityError):
    """The folder for a new instance is taken or cannot be made."""


def create_instance(folder: Path, *, origin: str | None = None, template: str = "comity.instance") -> None:
    """Makes the instance `folder` from the files in `template`/template, with a new key of mode 0600.

    origin: the name of the log for ever, a site's name without scheme; by default made from the folder's name.
    Raises CannotCreate when `folder` already holds something. Nothing is left behind on failure.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CannotCreate(f"{folder} already exists and is not empty.", "Name a folder that does not exist yet.")
    if not folder.parent.is_dir():
        raise CannotCreate(f"{folder.parent} is not a folder.", "Make it first, or name another place.")
    making = folder.parent / f".{folder.name}.making"
    shutil.rmtree(making, ignore_errors=True)
    try:
        with as_file(files(template) / "template") as source:
            shutil.copytree(source, making)
        (making / "records").mkdir(mode=0o700)
        (making / "keys").mkdir(mode=0o700)
        create_key(making / "keys" / "ledger.key", origin or f"{_slug(folder.absolute().name)}/comity")
        if folder.exists():
            folder.rmdir()
        making.rename(folder)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise


def _slug(name: str) -> str:
    kept = "".join(c if c.isalnum() and c.isascii() else "-" for c in name.lower()).strip("-")
    return kept or "instance"
