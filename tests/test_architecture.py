"""ARCHITECTURE.md's import table is true: no file of ours imports what its folder may not, inside functions
included."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "comity"


def allowed_imports() -> dict[str, set[str]]:
    """Folder -> the folders it may import, read from the table in ARCHITECTURE.md."""
    section = (ROOT / "ARCHITECTURE.md").read_text().split("## Who may import whom")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([a-z_/]+)` \| (.+) \|$", section, flags=re.MULTILINE)
    folders = {folder for folder, _ in rows}
    return {folder: folders if may == "everything" else set(re.findall(r"`([a-z_/]+)`", may)) for folder, may in rows}


def folder_of(module: str, folders: set[str]) -> str | None:
    """The longest folder of the table that holds dotted `module` (without "comity."), or None."""
    path = module.replace(".", "/")
    holding = [folder for folder in folders if path == folder or path.startswith(folder + "/")]
    return max(holding, key=len, default=None)


def imported_modules(source: str, module: str) -> list[tuple[int, str]]:
    """(line, module) of every import of comity in `source`; relative imports are resolved against `module`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")[: -node.level]
                base = ".".join([*parents, base] if base else parents)
            found += [(node.lineno, f"{base}.{alias.name}") for alias in node.names]
        elif isinstance(node, ast.Call) and "import_module" in ast.dump(node.func):
            found += [
                (node.lineno, a.value) for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
            ]
    return [(line, name) for line, name in found if name == "comity" or name.startswith("comity.")]


def forbidden_imports(source: str, module: str, table: dict[str, set[str]]) -> list[str]:
    folders = set(table)
    here = folder_of(module.removeprefix("comity."), folders)
    if here is None:
        return [f"{module}: its folder is not in the import table of ARCHITECTURE.md"]
    wrong = []
    for line, name in imported_modules(source, module):
        there = folder_of(name.removeprefix("comity."), folders)
        if there is None or there == here or there in table[here]:
            continue
        wrong.append(f"{module}:{line} imports {name}; `{here}` may not import `{there}`")
    return wrong


def modules() -> list[tuple[str, Path]]:
    return [
        (".".join(["comity", *path.relative_to(SOURCE).with_suffix("").parts]), path)
        for path in sorted(SOURCE.rglob("*.py"))
        if path != SOURCE / "__init__.py" and "static" not in path.parts
    ]


def test_no_module_imports_what_its_folder_may_not():
    table = allowed_imports()

    wrong = [line for module, path in modules() for line in forbidden_imports(path.read_text(), module, table)]

    assert wrong == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("comity.releases.build", "from comity.disparity import Finding"),
        ("comity.site.portal.views", "def view():\n    from comity.records import standardise"),
        ("comity.site.portal.views", "import comity.instance.publish"),
        ("comity.ledger.log", "from ..records import mapping"),
        ("comity.disclosure.audit", "import importlib\nimportlib.import_module('comity.releases')"),
    ],
)
def test_a_planted_forbidden_import_is_found(module, source):
    assert len(forbidden_imports(source, module, allowed_imports())) == 1


def test_every_folder_is_in_the_table():
    folders = {f"{path.parent.relative_to(SOURCE)}" for path in SOURCE.rglob("__init__.py")} - {"."}
    table = set(allowed_imports())

    assert {folder.split("/")[0] for folder in folders} <= {name.split("/")[0] for name in table}
