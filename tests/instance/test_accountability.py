"""Promises, corrections, withdrawals and breaks of a small agency: each is sealed, stays visible, and needs its reason."""

from __future__ import annotations

import json
import shutil
from datetime import date

import pytest
from click.testing import CliRunner

from comity.cli.main import verbs
from comity.disclosure import attack_public
from comity.errors import ComityError
from comity.instance.promising import promise, withdraw
from comity.instance.publish import NotSealed, publish
from comity.ledger import read_entries, verify
from comity.ledger.mirror import mirror
from comity.releases.catalogue import read_catalogue
from comity.releases.promises import PromiseError
from comity.releases.publish import CannotSeal, CorrectionUnexplained
from comity.releases.withdrawals import WithdrawalError

BEFORE = date(2026, 1, 5)
TODAY = date(2026, 4, 2)
LATER = date(2026, 4, 20)
REASON = {"en": "Five stops were entered in the wrong beat.", "es": "Cinco paradas estaban en otra zona."}
PROMISE = """
[[calendar]]
dataset = "stops"
period = "{period}"
due = {due}
title.en = "Stops"
title.es = "Paradas"
tables = ["stops_by_beat"{tables}]
findings = ["search_rate"]
{more}
"""


def add(folder, text: str) -> None:
    settings = folder / "comity.toml"
    settings.write_text(settings.read_text() + text)


def add_promise(folder, *, period="2026-q1", due="2026-04-30", tables="", more="") -> None:
    add(folder, PROMISE.format(period=period, due=due, tables=tables, more=more))


def state(folder, today, period="2026-q1"):
    found = read_catalogue(folder / "public").promise("stops", period, today)
    return found.state


@pytest.fixture(scope="module")
def made(tmp_path_factory, make_small_agency):
    """An agency that promised on 5 January and published on 2 April."""
    folder = make_small_agency(tmp_path_factory.mktemp("accountability") / "agency")
    add_promise(folder)
    promise(folder, today=BEFORE)
    publish(folder, today=TODAY)
    return folder


@pytest.fixture
def agency(made, tmp_path):
    return shutil.copytree(made, tmp_path / "agency", symlinks=True)


@pytest.fixture(scope="module")
def made_and_corrected(made, tmp_path_factory):
    """The same agency after a correction on 20 April."""
    folder = shutil.copytree(made, tmp_path_factory.mktemp("corrected") / "agency", symlinks=True)
    correct(folder)
    return folder


@pytest.fixture
def corrected(made_and_corrected, tmp_path):
    return shutil.copytree(made_and_corrected, tmp_path / "agency", symlinks=True)


def correct(folder, *, because=REASON, **options):
    stops = folder / "sources" / "stops.csv"
    stops.write_text(stops.read_text().replace("Beat 1", "Beat 2", 5))
    return publish(folder, today=LATER, because=because, **options)


def test_a_promise_is_an_entry_of_its_own_before_the_data_and_kept_by_the_release(agency):
    entries = [(each.kind, each.more["date"]) for each in read_entries(agency / "public")]

    assert entries == [
        ("origin", "2026-01-05"),
        ("agency", "2026-01-05"),
        ("promise", "2026-01-05"),
        ("release", "2026-04-02"),
    ]
    assert state(agency, TODAY) == state(agency, date(2030, 1, 1)) == "kept"
    assert promise(agency, today=TODAY).lines == ()
    assert verify(agency).is_intact


def test_without_a_release_a_promise_becomes_overdue_by_the_date_alone(small_agency):
    add_promise(small_agency)
    promise(small_agency, today=BEFORE)

    assert [state(small_agency, day) for day in (date(2026, 4, 30), date(2026, 5, 1))] == ["due", "overdue"]


def test_a_promise_taken_out_of_the_settings_stops_publishing_and_is_named(agency):
    add_promise(agency, period="2026-q2", due="2026-07-31")
    promise(agency, today=TODAY)
    settings = agency / "comity.toml"
    settings.write_text(settings.read_text()[: settings.read_text().rindex("[[calendar]]")])

    with pytest.raises(PromiseError, match=r"stops 2026-q2 for 2026-07-31 is sealed and open.*broken\.en"):
        publish(agency, today=TODAY)


def test_changing_a_promise_needs_a_new_reason_and_both_days_stay_visible(small_agency):
    add_promise(small_agency)
    promise(small_agency, today=BEFORE)
    settings = small_agency / "comity.toml"
    settings.write_text(settings.read_text().replace("2026-04-30", "2026-06-30"))

    with pytest.raises(PromiseError, match="gives no new reason"):
        promise(small_agency, today=TODAY)
    add(small_agency, 'because.en = "A new system."\nbecause.es = "Otro sistema."\n')
    promise(small_agency, today=TODAY)

    found = read_catalogue(small_agency / "public").promise("stops", "2026-q1", TODAY)
    assert [(each.event, each.due.isoformat()) for each in found.steps] == [
        ("promised", "2026-04-30"),
        ("changed", "2026-06-30"),
    ]
    assert found.reason["es"] == "Otro sistema."
    settings.write_text(settings.read_text().replace("2026-06-30", "2026-07-30"))
    with pytest.raises(PromiseError, match="gives no new reason"):  # the reason of the last change is not one for this
        promise(small_agency, today=TODAY)


def test_dropping_a_promise_is_an_entry_with_its_reason(small_agency):
    add_promise(small_agency)
    promise(small_agency, today=BEFORE)
    add(small_agency, 'broken.en = "No records."\nbroken.es = "Sin registros."\n')

    done = promise(small_agency, today=TODAY)

    assert done.lines == (
        "promise broken: stops 2026-q1 by 2026-04-30 (stops_by_beat, search_rate), because: No records.",
    )
    assert state(small_agency, date(2026, 12, 1)) == "broken"
    assert promise(small_agency, today=LATER).lines == ()


def test_a_promise_for_what_is_public_is_none(agency):
    settings = agency / "comity.toml"
    settings.write_text(settings.read_text().replace('period = "2026-q1"\nplace', 'period = "2026-q2"\nplace'))
    add_promise(agency, period="2026-q2")

    with pytest.raises(PromiseError, match="2026-q2, which is public or about to be"):
        publish(agency, today=TODAY)


def test_what_was_promised_and_is_left_out_needs_an_explanation_that_becomes_public(small_agency):
    add_promise(small_agency, tables=', "deaths"')
    promise(small_agency, today=BEFORE)

    with pytest.raises(PromiseError, match=r"names the table 'deaths'.*left_out"):
        publish(small_agency, today=TODAY)
    assert not (small_agency / "public" / "releases").exists()
    text = (small_agency / "comity.toml").read_text()
    why = '[datasets.stops.left_out.deaths]\nen = "The coroner keeps them."\nes = "Los lleva el forense."\n'
    (small_agency / "comity.toml").write_text(text + why)
    publish(small_agency, today=TODAY)

    release = read_catalogue(small_agency / "public").release("stops", "2026-q1", 1)
    assert [(each["kind"], each["name"], each["reason"]["en"]) for each in release.left_out] == [
        ("table", "deaths", "The coroner keeps them.")
    ]
    assert state(small_agency, TODAY) == "kept"


def test_nothing_is_dated_before_what_is_sealed(agency):
    add_promise(agency, period="2026-q2", due="2026-07-31")

    with pytest.raises(CannotSeal, match="entry of 2026-04-02, so nothing can be dated 2026-04-01"):
        promise(agency, today=date(2026, 4, 1))


def test_a_correction_without_a_reason_in_each_language_is_refused(agency):
    before = (agency / "public" / "ledger" / "checkpoint").read_bytes()

    with pytest.raises(CorrectionUnexplained, match=r"cells would move\), and no reason is given in es\."):
        correct(agency, because={"en": "A beat was wrong."})

    assert (agency / "public" / "ledger" / "checkpoint").read_bytes() == before


def test_a_correction_says_which_cells_moved_by_how_much_and_why(corrected, made):
    folder = corrected / "public/releases/stops/2026-q1"
    changes = json.loads((folder / "v2/changes.json").read_bytes())
    assert (changes["from"], changes["to"]) == ("stops/2026-q1/v1", "stops/2026-q1/v2")
    assert changes["reason"] == REASON
    table = next(each for each in changes["tables"] if each["name"] == "stops_by_beat")
    totals = {
        each["where"]["beat"]: each["difference"] for each in table["changes"] if each["where"]["subject_race"] == "all"
    }
    assert totals == {"Beat 1": -5, "Beat 2": 5}
    old = made / "public/releases/stops/2026-q1/v1/tables/stops_by_beat.csv"
    assert (folder / "v1/tables/stops_by_beat.csv").read_bytes() == old.read_bytes()
    assert not publish(corrected, today=LATER).is_new  # again, without a reason: nothing to correct


def test_a_difference_holds_only_what_the_two_versions_publish(corrected):
    folder = corrected / "public/releases/stops/2026-q1"
    changes = json.loads((folder / "v2/changes.json").read_bytes())
    published = read_catalogue(corrected / "public")

    for table in changes["tables"]:
        for change in table["changes"]:
            for version, side in ((1, change["before"]), (2, change["after"])):
                rows = (folder / f"v{version}/tables/{table['name']}.csv").read_text().splitlines()
                count = "" if side["count"] is None else str(side["count"])
                assert ",".join([*change["where"].values(), count, side["status"]]) in rows
            assert (change["difference"] is None) == (None in (change["before"]["count"], change["after"]["count"]))
    assert published.release("stops", "2026-q1", 2).changes == changes
    assert attack_public(corrected / "public").short == 0


def test_a_withdrawal_leaves_a_tombstone_that_verifies_and_mirrors(corrected, tmp_path):
    mirror(corrected / "public", tmp_path / "mirror")
    manifest = (corrected / "public/releases/stops/2026-q1/v1/manifest.json").read_bytes()

    with pytest.raises(WithdrawalError, match=r"stops/2026-q1/v2 corrected stops/2026-q1/v1 and repeats cells of it"):
        withdraw(corrected, "stops/2026-q1/v1", because=REASON, today=LATER)
    about = {"because": REASON, "by": "Records Division", "keep_differences": True}
    stone = withdraw(corrected, "stops/2026-q1/v1", **about, today=LATER)

    from hashlib import sha256

    assert stone.sha256 == sha256(manifest).hexdigest()
    assert (stone.by["es"], stone.withdrawn, stone.reason["en"]) == ("Records Division", LATER, REASON["en"])
    assert not (corrected / "public/releases/stops/2026-q1/v1").exists()
    assert [each.name for each in (corrected / ".states").iterdir()] == [(corrected / "public").resolve().name]
    found = read_catalogue(corrected / "public")
    assert [each.id for each in found.releases] == ["stops/2026-q1/v2"]
    assert found.withdrawal("stops", "2026-q1", 1) == stone
    assert verify(corrected).is_intact
    assert mirror(corrected / "public", tmp_path / "mirror").is_new
    assert verify(tmp_path / "mirror").is_intact
    assert not (tmp_path / "mirror/public/releases/stops/2026-q1/v1").exists()


def test_a_withdrawn_version_stays_known_to_the_audit_and_its_number_is_not_used_again(agency):
    withdraw(agency, "stops/2026-q1/v1", because=REASON, today=LATER)
    assert state(agency, LATER) == "due"

    with pytest.raises(CorrectionUnexplained, match="its last version was withdrawn"):
        publish(agency, today=LATER)
    published = publish(agency, today=LATER, because=REASON)

    assert published.release == "stops/2026-q1/v2"
    assert not (agency / "public/releases/stops/2026-q1/v2/changes.json").exists()  # it would repeat what was withdrawn
    kept = agency / "withdrawn/releases/stops/2026-q1/v1/tables/stops_by_beat.csv"
    assert kept.is_file()
    assert (agency / "withdrawn").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["stops/2026-q1/v9", "../agency", "stops", "stops/2026-q1/..", ""])
def test_what_is_not_there_cannot_be_withdrawn(agency, name):
    with pytest.raises(WithdrawalError, match=r"There is no release .*stops/2026-q1/v1"):
        withdraw(agency, name, because=REASON, today=LATER)


def test_a_break_is_sealed_once_and_never_says_anything_else(agency):
    text = '\n[[datasets.stops.breaks]]\nname = "new-rms"\nperiod = "2026-q1"\ntext.en = "New."\ntext.es = "Nuevo."\n'
    add(agency, text)

    first, again = promise(agency, today=TODAY), promise(agency, today=LATER)

    assert first.lines == ("series break: stops from 2026-q1 on: New.",)
    assert again.lines == ()
    assert [each.name for each in read_catalogue(agency / "public").breaks_of("stops")] == ["new-rms"]
    settings = agency / "comity.toml"
    settings.write_text(settings.read_text().replace('"New."', '"Newer."'))
    with pytest.raises(ComityError, match="'new-rms' of stops is sealed as of 2026-04-02 and says something else"):
        promise(agency, today=LATER)


def test_the_preview_says_everything_and_no_hidden_count_and_a_no_seals_nothing(agency):
    shown = []
    before = (agency / "public" / "ledger" / "checkpoint").read_bytes()

    with pytest.raises(NotSealed):
        correct(agency, confirm=lambda preview: bool(shown.append(preview)))

    summary, page = shown[0].summary(), shown[0].page.read_text()
    for said in ("Becomes public: 900 rows", "Hidden: ", "The audit: ", "0 worked out exactly", "Beat 1"):
        assert said in summary or said in page
    assert "Changed since last time: a correction of stops/2026-q1/v1: " in summary
    assert (agency / "preview").stat().st_mode & 0o777 == 0o700
    assert (agency / "public" / "ledger" / "checkpoint").read_bytes() == before


def test_without_a_terminal_the_command_refuses_unless_told_yes(agency):
    stops = agency / "sources" / "stops.csv"
    stops.write_text(stops.read_text().replace("Beat 1", "Beat 2", 5))
    asked = ["publish", "--instance", str(agency), "--date", "2026-04-20", "--because", "en=A", "--because", "es=B"]

    refused = CliRunner().invoke(verbs, asked, standalone_mode=False)
    told = CliRunner().invoke(verbs, [*asked, "--yes"], standalone_mode=False)

    assert isinstance(refused.exception, ComityError)
    assert "no terminal to ask at" in str(refused.exception)
    assert "stops-2026-q1-v2.html, then run the same command with --yes" in str(refused.exception)
    assert told.exception is None
    assert "Published stops/2026-q1/v2" in told.output


def test_a_reason_comes_from_flags_or_a_file_and_says_its_language(agency, tmp_path):
    from comity.cli.reasons import read_reasons

    (tmp_path / "why.toml").write_text('en = "A"\nes = "B"\n')

    assert read_reasons(["en=A", "es=B"], ("en", "es")) == {"en": "A", "es": "B"}
    assert read_reasons([f"@{tmp_path}/why.toml"], ("en", "es")) == {"en": "A", "es": "B"}
    assert read_reasons(["A"], ("en",)) == {"en": "A"}
    for wrong in (["A"], ["@nothing.toml"]):
        with pytest.raises(ComityError):
            read_reasons(wrong, ("en", "es"))
