"""Encrypts what signs people in (the secrets of authenticator apps and recovery codes) with a key beside the database.

A copy of the database alone opens no account. Fernet: AES-128-CBC with HMAC-SHA-256, of the `cryptography` package.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet
from django.conf import settings

from comity.errors import ComityError

KEY = "second-factors.key"


class SecondFactorKeyMissing(ComityError):
    """The key that second factors are encrypted with is not there."""


def create_key(keys: Path) -> None:
    """Writes a new key into the folder `keys`, mode 0600. An existing one is left as it is."""
    keys.mkdir(mode=0o700, exist_ok=True)
    try:
        handle = os.open(keys / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(Fernet.generate_key() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def box() -> Fernet:
    """What encrypts and decrypts with the key of the instance that is served. Raises SecondFactorKeyMissing."""
    return _read(settings.KEYS / KEY)


@lru_cache(maxsize=100)
def _read(path: Path) -> Fernet:
    try:
        return Fernet(path.read_bytes().strip())
    except (FileNotFoundError, ValueError):
        raise SecondFactorKeyMissing(
            f"{path.name} is missing or damaged, so no second factor can be checked.",
            "Restore it into keys/ from a backup; without it give each account a new link: comity account reset NAME.",
        ) from None
