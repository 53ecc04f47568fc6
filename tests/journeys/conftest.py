"""A served portal and Debian's Chromium; each journey is skipped with the reason where one of them is missing."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


@contextlib.contextmanager
def served_instance(folder):
    """Address of a portal that serves `folder`, as `comity serve` starts it."""
    built = Path(__file__).parents[2] / "src" / "comity" / "site" / "static" / "built" / "manifest.json"
    if not built.is_file():
        pytest.skip("the front end is not built; run make frontend")
    process = subprocess.Popen(
        [sys.executable, "-c", "from comity.cli.main import main; main()", "serve", "--instance", str(folder),
         "--port", "0", "--workers", "1"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        yield re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def served(demo_instance):
    """Address of the portal of the published demo."""
    with served_instance(demo_instance) as address:
        yield address


@pytest.fixture
def served_with_outlines(demo_instance, tmp_path):
    """Address of the same portal where the places have outlines, as an agency supplies them, not only centers."""
    shutil.copytree((demo_instance / "public").resolve(), tmp_path / "public")
    path = tmp_path / "public" / "areas" / "neighborhood.geojson"
    areas = json.loads(path.read_bytes())
    for feature in areas["features"]:
        east, north = feature["geometry"]["coordinates"]
        corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
        ring = [[east + 0.006 * x, north + 0.006 * y] for x, y in corners]
        feature["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    path.write_text(json.dumps(areas))
    with served_instance(tmp_path) as address:
        yield address


@pytest.fixture
def open_page(browser, served):
    """Opens pages at the width of a phone or a desk, and fails the test when a script or the policy complains."""
    contexts, problems = [], []

    def is_problem(line):
        return line.type == "error" and "status of 422" not in line.text  # a form that came back to be mended

    def start(*, width=1280, height=800, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, base_url=served, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if is_problem(line) else None)
        return page

    yield start
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="session")
def axe():
    """Looks for accessibility violations (WCAG 2.2 A and AA, and best practices) on the page as it stands."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run make frontend")
    source = AXE.read_text()

    def violations(page):
        page.evaluate(source)
        found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [(each["id"], [node["html"][:200] for node in each["nodes"]][:3]) for each in found["violations"]]

    return violations
