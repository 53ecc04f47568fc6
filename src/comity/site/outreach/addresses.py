"""E-mail addresses as the store keeps them: encrypted, and found again by a keyed digest.

The key is the instance's `keys/addresses.key`, made when it is first needed; a copy of the database alone names nobody.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet


@dataclass(frozen=True)
class AddressKey:
    """secret: 32 bytes."""

    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, folder: Path) -> AddressKey:
        """The key of the instance in `folder`, made with mode 0600 where there is none."""
        path = folder / "keys" / "addresses.key"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return cls(bytes.fromhex(path.read_text().strip()))
        secret = secrets.token_bytes(32)
        with os.fdopen(handle, "w") as file:
            file.write(secret.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        return cls(secret)

    def seal(self, address: str) -> str:
        """`address`, encrypted (Fernet: AES-128-CBC and HMAC-SHA-256)."""
        return Fernet(self._part("address")).encrypt(address.encode()).decode()

    def open(self, sealed: str) -> str:
        return Fernet(self._part("address")).decrypt(sealed.encode()).decode()

    def index(self, address: str) -> str:
        """What an address is found by; the same however its letters are written."""
        return hmac.digest(self.secret, f"index\n{address.casefold()}".encode(), "sha256").hex()

    def _part(self, use: str) -> bytes:
        return base64.urlsafe_b64encode(hmac.digest(self.secret, use.encode(), "sha256"))
