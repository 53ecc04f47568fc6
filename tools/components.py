"""What Comity is made of: every locked package with version, hashes and licence, as a table or as a CycloneDX bill of materials.

python tools/components.py            a table; exit 1 where a licence is not among those we take
python tools/components.py --sbom     CycloneDX 1.6 JSON, the same bytes for the same lock files
"""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
TAKEN = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0", "Unlicense", "Zlib",
}  # fmt: skip
CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
IN_WORDS = {
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "ISC license": "ISC",
    "PSFL": "PSF-2.0",
    **{each: each for each in TAKEN},
}
READ_BY_A_PERSON = {
    "@uswds/uswds": "CC0-1.0",  # LICENSE.md: public domain but for fonts (OFL-1.1, Apache-2.0) and icons (Apache-2.0)
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",  # looks at printed pages in tests only
    "pyrage": "MIT",  # its LICENSE file
    "pyxform": "BSD-2-Clause",  # its LICENSE file
    "svy": "MIT",  # the text stands where the name should
    "svy-rs": "MIT",  # its LICENSE file
}


USED_UNCHANGED = {"psycopg", "psycopg-binary"}
"""LGPL libraries of an optional extra, installed beside Comity and never part of what it ships."""


@dataclass(frozen=True)
class Component:
    """One locked package.

    kind: "pypi" or "npm". hashes: CycloneDX algorithm and hex digest. licence: SPDX; "" where none is stated, None where the
    package is for other platforms and so not at hand.
    """

    kind: str
    name: str
    version: str
    hashes: tuple[tuple[str, str], ...]
    licence: str | None

    @property
    def is_taken(self) -> bool:
        """Whether every part of the licence, or one of its choices, is among those we take."""
        choices = re.split(r"\s+OR\s+", (self.licence or "").strip("()"))
        if self.licence is None or self.name in USED_UNCHANGED:
            return True
        return any(all(part in TAKEN for part in re.split(r"\s+AND\s+", choice)) for choice in choices)

    def as_cyclonedx(self) -> dict:
        """The component as CycloneDX writes it."""
        at = self.name.replace("@", "%40") if self.kind == "npm" else self.name
        reference = f"pkg:{self.kind}/{at}@{self.version}"
        return {
            "type": "library",
            "bom-ref": reference,
            "name": self.name,
            "version": self.version,
            "purl": reference,
            "hashes": [{"alg": name, "content": digest} for name, digest in self.hashes],
        }


def locked(lock: Path = ROOT / "requirements.lock") -> Iterator[Component]:
    """The Python packages of a lock file. Their licences are read from what is installed."""
    for entry in re.split(r"\n(?=\S)", lock.read_text()):
        found = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", entry)
        if found:
            hashes = tuple(("SHA-256", digest) for digest in re.findall(r"sha256:([0-9a-f]{64})", entry))
            yield Component("pypi", found[1], found[2], hashes, _licence_of(found[1]))


def locked_front_end(lock: Path = ROOT / "frontend" / "package-lock.json") -> Iterator[Component]:
    """The npm packages of a lock file, those of other platforms left out."""
    for path, entry in sorted(json.loads(lock.read_text())["packages"].items()):
        if not path or entry.get("optional"):
            continue
        name = path.rpartition("node_modules/")[2]
        digest = base64.b64decode(entry["integrity"].removeprefix("sha512-")).hex()
        licence = READ_BY_A_PERSON.get(name, entry.get("license", ""))
        yield Component("npm", name, entry["version"], (("SHA-512", digest),), licence)


def _licence_of(name: str) -> str | None:
    if name in READ_BY_A_PERSON:
        return READ_BY_A_PERSON[name]
    try:
        described = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None  # a package of another platform
    stated = described.get("License-Expression") or IN_WORDS.get(described.get("License", ""))
    if stated:
        return stated
    for line in described.get_all("Classifier") or []:
        if line.rpartition(" :: ")[2] in CLASSIFIERS:
            return CLASSIFIERS[line.rpartition(" :: ")[2]]
    return ""


def bill_of_materials() -> bytes:
    """CycloneDX 1.6 of what runs and of what the pages ship: a function of the lock files, with no time or random number."""
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [each.as_cyclonedx() for each in (*locked(), *locked_front_end())],
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def main() -> None:
    if "--sbom" in sys.argv:
        sys.stdout.buffer.write(bill_of_materials())
        return
    parts = [*locked(ROOT / "requirements-dev.lock"), *locked_front_end()]
    for each in parts:
        print(
            f"{each.kind:5} {each.name:34} {each.version:18} {'for other platforms' if each.licence is None else each.licence}"
        )
    refused = [each for each in parts if not each.is_taken]
    for each in refused:
        print(f"{each.name} is under '{each.licence}', which Comity does not take.", file=sys.stderr)
    raise SystemExit(1 if refused else 0)


if __name__ == "__main__":
    main()
