"""What Comity is built from: licences that we take, a bill of materials, and a wheel that comes out the same twice."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "components.py"


@pytest.fixture(scope="module")
def components():
    return runpy.run_path(str(TOOL))


def test_every_locked_package_is_under_a_licence_that_we_take():
    done = subprocess.run([sys.executable, TOOL], capture_output=True, text=True, check=False)

    assert done.stderr == ""
    assert done.returncode == 0
    assert re.search(r"^pypi  django +\S+ +BSD-3-Clause$", done.stdout, re.MULTILINE)
    assert re.search(r"^npm   maplibre-gl +\S+ +BSD-3-Clause$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "AGPL-3.0-or-later", "MIT AND GPL-2.0-only", "LGPL-3.0-only", ""])
def test_other_licences_and_packages_without_one_are_refused(components, licence):
    assert not components["Component"]("pypi", "anything", "1", (), licence).is_taken


@pytest.mark.parametrize("licence", ["MIT", "(MIT OR GPL-2.0-only)", "BSD-3-Clause AND 0BSD"])
def test_one_acceptable_choice_is_enough(components, licence):
    assert components["Component"]("npm", "anything", "1", (), licence).is_taken


def test_the_bill_names_each_locked_package_once_with_its_hashes(components):
    bill = json.loads(components["bill_of_materials"]())
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    python = [(each["name"], each["version"]) for each in bill["components"] if each["purl"].startswith("pkg:pypi/")]

    assert python == pinned
    assert all(len(each["hashes"]) > 0 for each in bill["components"])
    assert any(each["purl"].startswith("pkg:npm/%40uswds/uswds@") for each in bill["components"])


def test_a_wheel_built_twice_from_the_same_sources_is_the_same_bytes(tmp_path):
    if not (ROOT / "src" / "comity" / "site" / "static" / "built").is_dir():
        pytest.skip("the front end is not built; run make frontend")
    sources = tmp_path / "sources"
    for part in ("src", "frontend", "tools"):
        shutil.copytree(ROOT / part, sources / part, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    for part in ("pyproject.toml", "hatch_build.py", "requirements.lock", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / part, sources / part)
    wheels = []
    for name in ("one", "another"):
        folder = shutil.copytree(sources, tmp_path / name)
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        wheels += (folder / "dist").glob("*.whl")

    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    with zipfile.ZipFile(wheels[0]) as wheel:
        names = wheel.namelist()
        bill = next(name for name in names if name.endswith("/sboms/comity.cdx.json"))
        assert wheel.read(bill) == runpy.run_path(str(TOOL))["bill_of_materials"]()
    assert any(name.startswith("comity/site/static/built/portal-") for name in names)
