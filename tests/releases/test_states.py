"""The public folder changes as a whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from comity.releases.states import PublisherBusy, StateError, next_state, only_publisher, write_file


def publish_files(folder: Path, files: dict[str, str]) -> None:
    with only_publisher(folder), next_state(folder) as state:
        for name, content in files.items():
            write_file(state / name, content.encode())


def contents(folder: Path) -> dict[str, str]:
    public = folder / "public"
    return {str(p.relative_to(public)): p.read_text() for p in sorted(public.rglob("*")) if p.is_file()}


def test_a_new_state_keeps_what_did_not_change(tmp_path):
    publish_files(tmp_path, {"a": "1", "deep/b": "2"})
    publish_files(tmp_path, {"a": "3"})

    assert contents(tmp_path) == {"a": "3", "deep/b": "2"}


def test_an_error_leaves_the_old_state_and_nothing_else(tmp_path):
    publish_files(tmp_path, {"a": "1"})

    with pytest.raises(ZeroDivisionError), only_publisher(tmp_path), next_state(tmp_path) as state:
        write_file(state / "a", b"2")
        raise ZeroDivisionError

    assert contents(tmp_path) == {"a": "1"}
    assert [each.name for each in (tmp_path / ".states").iterdir()] == ["000001"]


def test_writing_never_goes_through_a_hard_link_into_the_old_state(tmp_path):
    publish_files(tmp_path, {"a": "1"})
    old = (tmp_path / "public").resolve()

    publish_files(tmp_path, {"a": "2"})

    assert (old / "a").read_text() == "1"


def test_a_reader_of_the_old_state_may_finish(tmp_path):
    publish_files(tmp_path, {"a": "1"})
    reading = (tmp_path / "public").resolve()

    publish_files(tmp_path, {"a": "2"})

    assert reading.is_dir()


def test_a_public_folder_that_is_not_ours_is_refused(tmp_path):
    (tmp_path / "public").mkdir()

    with pytest.raises(StateError, match="not the link"):
        publish_files(tmp_path, {"a": "1"})


def test_a_second_publisher_is_refused_while_the_first_is_at_work(tmp_path):
    script = "import sys, pathlib; from comity.releases.states import only_publisher\nwith only_publisher(pathlib.Path(sys.argv[1]), wait_seconds=0.2): pass"

    with only_publisher(tmp_path):
        second = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=False)

    assert second.returncode == 1
    assert PublisherBusy.__name__ in second.stderr


HOLD_BRIEFLY = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from comity.releases.states import only_publisher

    with only_publisher(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(0.4)
    """
)


def test_a_second_publisher_waits_for_the_first(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLD_BRIEFLY, tmp_path], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        first.stdout.readline()
        still_held = first.poll() is None

        publish_files(tmp_path, {"a": "1"})

    assert still_held
    assert contents(tmp_path) == {"a": "1"}


KILLED_AT_CALL = textwrap.dedent(
    """
    import os, shutil, signal, sys
    from pathlib import Path
    from comity.releases import states

    folder, fatal = Path(sys.argv[1]), int(sys.argv[2])
    seen = 0

    def deadly(name, module):
        call = getattr(module, name)
        def counted(*arguments, **options):
            global seen
            seen += 1
            if seen == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)
        setattr(module, name, counted)

    for name in ("link", "replace", "fsync", "rename", "symlink", "mkdir", "unlink", "rmdir", "open"):
        deadly(name, os)
    with states.only_publisher(folder), states.next_state(folder) as state:
        states.write_file(state / "a", b"new")
        states.write_file(state / "deep" / "c", b"new")
    print(seen)
    """
)


def test_a_kill_at_any_writing_call_leaves_the_old_state_or_the_new_one(tmp_path):
    """The process is killed before its 1st, 2nd, 3rd ... writing system call, until it survives."""
    old, new = {"a": "old", "b": "old"}, {"a": "new", "b": "old", "deep/c": "new"}
    states_seen = []

    for fatal in range(1, 200):
        folder = tmp_path / str(fatal)
        folder.mkdir()
        publish_files(folder, old)
        run = subprocess.run(
            [sys.executable, "-c", KILLED_AT_CALL, folder, str(fatal)], capture_output=True, check=False
        )
        assert contents(folder) in (old, new)
        states_seen.append(contents(folder) == new)
        publish_files(folder, {"a": "after"})
        assert contents(folder)["a"] == "after"
        if run.returncode == 0:
            break
        assert run.returncode == -signal.SIGKILL

    assert run.returncode == 0
    assert len(states_seen) > 10
    assert states_seen == sorted(states_seen)
    assert os.path.islink(folder / "public")
