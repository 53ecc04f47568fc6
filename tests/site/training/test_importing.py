"""A CSV file comes in whole or not at all: every rejected row with its line and reasons, nothing before the confirmation."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

BAD = """number,course,completed,version
101,fair-stops,2018-02-01,
102,fair-stops,01/02/2018,
103,fair-stop,2018-02-01,
999,fair-stops,2018-02-01,
101,fair-stops,2018-02-01,1
102,fair-stops,2018-06-01,
=1+1,fair-stops,2018-02-01,

103,fair-stops,2018-02-01,7
103,fair-stops
103,fair-stops,2016-12-31,
"""


@pytest.fixture
def school(town, examples, officer):
    examples.officers(town.agency, ["101", "102", "103"])
    return examples.course(officer)


def test_each_rejected_row_has_its_line_and_every_reason(school, town):
    from comity.site.training.importing import check, completions

    found = check(completions(town.agency), BAD)

    assert len(found.accepted) == 1
    assert [(each.line, each.reasons) for each in found.rejected] == [
        (3, ("“01/02/2018” is not a day like 2026-05-31",)),
        (4, ("there is no course “fair-stop”",)),
        (5, ("there is no officer 999",)),
        (6, ("the same as line 2",)),
        (7, ("2018-06-01 has not come yet",)),
        (8, ("“=1+1” is not an officer's number",)),
        (10, ("the course has no version “7”",)),
        (11, ("2 cells instead of 4",)),
        (12, ("the course was not taught yet on that day",)),
    ]


def test_a_line_number_is_the_editors_where_a_cell_has_several_lines(town, school):
    from comity.site.training.importing import check, officers

    text = 'number,joined,unit\n1,2015-01-01,"North\nEast"\n2,never,South\n'
    found = check(officers(town.agency), text)

    assert [each.line for each in found.rejected] == [4]


def test_nothing_is_written_until_it_is_confirmed_and_then_what_was_shown(school, clients):
    from comity.site.training.models import Completion

    client, address = clients["training-officer"], reverse("training:import", kwargs={"what": "completions"})
    good = "number,course,completed\r\n101,fair-stops,2018-02-01\r\n102,fair-stops,2018-02-02\r\n"
    shown = client.post(address, {"file": SimpleUploadedFile("a.csv", good.encode())})
    digest = re.search(r'name="digest" value="(\w+)"', shown.content.decode())[1]

    assert Completion.objects.count() == 0
    changed = client.post(address, {"do": "import", "digest": digest, "text": good.replace("102", "103")})
    assert (changed.status_code, Completion.objects.count()) == (422, 0)
    assert client.post(address, {"do": "import", "digest": digest, "text": good}).status_code == 302
    assert Completion.objects.count() == 2


def test_one_bad_row_stops_all_of_it(school, town, officer):
    from comity.site.training.importing import check, completions, write
    from comity.site.training.models import Completion
    from comity.site.training.refusals import TrainingRefused

    kind = completions(town.agency)
    with pytest.raises(TrainingRefused, match="9 rows cannot be imported"):
        write(kind, BAD, digest=check(kind, BAD).digest, by=officer)

    assert Completion.objects.count() == 0


def test_the_version_in_force_on_the_day_is_the_one_completed(school, town, officer):
    from decimal import Decimal

    from comity.site.training import actions
    from comity.site.training.importing import check, completions

    actions.add_version(school, hours=Decimal(6), about="", since=date(2018, 2, 1), by=officer)
    text = "number,course,completed\n101,fair-stops,2018-01-31\n101,fair-stops,2018-02-01\n"

    assert [version.number for _o, version, _d in check(completions(town.agency), text).accepted] == [1, 2]


def test_officers_are_added_and_changed_with_their_groups(town, officer):
    from comity.site.training.importing import check, officers, write
    from comity.site.training.models import Officer

    kind = officers(town.agency)
    for unit, groups in (("North", "patrol; supervisors"), ("South", "patrol")):
        text = f"number,unit,groups,joined,left\n7,{unit},{groups},2015-01-01,\n"
        write(kind, text, digest=check(kind, text).digest, by=officer)

    found = Officer.objects.get()
    assert (found.unit, [each.name for each in found.groups.all()]) == ("South", ["patrol"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a CSV table"),
        (b"PK\x03\x04rest", "not a CSV table"),
        (b"%PDF-1.7 text", "not a CSV table"),
        (b"number\n\xff\xfe", "not a CSV table"),
        (b"number,joined\n1,2015-01-01\x00", "not a CSV table"),
        (b"<html><body>number</body></html>", "not a CSV table"),
        (b"x" * 1_000_001, "1,000,000 bytes"),
        (b"joined\n2015-01-01\n", "no column “number”"),
        (b"number,joined,home address\n1,2015-01-01,x\n", "has no place here"),
        (b"number,joined,joined\n1,2015-01-01,2015-01-01\n", "has no place here"),
        (b'number,joined\n"1,2015-01-01\n', "cannot be read as CSV"),
        (b"number,joined\n" + b"1,2015-01-01\n" * 20_001, "more than 20,000 rows"),
    ],
)
def test_what_is_no_csv_of_ours_is_refused_in_one_sentence(town, clients, content, said):
    from comity.site.training.models import Officer

    address = reverse("training:import", kwargs={"what": "officers"})
    answer = clients["training-officer"].post(address, {"file": SimpleUploadedFile("x.csv", content)})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Officer.objects.count() == 0
