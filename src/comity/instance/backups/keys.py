"""Keys of backups, by age: whoever makes one needs only the public half, so a stolen machine opens none of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from comity.instance.backups.archive import BackupError, Crypt


def create_key(path: Path) -> str:
    """Writes a new private key to `path`, for its owner only; returns the public half. Raises BackupError where a file is."""
    identity = _pyrage().x25519.Identity.generate()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BackupError(f"There is a file {path} already.", "Name another; a key is never overwritten.") from None
    with os.fdopen(handle, "w") as file:
        file.write(f"# public key: {identity.to_public()}\n{identity}\n")
    return str(identity.to_public())


def encrypting(recipients: Sequence[str]) -> Crypt:
    """The function that encrypts a stream for all of `recipients` ("age1..."). Raises BackupError for none or a wrong one."""
    age = _pyrage()
    if not recipients:
        raise BackupError(
            "A backup holds the keys and answers of the instance, and nobody is named who may open it.",
            "Make a key with: comity backup --new-key FILE, and name its public half with --for age1...",
        )
    found = []
    for each in recipients:
        try:
            found.append(age.x25519.Recipient.from_str(each))
        except age.RecipientError:
            raise BackupError(f"'{each}' is not a public key of age.", "It begins with age1.") from None

    def encrypt(source: IO[bytes], sink: IO[bytes]) -> None:
        age.encrypt_io(source, sink, found)

    return encrypt


def decrypting(identity: Path) -> Crypt:
    """The function that decrypts with the private key in the file `identity`. Raises BackupError, and never shows the key."""
    age = _pyrage()
    lines = [line.strip() for line in identity.read_text(encoding="utf-8").splitlines()]
    try:
        found = [age.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except age.IdentityError:
        found = []
    if not found:
        raise BackupError(
            f"{identity} holds no private key of age.", "It has a line that begins with AGE-SECRET-KEY-1."
        )

    def decrypt(source: IO[bytes], sink: IO[bytes]) -> None:
        try:
            age.decrypt_io(source, sink, found)
        except BrokenPipeError:
            raise
        except (age.DecryptError, OSError):  # damage found in the middle of the stream comes as an OSError
            raise BackupError(
                "The backup cannot be opened: it is damaged, or made for another key.",
                "Try another copy of it, or the private key that belongs to it.",
            ) from None

    return decrypt


def _pyrage() -> Any:
    try:
        import pyrage
    except ImportError:
        raise BackupError("Backups need the package pyrage.", "Install it with: pip install 'comity[backup]'") from None
    return pyrage
