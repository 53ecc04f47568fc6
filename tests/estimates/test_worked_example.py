"""The worked examples of docs/how-to/estimate-from-a-survey.md run as they stand and print what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "estimate-from-a-survey.md"
FOLDER = ROOT.parent / "shared" / "data" / "survey"


def test_the_page_runs_and_prints_what_it_says(capsys):
    if not FOLDER.exists():
        pytest.skip("the survey files are not in ../shared/data")
    text = PAGE.read_text()
    names: dict[str, object] = {"folder": FOLDER}

    for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL):
        exec(block, names)

    printed = capsys.readouterr().out.splitlines()
    promised = re.findall(r"It prints `([^`]+)`", text)
    assert len(promised) == 3
    assert printed == promised
