"""What many tests share: the real data folder, and one published demo for the whole run."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PUBLISHED_ON = date(2026, 3, 1)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader",
]  # fmt: skip


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data that may not ship with the project; the test is skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the shared data folder is not beside the project ({folder.name} is absent)")
    return folder


@pytest.fixture(scope="session")
def demo_instance(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The published Minneapolis demo; made once for all workers. Do not change it: copy it."""
    from comity.demo.minneapolis import publish_demo

    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "demo-instance"
    with (folder.parent / "demo-instance.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "public").exists():
            publish_demo(folder, today=PUBLISHED_ON)
    return folder


@pytest.fixture(scope="session")
def write_public_folder() -> Callable[..., Path]:
    """The function that writes a small public folder by hand: a correction, an overdue promise, suppressed cells."""
    return _load(Path(__file__).parent / "site" / "public_folder.py").write_public_folder


@pytest.fixture(scope="session")
def small_public(write_public_folder: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That folder, made once. Do not change it: copy it."""
    return write_public_folder(tmp_path_factory.mktemp("instance"))


@pytest.fixture(scope="session")
def browser():
    """Chromium, one for the whole run: Playwright cannot be started twice in a process."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed; run tools/test-system-packages")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def generator() -> ModuleType:
    """The seeded generator of linked tables."""
    return _load(ROOT / "benchmarks" / "random_tables.py")


@pytest.fixture(scope="session")
def outsider() -> ModuleType:
    """The slow attacker on published tables."""
    return _load(ROOT / "tests" / "reference" / "outsider.py")


def _load(path: Path) -> ModuleType:
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
