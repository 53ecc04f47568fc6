"""Who may do what with surveys, and what they see of them."""

from __future__ import annotations

import pytest

# Who gets past the door; "anyone" is somebody without an account. The rows are the whole of what exists.
EVERYBODY = {"anyone", "custodian", "analyst", "interviewer", "redactor"}
SIGNED_IN = EVERYBODY - {"anyone"}
TABLE = {
    ("code", "GET"): EVERYBODY,
    ("code", "POST"): EVERYBODY,
    ("code_token", "POST"): EVERYBODY,
    ("surveys", "GET"): EVERYBODY,
    ("survey", "GET"): EVERYBODY,
    ("survey", "POST"): EVERYBODY,
    ("survey_promise", "GET"): EVERYBODY,
    ("survey_receipts", "GET"): EVERYBODY,
    ("survey_receipts_file", "GET"): EVERYBODY,
    ("office", "GET"): SIGNED_IN - {"analyst"},
    ("office_sample", "GET"): {"custodian"},
    ("office_disposition", "POST"): {"custodian", "interviewer"},
    ("office_close_codes", "POST"): {"custodian"},
    ("office_close", "POST"): {"custodian"},
    ("office_responses", "GET"): {"custodian"},
    ("office_texts", "GET"): {"redactor"},
    ("office_redact", "POST"): {"redactor"},
    ("office_interview", "GET"): {"interviewer"},
    ("office_interview", "POST"): {"interviewer"},
    ("office_paper", "GET"): {"custodian", "interviewer"},
    ("office_paper", "POST"): {"custodian", "interviewer"},
    ("office_paper_form", "GET"): {"custodian", "interviewer"},
    ("office_paper_form", "POST"): {"custodian", "interviewer"},
    ("office_paper_set_aside", "POST"): {"custodian"},
}


@pytest.fixture
def people(fielded):
    """role -> a client who is signed in with it."""
    from django.test import Client

    from comity.site.community.actions import add_account

    clients = {"anyone": Client()}
    for role in sorted(SIGNED_IN):
        account = add_account(role, role=role, password="a long pass phrase", works_for_police=role == "analyst")
        clients[role] = Client()
        clients[role].force_login(account)
    return clients


def test_the_table_of_the_whole_site_says_of_surveys_what_is_written_here():
    from comity.site.community.access import EVERYONE
    from comity.site.surveys.rules import ACCESS

    said = {
        (name.removeprefix("surveys:"), method): EVERYBODY if roles == EVERYONE else set(roles)
        for name, methods in ACCESS.items()
        for method, roles in methods.items()
    }

    assert said == TABLE


def test_nobody_of_the_police_can_be_custodian(fielded):
    from django.db import IntegrityError, transaction

    from comity.site.community.actions import AccountRefused, add_account
    from comity.site.community.models import Account

    for role in ("custodian", "interviewer", "redactor"):
        with pytest.raises(AccountRefused, match="works for the police"):
            add_account("chief", role=role, password="a long pass phrase", works_for_police=True)
        with pytest.raises(IntegrityError), transaction.atomic():
            Account.objects.create(username="chief", role=role, works_for_police=True)


def test_the_analyst_of_the_agency_sees_no_count_before_publication(fielded, people):
    page = people["analyst"].get("/office/").content.decode()

    assert "120" not in page
    assert "town" not in page


def test_staff_forms_refuse_a_request_without_their_token(fielded):
    from django.test import Client

    from comity.site.community.actions import add_account

    client = Client(enforce_csrf_checks=True)
    client.force_login(add_account("keeper", role="custodian", password="a long pass phrase"))

    assert client.post("/office/surveys/town/close/").status_code == 403


def test_a_page_with_a_form_of_the_office_lets_browsers_say_where_a_request_comes_from(fielded, people):
    """With `no-referrer` a browser sends `Origin: null`, and the check against forged requests refuses everybody."""
    from django.test import Client

    assert people["anyone"].get("/office/sign-in/")["Referrer-Policy"] == "same-origin"
    assert people["custodian"].get("/office/surveys/")["Referrer-Policy"] == "same-origin"
    for address in ("/code/", "/survey/town/", "/"):
        assert Client().get(address)["Referrer-Policy"] == "no-referrer"


def test_a_page_of_the_portal_cannot_read_any_store(fielded, client, monkeypatch):
    from comity.site.portal.views import home
    from comity.site.stores import PortalReadsNothing
    from comity.site.surveys.responses.models import Slot

    client.get("/")
    monkeypatch.setattr(home.queries, "catalogue", lambda: Slot.objects.count())

    with pytest.raises(PortalReadsNothing):
        client.get("/")


def test_a_redactor_decides_on_each_text_alone_and_nobody_else_reads_it(fielded, people):
    from comity.site.surveys.responses import actions, free_texts, queries, slots
    from comity.site.surveys.responses.models import Survey

    survey = Survey.objects.get(name="town")
    written = "Officer Smith told my neighbor to call 555-123-4567 about the blue house."
    slots.store(
        [b'{"day":"2027-03-01","answers":{"safe_day":"1","open_keep":"%s"}}' % written.encode()],
        survey.first_slot,
        survey.slots,
    )
    assert "still open" in people["redactor"].get("/office/surveys/town/texts/").content.decode()
    actions.close_survey("town")

    page = people["redactor"].get("/office/surveys/town/texts/").content.decode()
    text = free_texts.waiting_texts("town")[0]
    fields = {"digest": text.digest.hex(), "accepted": [str(at) for at, _, _ in text.proposals], "also": "blue house"}
    statuses = [people["redactor"].post("/office/surveys/town/texts/redact/", fields).status_code for _ in range(2)]

    assert "555-123-4567" in page
    assert "safe_day" not in page
    assert statuses == [302, 422]
    (kept,) = free_texts.redacted_texts("town")["open_keep"]
    assert "555-123-4567" not in kept
    assert "Smith" not in kept
    assert "blue house" not in kept
    assert queries.responses("town")[0]["answers"]["open_keep"] == written
