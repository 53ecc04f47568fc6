"""Every address of the survey pages, with every method, for every role: exactly what the one table says."""

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
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def addresses() -> list[tuple[str, bool]]:
    """(url name, whether it takes the survey's name) of every survey address there is."""
    from django.urls import get_resolver

    found = []

    def walk(patterns, inside):
        for each in patterns:
            is_ours = inside or getattr(each, "app_name", None) == "surveys"
            if hasattr(each, "url_patterns"):
                walk(each.url_patterns, is_ours)
            elif is_ours:
                found.append((each.name, "name" in each.pattern.converters))

    walk(get_resolver().url_patterns, False)
    return found


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


def test_every_address_is_in_the_table_and_nothing_else(fielded):
    from comity.site.surveys.rules import ACCESS

    names = {name for name, _ in addresses()}

    assert names == {name for name, _ in TABLE}
    assert {(name.removeprefix("surveys:"), m) for name, methods in ACCESS.items() for m in methods} == set(TABLE)


def test_every_address_method_and_role_is_as_the_table_says(fielded, people):
    from django.urls import reverse

    wrong = []
    for name, takes_survey in sorted(addresses()):
        address = reverse(f"surveys:{name}", args=["town"] if takes_survey else [])
        for method in METHODS:
            for role, client in people.items():
                if (name, method) == ("office_close", "POST"):
                    continue  # they end what the rest of this walk needs; below
                may = role in TABLE.get((name, method), set())
                status = client.generic(method, address).status_code
                let_in = status not in (302, 403, 405) if method == "GET" else status not in (403, 405)
                if let_in != may:
                    wrong.append((name, method, role, status))

    assert wrong == []


def test_what_ends_something_is_for_its_role_only(fielded, people):
    from django.urls import reverse

    address = reverse("surveys:office_close", args=["town"])
    for role, client in people.items():
        assert client.get(address).status_code == 405
        assert (client.post(address).status_code == 302) == (role == "custodian"), role


def test_an_address_that_is_not_in_the_table_is_refused(fielded, people, monkeypatch):
    from comity.site import guard

    rest = {name: methods for name, methods in guard.table().items() if name != "surveys:survey_promise"}
    monkeypatch.setattr(guard, "table", lambda: rest)

    assert people["anyone"].get("/survey/town/promise/").status_code == 403


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
        b'{"day":"2027-03-01","answers":{"safe_day":"1","open_keep":"%s"}}' % written.encode(),
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
