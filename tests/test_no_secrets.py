"""No key, token or password is in the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Put together from parts, so that this file holds none of them.
SECRETS = {
    "a private key": "-----BEGIN " + r"[A-Z ]*PRIVATE KEY-----",
    "a ledger's or witness's key": "PRIVATE" + r"\+KEY\+[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{40,}",
    "an age key": "AGE-SECRET-" + r"KEY-1[0-9A-Z]{40,}",
    "a GitHub token": "gh" + r"[pousr]_[A-Za-z0-9]{36}",
    "an AWS key": r"\bAK" + r"IA[0-9A-Z]{16}\b",
    "a Slack token": "xox" + r"[abprs]-[A-Za-z0-9-]{20,}",
    "a token of a package registry": "py" + r"pi-AgEI[A-Za-z0-9_-]{50,}",
    "a signed web token": r"\bey" + r"J[A-Za-z0-9_-]{20,}\.ey" + r"J[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",
    "a Fernet key": r"(?:KEY|key)['\"]?\s*[=:]\s*b?['\"][A-Za-z0-9_-]{43}=['\"]",
}
KEY_FILES = re.compile(r"(^|/)(\.env|id_rsa|id_ed25519|.*\.(pem|p12|pfx|key|sqlite3|keystore))$")


def secrets_in(text: str) -> list[str]:
    return [what for what, pattern in SECRETS.items() if re.search(pattern, text)]


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [name for name in listed.decode().split("\0") if name]


def test_no_tracked_file_holds_a_secret():
    found = {}
    for name in tracked():
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            what = secrets_in(path.read_text(encoding="latin-1"))
            if what or KEY_FILES.search(name):
                found[name] = what

    assert found == {}


@pytest.mark.parametrize(
    ("what", "planted"),
    [
        ("a private key", "-----BEGIN " + "EC PRIVATE KEY-----"),
        ("a ledger's or witness's key", "PRIVATE" + "+KEY+town.example+0a1b2c3d+" + "A" * 44),
        ("an age key", "AGE-SECRET-" + "KEY-1" + "Q" * 58),
        ("a GitHub token", "gh" + "p_" + "a" * 36),
        ("an AWS key", "AK" + "IA" + "A" * 16),
        ("a Slack token", "xox" + "b-" + "1" * 24),
        ("a token of a package registry", "py" + "pi-AgEI" + "a" * 60),
        ("a signed web token", "ey" + "J" + "a" * 30 + ".ey" + "J" + "b" * 30 + "." + "c" * 30),
        ("a Fernet key", 'KEY = "' + "a" * 43 + '="'),
    ],
)
def test_a_planted_one_is_found(what, planted):
    assert secrets_in(f"something\n{planted}\n") == [what]
