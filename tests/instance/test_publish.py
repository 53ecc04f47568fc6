"""The main job: everything or nothing, and the same again changes nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from datetime import date
from pathlib import Path

import pytest

from comity.errors import ComityError
from comity.instance.publish import publish
from comity.ledger import verify

TODAY = date(2026, 4, 2)
REASON = {"en": "Five stops were entered in the wrong beat.", "es": "Cinco paradas estaban en otra zona."}


def public_files(folder: Path) -> dict[str, bytes]:
    public = folder / "public"
    return {str(p.relative_to(public)): p.read_bytes() for p in sorted(public.rglob("*")) if p.is_file()}


@pytest.fixture
def published_agency(small_agency):
    publish(small_agency, today=TODAY)
    return small_agency


def test_every_row_is_accounted_for_and_the_result_verifies(small_agency):
    published = publish(small_agency, today=TODAY)

    assert published.is_new
    assert published.release == "stops/2026-q1/v1"
    assert published.records == {"rows": 900, "accepted": 900, "rejected": 0, "duplicates": 0}
    assert verify(small_agency / "public").problems == ()


def test_without_named_tables_a_release_has_the_usual_ones(small_agency):
    settings = small_agency / "comity.toml"
    settings.write_text(settings.read_text().split("[[datasets.stops.tables]]")[0])

    publish(small_agency, today=TODAY)

    release = json.loads(public_files(small_agency)["releases/stops/2026-q1/v1/release.json"])
    assert [(each["name"], each["title"]["es"]) for each in release["tables"]] == [
        ("by_beat", "Por sector de patrulla y raza u origen étnico de la persona"),
        ("by_month", "Por mes y raza u origen étnico de la persona"),
        ("by_search_conducted", "Por se hizo un registro y raza u origen étnico de la persona"),
    ]


def test_the_same_input_again_changes_nothing_even_on_another_day(published_agency):
    before = public_files(published_agency)

    again = publish(published_agency, today=date(2027, 1, 1))

    assert not again.is_new
    assert public_files(published_agency) == before


def test_two_processes_publish_the_same_bytes_whatever_order_their_sets_have(small_agency, tmp_path):
    import shutil

    script = "import sys\nfrom datetime import date\nfrom comity.instance.publish import publish\npublish(sys.argv[1], today=date(2026, 4, 2))"
    twin = Path(shutil.copytree(small_agency, tmp_path / "twin"))

    for seed, folder in (("1", small_agency), ("2", twin)):
        subprocess.run([sys.executable, "-c", script, folder], env={**os.environ, "PYTHONHASHSEED": seed}, check=True)

    assert public_files(twin) == public_files(small_agency)


def test_a_correction_becomes_a_new_version_and_the_old_one_stays_as_it_was(published_agency):
    before = public_files(published_agency)
    stops = published_agency / "sources" / "stops.csv"
    stops.write_text(stops.read_text().replace("Beat 1", "Beat 2", 5))

    published = publish(published_agency, today=TODAY, because=REASON)

    after = public_files(published_agency)
    assert published.release == "stops/2026-q1/v2"
    old = {name: data for name, data in before.items() if name.startswith("releases/")}
    assert {name: after[name] for name in old} == old
    assert json.loads(after["releases/stops/2026-q1/v2/release.json"])["supersedes"] == "stops/2026-q1/v1"
    assert verify(published_agency / "public").problems == ()


def test_a_new_promise_is_sealed_without_a_new_release(published_agency):
    settings = published_agency / "comity.toml"
    promise = (
        '\n[[calendar]]\ndataset = "stops"\nperiod = "2026-q2"\ndue = 2026-07-31\ntitle.en = "Q2"\ntitle.es = "T2"\n'
    )
    settings.write_text(settings.read_text() + promise)

    published = publish(published_agency, today=TODAY)

    assert (published.release, published.is_new) == ("stops/2026-q1/v1", False)
    sealed = json.loads(public_files(published_agency)["promises/stops/2026-q2/1.json"])
    assert (sealed["event"], sealed["due"], sealed["sealed"]) == ("promised", "2026-07-31", "2026-04-02")
    assert verify(published_agency / "public").problems == ()


def spoil_csv(folder: Path, content: bytes) -> None:
    (folder / "sources" / "stops.csv").write_bytes(content)


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


BAD_INPUT = {
    "no file": (lambda f: (f / "sources/stops.csv").unlink(), r"No file in .* matches sources/\*\.csv"),
    "an empty file": (lambda f: spoil_csv(f, b""), r"stops\.csv"),
    "a header and no rows": (lambda f: spoil_csv(f, b"id,day,clock,beat,race,searched\n"), r"no rows"),
    "a binary file": (lambda f: spoil_csv(f, bytes(range(256)) * 40), r"stops\.csv"),
    "a misspelt key": (
        lambda f: edit(f / "sources/stops.yaml", "record_type", "record_typ"),
        r"record_typ.*record_type",
    ),
    "a code twice": (lambda f: edit(f / "sources/stops.yaml", "w: white", "w: white, W: white"), r"'w' twice"),
    "a column the file lacks": (lambda f: edit(f / "sources/stops.yaml", "beat: beat", "beat: sector"), r"sector"),
    "every row rejected": (
        lambda f: edit(f / "sources/stops.yaml", "%Y-%m-%d", "%d/%m/%Y"),
        r"All 900 rows are rejected",
    ),
    "no such table column": (
        lambda f: edit(f / "comity.toml", '["beat", ', '["beet", '),
        r"'beet'.*Did you mean 'beat'",
    ),
    "a personal column": (
        lambda f: edit(f / "comity.toml", '["beat", ', '["record_id", '),
        r"'record_id'.*may not publish",
    ),
    "no key": (lambda f: (f / "keys/ledger.key").unlink(), r"key .* is not there"),
    "a key for all to read": (lambda f: (f / "keys/ledger.key").chmod(0o644), r"chmod 600"),
}


@pytest.mark.parametrize("spoil", BAD_INPUT)
def test_bad_input_gets_one_sentence_and_changes_nothing(published_agency, spoil):
    before = public_files(published_agency)
    change, said = BAD_INPUT[spoil]
    change(published_agency)

    with pytest.raises(ComityError, match="(?s)" + said) as caught:
        publish(published_agency, today=TODAY)

    assert caught.value.next_step.strip()
    assert public_files(published_agency) == before
    assert [each.name for each in (published_agency / ".states").iterdir()] == ["000001"]


def test_a_tampered_public_folder_is_not_added_to(published_agency):
    table = published_agency / "public/releases/stops/2026-q1/v1/tables/searches.csv"
    table.write_bytes(table.read_bytes().replace(b"all", b"ALL", 1))

    with pytest.raises(ComityError, match=r"searches\.csv"):
        publish(published_agency, today=TODAY)


def test_a_replaced_key_is_refused(published_agency):
    from comity.ledger import create_key

    (published_agency / "keys/ledger.key").unlink()
    create_key(published_agency / "keys/ledger.key", "small-town.example/comity")
    before = public_files(published_agency)

    with pytest.raises(ComityError, match="key"):
        publish(published_agency, today=TODAY)

    assert public_files(published_agency) == before


INTERRUPTED = textwrap.dedent(
    """
    import os, signal, sys
    from datetime import date
    from comity.instance.publish import publish

    folder, fatal, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    seen = 0

    def interrupt(*_):
        global seen
        seen += 1
        if seen == fatal:
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(28, "No space left on device", "a file")

    if how == "kill":
        publish(folder, today=date(2026, 4, 2), because={"en": "A", "es": "B"}, progress=interrupt)
    else:
        sync = os.fsync
        os.fsync = lambda handle: (interrupt(), sync(handle))
        from comity.cli.main import main
        sys.argv = ["comity", "publish", "--instance", folder, "--date", "2026-04-02", "--yes", "--because", "en=A beat was wrong.", "--because", "es=Una zona."]
        main()
    """
)


def interrupted(folder: Path, step: int, how: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", INTERRUPTED, folder, str(step), how], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_a_kill_between_any_two_steps_leaves_the_old_state_and_the_next_run_finishes(published_agency):
    before = public_files(published_agency)
    edit(published_agency / "sources/stops.csv", "Beat 1", "Beat 2")
    killed = 0

    for step in range(1, 60, 3):
        run = interrupted(published_agency, step, "kill")
        if run.returncode == 0:
            break
        killed += 1
        assert run.returncode == -signal.SIGKILL
        assert public_files(published_agency) == before

    assert killed >= 3
    assert publish(published_agency, today=TODAY, because=REASON).release == "stops/2026-q1/v2"
    assert verify(published_agency / "public").problems == ()
    assert [each.name for each in (published_agency / "records" / "stops").iterdir()] == ["2026-q1"]


@pytest.mark.slow
def test_a_full_disk_is_said_in_one_sentence_and_leaves_the_old_state_or_the_new_one(published_agency):
    old = public_files(published_agency)
    edit(published_agency / "sources/stops.csv", "Beat 1", "Beat 2")

    for step in (1, 5, 20, 40):
        run = interrupted(published_agency, step, "full")
        assert run.returncode in (0, 1)
        assert ("The disk is full" in run.stderr) == (run.returncode == 1)
        assert "Traceback" not in run.stderr
        assert verify(published_agency / "public").problems == ()
        releases = {name.split("/")[3] for name in public_files(published_agency) if name.startswith("releases/")}
        assert releases == ({"v1"} if public_files(published_agency) == old else {"v1", "v2"})
