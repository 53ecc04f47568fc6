"""The page that verifies a public folder in a browser: one HTML file without anything from elsewhere.

It makes the checks of `comity.ledger.verify` with the browser's own cryptography (Web Cryptography API: Ed25519,
SHA-256), on a folder that the reader chooses or on an address. Saved to disk, it works offline.
"""

from __future__ import annotations

import re
from hashlib import sha256
from importlib.resources import files

from comity.ledger.notes import encode_base64


def verify_page() -> bytes:
    """The page, to write to a file or to serve as it is."""
    return files("comity.ledger").joinpath("static/verify.html").read_bytes()


def content_security_policy() -> str:
    """The strictest policy under which a server can send the page: its own script and style by hash, nothing else."""
    page = verify_page().decode()
    script, style = (_hash(page, tag) for tag in ("script", "style"))
    return (
        f"default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash(page: str, tag: str) -> str:
    content = re.findall(rf"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
    assert len(content) == 1
    return f"sha256-{encode_base64(sha256(content[0].encode()).digest())}"
