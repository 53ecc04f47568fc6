"""comity.toml is read strictly: what is wrong is named, with the value and the next step."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from comity.disclosure import Policy
from comity.instance.backups.settings import BackupSettings
from comity.instance.settings import Agency, Dataset, SettingsError, Table, WitnessAddress, read_instance
from comity.instance.site import Mail, Site
from comity.releases.breaks import Break
from comity.releases.promises import Promise
from comity.sources import SourceSettings

GOOD = """
[agency]
name = "Our Town"
time_zone = "America/Chicago"

[[calendar]]
dataset = "stops"
period = "2026-q4"
due = 2027-01-31
title.en = "Stops, end of 2026"
title.es = "Paradas, fin de 2026"

[datasets.stops]
title.en = "Police stops"
title.es = "Paradas policiales"
mapping = "sources/stops.yaml"
files = ["sources/*.csv"]
period = "2026-q3"
source.en = "Our Town"
source.es = "Our Town"
"""

SECOND = '[[calendar]]\ndataset = "stops"\nperiod = "2026-q4"\ndue = 2027-02-28\ntitle = { en = "A", es = "B" }\n\n'
BREAK = '[[datasets.stops.breaks]]\nname = "x"\nperiod = "2026-q3"\ntext = { en = "A", es = "B" }\n'


def read(tmp_path: Path, text: str):
    (tmp_path / "comity.toml").write_text(text)
    return read_instance(tmp_path)


def test_settings_are_read(tmp_path):
    instance = read(tmp_path, GOOD)

    assert instance.agency.languages == ("en", "es")
    assert instance.dataset(None).period == "2026-q3"
    assert instance.calendar[0].due.isoformat() == "2027-01-31"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("time_zone", "timezone", r"'timezone'.*Did you mean 'time_zone'"),
        ("America/Chicago", "Chicago", r"time_zone 'Chicago'.*not a time zone"),
        ('name = "Our Town"', "name = 5", r"name in \[agency\] is 5"),
        ('files = ["sources/*.csv"]', 'files = "sources/*.csv"', r"files in \[datasets.stops\].*not a list"),
        ("due = 2027-01-31", 'due = "soon"', r"due in \[\[calendar\]\] is 'soon'.*a date"),
        ('dataset = "stops"', 'dataset = "stop"', r"promises the dataset 'stop'"),
        ('period = "2026-q3"', 'period = "third quarter"', r"period .* is 'third quarter'"),
        ('title.es = "Paradas policiales"', "", r"title .*has no text in 'es'"),
        ("[datasets.stops]", "[datasets.Stops]", r"'Stops' cannot name a dataset"),
        ('mapping = "sources/stops.yaml"', "", r"\[datasets.stops\] has no mapping"),
        (
            "due = 2027-01-31",
            "due = 2027-01-31T12:00:00",
            r"due in .*stops 2026-q4 is 2027-01-31 12:00.*without a time",
        ),
        ('period = "2026-q4"', 'period = "fourth/2026"', r"period in .* is 'fourth/2026'.*web address"),
        ("due = 2027-01-31", 'due = 2027-01-31\nbroken.en = "No."', r"broken in .* no text in 'es'"),
        ("[datasets.stops]", f"{SECOND}[datasets.stops]", r"promises stops 2026-q4 twice"),
        (
            'source.es = "Our Town"',
            f'source.es = "x"\n{BREAK}kind = "pause"',
            r"kind in .*breaks\]\] is 'pause'.*series break",
        ),
        ('source.es = "Our Town"', f'source.es = "x"\n{BREAK}sealed = 2026-01-01', r"'sealed', which is not a setting"),
        (
            'source.es = "Our Town"',
            'source.es = "x"\nleft_out.deaths.en = "A"',
            r"left_out\.deaths in .* no text in 'es'",
        ),
        ("[datasets.stops]", '[[witnesses]]\nurl = "http://127.0.0.1"\n[datasets.stops]', r"witnesses\]\] has no vkey"),
        ("[agency]", "[agency", r"is not valid TOML"),
        ("[agency]", "[agent]", r"'agent'.*Did you mean 'agency'"),
        ("[datasets.stops]", "[datasets.stops]\nlatitude = 100.0", r"'latitude', which is not a setting"),
        ('name = "Our Town"', 'name = "Our Town"\nlatitude = 100.0', r"latitude 100.0 .*not on Earth"),
        ('name = "Our Town"', 'name = "Our Town"\nlanguages = ["en", "fr"]', r"'fr' .*no translation"),
    ],
)
def test_what_is_wrong_is_named_with_the_next_step(tmp_path, before, after, said):
    assert before in GOOD

    with pytest.raises(SettingsError, match=re.compile(said, re.DOTALL)) as caught:
        read(tmp_path, GOOD.replace(before, after))

    assert caught.value.next_step


def test_a_folder_without_settings_says_how_to_make_one(tmp_path):
    with pytest.raises(SettingsError, match="comity init"):
        read_instance(tmp_path)


def test_a_dataset_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    with pytest.raises(SettingsError, match="stops"):
        read(tmp_path, GOOD).dataset("arrests")


def test_the_reference_page_explains_every_setting_and_no_other():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "comity-toml.md").read_text()
    page = re.sub(r"### `\[datasets\.NAME\.policy\]`.*?(?=^###)", "", page, flags=re.MULTILINE | re.DOTALL)
    explained = set(re.findall(r"^\| `([a-z_.]+)` \|", page, flags=re.MULTILINE))
    kinds = (Agency, BackupSettings, Break, Dataset, Mail, Promise, Site, SourceSettings, Table, WitnessAddress)
    known = {f.name for kind in kinds for f in fields(kind)} - {"name", "sealed"}

    assert explained - {"name"} == known


def test_an_unknown_setting_of_the_site_is_refused(tmp_path):
    from comity.instance.site import read_site

    (tmp_path / "comity.toml").write_text(GOOD + '\n[site]\nresponse_databse = "sqlite:x.sqlite3"\n')

    with pytest.raises(SettingsError, match="response_databse"):
        read_site(tmp_path)


def test_the_reference_page_explains_every_key_of_a_policy_and_no_other():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "comity-toml.md").read_text()
    section = re.search(r"### `\[datasets\.NAME\.policy\]`.*?(?=^###)", page, flags=re.MULTILINE | re.DOTALL)[0]
    explained = {
        key for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)
    }

    assert explained == {each.name for each in fields(Policy)}
