"""Asks the OSV database whether a locked dependency has a known vulnerability; says plainly when it cannot be asked.

    python tools/audit.py [requirements.lock ...]

Exit codes: 0 none is known, 1 some are, 3 nothing was audited. Only names and versions of public packages are sent.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

DATABASE = "https://api.osv.dev"
ROOT = Path(__file__).parents[1]
NOT_AUDITED = 3


def locked(lock: str) -> list[tuple[str, str]]:
    """(name, version) of each package that the text of a lock file pins."""
    return re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", lock, flags=re.MULTILINE)


def known_vulnerabilities(
    packages: Sequence[tuple[str, str]], *, database: str = DATABASE, seconds: float = 10
) -> dict[tuple[str, str], list[str]]:
    """(name, version) -> identifiers of what is known of it; raises OSError where the database does not answer."""
    queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in packages]
    request = urllib.request.Request(
        f"{database}/v1/querybatch",
        json.dumps({"queries": queries}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=seconds) as answer:
        results = json.load(answer)["results"]
    found = {
        package: [each["id"] for each in result.get("vulns", [])]
        for package, result in zip(packages, results, strict=True)
    }
    return {package: known for package, known in found.items() if known}


def main(paths: Sequence[str], *, database: str = DATABASE) -> int:
    files = [Path(each) for each in paths] or [ROOT / "requirements.lock", ROOT / "requirements-dev.lock"]
    packages = sorted({each for file in files for each in locked(file.read_text(encoding="utf-8"))})
    try:
        found = known_vulnerabilities(packages, database=database)
    except (OSError, ValueError, KeyError) as problem:
        print(f"NOT AUDITED: {database} cannot be asked from here ({type(problem).__name__}).")
        return NOT_AUDITED
    for (name, version), known in found.items():
        print(f"{name} {version}: {', '.join(known)}")
    print(f"{len(packages)} packages, {len(found)} with a known vulnerability.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
