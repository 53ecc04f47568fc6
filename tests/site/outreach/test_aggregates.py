"""Who works here and what contacts there were come out as protected, sealed counts and no other way."""

from __future__ import annotations

from datetime import date

import pytest

from comity.disclosure import protect

AGENCY = {"en": "Sample Town Police", "es": "Policía de Sample Town"}
HEADER = "group,sex,rank,lives_here"


def test_small_counts_of_the_workforce_stay_hidden(draft):
    made = draft()

    protected = protect([each.counts for each in made.tables], made.policy)

    cells = {
        tuple(row[name] for name in ("group", "rank")): row for row in protected.tables["by_group_and_rank"].to_pylist()
    }
    assert cells["black", "sergeant"]["status"] == "suppressed"
    assert protected.report.audit.narrowest is None or protected.report.audit.narrowest >= made.policy.minimum
    shown = [row["count"] for table in protected.tables.values() for row in table.to_pylist() if row["count"]]
    assert min(shown) >= 10


@pytest.mark.parametrize("column", ["name", "badge", "address", "ssn", "date_of_birth", "Group"])
def test_a_file_with_another_column_is_refused(django, column):
    from comity.site.outreach.aggregates import AggregateRefused, read_workforce

    with pytest.raises(AggregateRefused, match="has a column"):
        read_workforce(f"{HEADER},{column}\nwhite,male,officer,yes,Somebody\n".encode())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"group,sex,rank\nwhite,male,officer\n", "no column 'lives_here'"),
        (f"{HEADER}\n".encode(), "no officers"),
        (f"{HEADER}\nwhite,male,officer,perhaps-Zanzibar\n".encode(), "neither yes nor no"),
        (f"{HEADER}\nwhite,male\n".encode(), "Line 2"),
        (b"\xff\xfe\x00", "not CSV"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_without_repeating_a_value(django, content, said):
    from comity.site.outreach.aggregates import AggregateRefused, read_workforce

    with pytest.raises(AggregateRefused, match=said) as refused:
        read_workforce(content)
    assert "Zanzibar" not in str(refused.value)


def test_an_empty_field_is_not_recorded_and_no_zero(django):
    from comity.site.outreach.aggregates import read_workforce

    assert read_workforce(f"{HEADER}\nwhite,,officer,\n".encode()) == [
        {"group": "white", "sex": "not recorded", "rank": "officer", "lives_here": "not recorded"}
    ]


def test_the_page_shows_published_counts_beside_the_residents(sealed, town, clients, tmp_path):
    from django.test import override_settings

    from comity.ledger import verify

    (tmp_path / "people.csv").write_text("place,people,white,black\nHolland,10000,0.6,0.3\n")
    description = "source: Census\nyear: 2015\nfile: people.csv\nplace: place\ntotal: people\ngroups:\n"
    (tmp_path / "people.yaml").write_text(description + "  white: {share: white}\n  black: {share: black}\n")
    assert verify(sealed / "public").problems == ()

    with override_settings(PUBLIC=sealed / "public", POPULATION=str(tmp_path / "people.yaml")):
        page = clients["anyone"].get("/officers/").content.decode()

    assert "Census, 2015" in page and "<svg" in page
    assert "79%" in page and "60%" in page  # of 219 officers 173 are white; of residents 60 of 100
    assert "no figure" in page  # nobody said how many residents are Hispanic
    assert "SAMPLE DATA" in page


def test_without_a_population_the_page_says_so(sealed, town, clients):
    from django.test import override_settings

    with override_settings(PUBLIC=sealed / "public", POPULATION=""):
        page = clients["anyone"].get("/officers/").content.decode()

    assert "Who lives here is not known to this site" in page
    assert 'role="img"' not in page


def test_contacts_are_counted_corrected_and_come_out_by_place_kind_and_month(town, place):
    from comity.site.community.models import Entry
    from comity.site.outreach.actions.contacts import ContactRefused, count_contacts
    from comity.site.outreach.aggregates import AggregateRefused, contacts_draft
    from comity.site.outreach.queries.contacts import counts_of

    today = date(2018, 5, 15)
    for month, count in ((3, 40), (4, 25), (4, 28)):
        count_contacts(place, "school", date(2018, month, 9), count, by=town.people["chief"], today=today)
    given = {"period": "2018", "agency": AGENCY, "languages": ("en", "es"), "source": AGENCY}
    made = contacts_draft(counts_of(town.agency), **given)

    assert {each.counts.name: each.counts.counts.to_pylist() for each in made.tables} == {
        "by_place_and_kind": [{"place": "holland", "kind": "school", "count": 68}],
        "by_month": [{"month": "2018-03", "count": 40}, {"month": "2018-04", "count": 28}],
    }
    assert [each.details["count"] for each in Entry.objects.filter(action="outreach.contacts-counted")] == [40, 25, 28]
    with pytest.raises(ContactRefused, match="not begun"):
        count_contacts(place, "school", date(2018, 6, 1), 1, by=town.people["chief"], today=today)
    with pytest.raises(ContactRefused, match="another agency"):
        count_contacts(place, "school", date(2018, 4, 1), 1, by=town.strangers["chief"], today=today)
    with pytest.raises(AggregateRefused, match="No contacts were counted"):
        contacts_draft(counts_of(town.agency), **{**given, "period": "2017"})


def test_the_office_notes_a_count(town, clients, place):
    from comity.site.outreach.models import ContactCount

    given = {"place": "holland", "kind": "school", "month": "2018-04", "count": "12"}
    assert clients["analyst"].post("/office/outreach/contacts/", given).status_code == 302
    assert (ContactCount.objects.get().month, ContactCount.objects.get().count) == (date(2018, 4, 1), 12)
    assert clients["analyst"].post("/office/outreach/contacts/", {**given, "count": "-1"}).status_code == 422
    assert "2018-04" in clients["analyst"].get("/office/outreach/contacts/").content.decode()
