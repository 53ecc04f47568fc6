"""A plan becomes active only when everybody who is named has signed exactly its words; dissent stands in it."""

from __future__ import annotations

import hashlib

import pytest


@pytest.fixture
def asked(town, makers):
    return makers.an_asked_version(town)


def sign(town, version, **more):
    from comity.site.planning import actions

    actions.sign(version, **{"sha256": version.sha256, "by": town.people["community-leader"], **more})


def test_a_plan_becomes_active_when_all_have_signed_and_every_step_is_on_the_log(town, asked):
    from comity.site.community.models import Entry
    from comity.site.planning import actions, queries

    sign(town, asked, dissent="It says nothing about weekends.")
    actions.activate(asked, by=town.people["chief"])

    found = queries.plan(asked.plan_id)
    assert found.active == asked
    assert [each.text for each in queries.signatures(asked)[0].dissents] == ["It says nothing about weekends."]
    said = [(each.action, each.public.get("sha256")) for each in Entry.objects.filter(public__isnull=False)]
    assert said == [
        ("planning.plan_started", None),
        ("planning.signatures_asked", asked.sha256),
        ("planning.signed", asked.sha256),
        ("planning.dissented", asked.sha256),
        ("planning.activated", asked.sha256),
    ]


def test_the_digest_is_of_the_file_that_everybody_can_download(town, asked, clients):
    file = clients["anyone"].get(f"/plans/{asked.plan_id}/versions/1/plan.json").content

    assert hashlib.sha256(file).hexdigest() == asked.sha256
    assert b"Neighborhood council" in file


def test_without_a_signature_the_page_refuses_to_activate_and_says_whose_is_missing(town, asked, clients):
    response = clients["chief"].post(f"/office/plans/versions/{asked.pk}/activate/")

    assert response.status_code == 422
    assert "The signature of Neighborhood council is missing." in response.content.decode()
    asked.refresh_from_db()
    assert asked.active_at is None


def test_a_signed_version_cannot_be_edited_on_the_page(town, asked, clients):
    response = clients["chief"].post(f"/office/plans/versions/{asked.pk}/", {"goal": "Something else"})

    assert response.status_code == 422
    assert "does not change" in response.content.decode()
    assert [each.text for each in asked.passages.filter(kind="goal")] == ["Stops that people understand"]


def test_signing_other_words_than_those_out_for_signature_is_refused(town, asked, clients):
    address = f"/office/plans/versions/{asked.pk}/sign/"

    response = clients["community-leader"].post(address, {"go": "sign", "sha256": "0" * 64})

    assert response.status_code == 422
    assert "This is not the text" in response.content.decode()


def test_who_is_not_named_can_neither_sign_nor_dissent(town, makers):
    from comity.site.community.models import Account
    from comity.site.planning import actions
    from comity.site.planning.actions import PlanningRefused

    asked = makers.an_asked_version(town)
    other = Account.objects.create_user("another-leader", role="community-leader", agency=town.agency)

    with pytest.raises(PlanningRefused, match="not named"):
        actions.sign(asked, sha256=asked.sha256, by=other)
    with pytest.raises(PlanningRefused, match="not named"):
        actions.dissent_from(asked, "No.", by=other)


def test_only_community_leaders_sign_for_the_community(town, makers):
    from comity.site.planning.actions import PlanningRefused

    with pytest.raises(PlanningRefused, match="Only community leaders"):
        makers.a_plan(town, draft=makers.a_draft(town, signatories={town.people["chief"]: "The police"}))


def test_two_accountable_or_none_are_refused_by_the_page(town, makers, clients):
    version = makers.a_plan(town).versions.get()
    _listen, write = version.activities.order_by("text")
    police, council = version.parties.order_by("-name")
    words = {
        "parties": "Police department\nNeighborhood council",
        "activities": "Write the sentence\nListen to residents",
    }
    both = {f"duty-{write.pk}-{party.pk}": "accountable" for party in (police, council)}

    response = clients["chief"].post(f"/office/plans/versions/{version.pk}/", {**words, **both})
    assert response.status_code == 422
    assert "Two parties are accountable for “Write the sentence”." in response.content.decode()

    one = {f"duty-{write.pk}-{police.pk}": "accountable", f"speaks-{town.people['community-leader'].pk}": "The council"}
    assert clients["chief"].post(f"/office/plans/versions/{version.pk}/", {**words, **one}).status_code == 302
    response = clients["chief"].post(f"/office/plans/versions/{version.pk}/ask/")
    assert response.status_code == 422
    assert "Nobody is accountable for “Listen to residents”." in response.content.decode()


def test_the_next_version_starts_from_the_words_of_the_last_and_says_what_it_changed(town, makers, get):
    from comity.site.planning import actions

    plan = makers.an_active_plan(town)
    version = actions.start_draft(plan, by=town.people["community-leader"])
    draft = actions.draft_of(version)
    assert draft == makers.a_draft(town)

    changed = actions.Draft(
        **{**vars(draft), "passages": {**draft.passages, "goal": ["Stops that all people understand"]}}
    )
    actions.write_draft(version, changed, by=town.people["community-leader"])
    actions.ask_for_signatures(version, by=town.people["chief"])

    page = get(f"/plans/{plan.pk}/versions/2/difference/")
    assert '<ins><span class="unseen">[added: </span>all <span class="unseen">]</span></ins>' in page
    assert "1 word added," in page
    assert "0 words taken out." in page


def test_the_pdf_has_the_dissent_and_where_the_signatures_stand(town, asked, clients):
    from comity.site.planning import actions

    pdfium = pytest.importorskip("pypdfium2")
    actions.dissent_from(asked, "It says nothing about weekends.", by=town.people["community-leader"])

    file = clients["anyone"].get(f"/es/plans/{asked.plan_id}/versions/1/plan.pdf").content

    text = " ".join(page.get_textpage().get_text_range() for page in pdfium.PdfDocument(file))
    assert "It says nothing about weekends." in text
    assert "no ha firmado" in text


def test_meetings_are_a_calendar_that_other_programs_read(town, makers, clients):
    from datetime import UTC, datetime

    from icalendar import Calendar

    from comity.site.planning import actions

    plan = makers.a_plan(town)
    meeting = actions.call_meeting(
        plan,
        title="Listening\r\nATTENDEE:mailto:x@example.org",
        starts_at=datetime(2018, 6, 1, 18, tzinfo=UTC),
        ends_at=datetime(2018, 6, 1, 20, tzinfo=UTC),
        place="Library; room 2, upstairs",
        agenda="Hello",
        by=town.people["chief"],
    )

    calendar = Calendar.from_ical(clients["anyone"].get("/plans/meetings.ics").content)

    (event,) = calendar.walk("VEVENT")
    assert str(event["location"]) == "Library; room 2, upstairs"
    assert event["dtstart"].dt == datetime(2018, 6, 1, 18, tzinfo=UTC)
    assert "attendee" not in event
    assert str(event["uid"]) == f"plan-meeting-{meeting.pk}@testserver"


def test_who_was_in_the_room_is_counted_by_group(town, makers, clients, get):
    from datetime import UTC, datetime

    from comity.site.planning import actions

    meeting = actions.call_meeting(
        makers.a_plan(town),
        title="Listening session",
        starts_at=datetime(2018, 5, 1, 18, tzinfo=UTC),
        ends_at=datetime(2018, 5, 1, 20, tzinfo=UTC),
        place="Library",
        agenda="",
        by=town.people["chief"],
    )
    address = f"/office/plans/meetings/{meeting.pk}/"

    refused = clients["chief"].post(address, {"minutes": "We spoke.", "presences": "Residents: many"})
    taken = clients["chief"].post(address, {"minutes": "We spoke.", "presences": "Residents: 23\nOfficers: 4"})

    assert (refused.status_code, taken.status_code) == (422, 302)
    page = get(f"/plans/{meeting.plan_id}/meetings/{meeting.pk}/")
    assert '<th scope="row">Residents</th><td class="number">23</td>' in page
    assert '<td class="number">27</td>' in page
