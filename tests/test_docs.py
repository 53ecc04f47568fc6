"""The tutorial works as it stands: each command is run, in order, in an empty folder; and pages link only to pages that exist."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TUTORIAL = ROOT / "docs" / "tutorial" / "first-release.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])


def blocks(page: Path) -> list[tuple[str, str]]:
    """(what follows the backticks, content) of each fenced block."""
    return re.findall(r"^```([^\n`]+)\n(.*?)^```$", page.read_text(), flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def shell(tmp_path):
    """Runs a script in an empty folder, with this environment's comity and python on the path."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    def run(script: str, *, background: bool = False):
        if background:
            return subprocess.Popen(["bash", "-c", f"exec {script.strip()}"], cwd=tmp_path, env=environment)
        return subprocess.run(
            ["bash", "-ec", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    run.folder = tmp_path
    return run


@pytest.mark.slow
def test_the_tutorial_runs_from_the_raw_file_to_a_served_release(shell):
    seen = []

    for kind, content in blocks(TUTORIAL):
        seen.append(kind.split()[0])
        if kind.startswith(("yaml ", "toml ")):
            (shell.folder / kind.split()[1]).write_text(content)
        elif kind.startswith("sh serves"):
            answer = served(shell, content, port=int(kind.split()[2]))
            assert "times as high for Black as for White people" in answer
            assert "Our Town Police Department" in answer
        else:
            result = shell(content)
            assert "Traceback" not in result.stderr
            assert (result.returncode != 0) == kind.endswith("fails"), (content, result.stdout, result.stderr)

    assert seen.count("sh") >= 9


def served(shell, command: str, *, port: int) -> str:
    server = shell(command, background=True)
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                    return answer.read().decode()
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the portal did not come up in 30 seconds")
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_the_tutorial_notebook_runs_and_shows_tables_and_pictures(tmp_path):
    import nbformat
    from nbclient import NotebookClient

    shutil.copy(ROOT / "docs" / "tutorial" / "notebook.ipynb", tmp_path)
    notebook = nbformat.read(tmp_path / "notebook.ipynb", as_version=4)

    NotebookClient(notebook, timeout=200, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()

    outputs = [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]
    kinds = [kind for out in outputs for kind in out.get("data", {})]
    assert "text/html" in kinds
    assert any("vegalite" in kind for kind in kinds)
    assert "1,344" in str(outputs)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]

    assert broken == []


def test_no_page_or_source_names_a_registry_or_a_path_of_one_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    forbidden = re.compile(
        "|".join(
            (
                "pypi" + r"\.org",
                "npmjs" + r"\.(org|com)",
                "pythonhosted" + r"\.org",
                "deb" + r"\.debian\.org",
                r"(?<![\w./])/(root|work)/",
            )
        )
    )
    found = []

    for name in filter(None, listed):
        path = ROOT / name
        if path.suffix in (".gz", ".parquet", ".png", ".woff2", ".ico", ".xlsx", ".pdf") or not path.is_file():
            continue
        found += [(name, line[:80]) for line in path.read_text(errors="replace").splitlines() if forbidden.search(line)]

    assert found == []
