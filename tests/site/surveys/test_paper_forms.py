"""A paper form is received once for its code, keyed by two people, looked up by a third, and forgotten with acceptance."""

from __future__ import annotations

import json
from datetime import date

import pytest

TODAY = date(2027, 3, 1)
GOOD = {
    "_language": "en", "fear_list": "control", "trust_police": "4", "contact_kind": ["called", "event"],
    "contact_times": 3, "fear_list_control": "2", "open_keep": "Walk more",
}  # fmt: skip


@pytest.fixture
def office(fielded):
    """Receiving, keying and looking up, as the pages do it; `store` counts responses and remaining forms."""
    from types import SimpleNamespace

    from comity.site.surveys.responses import paper_forms, queries
    from comity.site.surveys.responses.models import PaperForm, SpentToken
    from comity.site.surveys.tokens import TokenKey

    survey = queries.fielded("town")

    def token():
        return TokenKey.read(fielded.keys, "town").issue_here("north").as_text()

    def receive(text=None):
        return paper_forms.receive_form(survey, text or token(), "north", keys=fielded.keys)

    def key(number, by, keyed, *, is_done=True):
        return paper_forms.save_keying(survey, number, keyed, by=by, is_done=is_done, keys=fielded.keys, day=TODAY)

    def look_up(number, by, **read):
        return paper_forms.look_up(survey, number, read, by=by, keys=fielded.keys, day=TODAY)

    def stored():
        return SpentToken.objects.count(), PaperForm.objects.count()

    return SimpleNamespace(
        survey=survey, token=token, receive=receive, key=key, look_up=look_up, stored=stored, forms=paper_forms
    )


def closed_responses():
    from comity.site.surveys.responses import actions, queries

    actions.close_survey("town")
    return queries.responses("town")


def test_two_people_who_agree_make_one_response_by_paper_and_the_form_is_forgotten(office, fielded):
    number = office.receive()

    assert office.key(number, "ana", GOOD) is False
    assert office.key(number, "ben", GOOD) is True

    assert office.stored() == (1, 0)
    answers = {name: value for name, value in GOOD.items() if name != "_language"}
    assert closed_responses() == [
        {"day": "2027-03-01", "mode": "paper", "language": "en", "stratum": "north", "answers": answers}
    ]
    assert number.encode() not in (fielded.folder / "responses.sqlite3").read_bytes()


def test_nothing_of_an_accepted_form_is_left_in_any_store(office, fielded):
    text = office.token()
    number = office.receive(text)
    office.key(number, "ana clerk", GOOD)
    waiting = (fielded.folder / "responses.sqlite3").read_bytes()
    office.key(number, "ben clerk", GOOD)

    left = b"".join(path.read_bytes() for path in fielded.folder.glob("*.sqlite3*"))
    for what in (number, text, "ana clerk"):
        assert what.encode() in waiting
        assert what.encode() not in left
    assert b"ben clerk" not in left


def test_one_person_cannot_key_a_form_twice(office):
    number = office.receive()
    office.key(number, "ana", GOOD)

    with pytest.raises(office.forms.PaperRefused, match="Another person"):
        office.key(number, "ana", GOOD)

    assert office.stored() == (0, 1)
    assert [(each.keyed, each.may) for each in office.forms.waiting_forms("town", "ana")] == [(1, False)]
    assert [(each.keyed, each.may) for each in office.forms.waiting_forms("town", "ben")] == [(1, True)]


def test_a_half_keyed_form_goes_on_where_it_was_and_the_other_never_sees_it(office):
    number = office.receive()
    office.key(number, "ana", {"_language": "en", "trust_police": "4"}, is_done=False)

    assert office.forms.own_keying("town", number, "ana") == {"_language": "en", "trust_police": "4"}
    assert office.forms.own_keying("town", number, "ben") == {}
    office.key(number, "ben", GOOD)
    assert office.stored() == (0, 1)
    assert office.key(number, "ana", GOOD) is True


def test_what_differs_is_looked_up_by_a_third_and_by_nobody_else(office):
    number = office.receive()
    office.key(number, "ana", GOOD)
    office.key(number, "ben", {**GOOD, "trust_police": "5", "_language": "es"})

    assert office.forms.fields_to_look_up(office.survey, number) == {
        "_language": ("en", "es"),
        "trust_police": ("4", "5"),
    }
    for one_of_the_two in ("ana", "ben"):
        with pytest.raises(office.forms.PaperRefused, match="third person"):
            office.look_up(number, one_of_the_two, trust_police="4")
    assert office.look_up(number, "cleo", trust_police="3", _language="es") == []

    assert office.stored() == (1, 0)
    (response,) = closed_responses()
    assert (response["answers"]["trust_police"], response["language"]) == ("3", "es")


def test_what_cannot_be_is_looked_up_even_where_both_agree_and_what_is_needed_may_be_empty(office):
    number = office.receive()
    for person in ("ana", "ben"):
        office.key(number, person, {**GOOD, "contact_times": 999})

    assert office.forms.fields_to_look_up(office.survey, number) == {"contact_times": (999, 999)}
    assert [each.question for each in office.look_up(number, "cleo", contact_times=998)] == ["contact_times"]
    assert office.look_up(number, "cleo") == []
    assert "contact_times" not in closed_responses()[0]["answers"]


def test_a_code_that_was_answered_online_takes_no_paper_and_one_token_is_one_form(office, fielded):
    from comity.site.surveys.responses import actions
    from comity.site.surveys.tokens import TokenRefused

    text = office.token()
    first = office.receive(text)
    assert office.receive(text) == first
    actions.submit(
        office.survey, {}, token=text, stratum="north", keys=fielded.keys, day=TODAY, mode="web", language="en"
    )

    with pytest.raises(office.forms.PaperRefused, match="arrived already"):
        office.receive(text)
    with pytest.raises(TokenRefused):
        office.receive("A" * 128)


def test_a_server_that_dies_between_spending_and_forgetting_makes_no_second_response(office, monkeypatch):
    number = office.receive()
    office.key(number, "ana", GOOD)
    with monkeypatch.context() as dying:
        dying.setattr(office.forms, "set_aside", lambda survey, number: None)
        office.key(number, "ben", GOOD)
    assert office.stored() == (1, 1)

    assert office.forms.fields_to_look_up(office.survey, number) == {}
    assert office.look_up(number, "cleo") == []

    assert office.stored() == (1, 0)


def test_a_survey_does_not_end_over_forms_that_wait(office):
    from comity.site.surveys.responses.actions import CannotField, close_survey

    number = office.receive()
    with pytest.raises(CannotField, match="wait to be keyed"):
        close_survey("town")

    office.forms.set_aside("town", number)
    close_survey("town")


@pytest.fixture
def clients(fielded):
    from django.test import Client

    from comity.site.community.actions import add_account

    found = {}
    for name, role in (("ana", "interviewer"), ("ben", "interviewer"), ("cleo", "custodian")):
        found[name] = Client()
        found[name].force_login(add_account(name, role=role, password="a long pass phrase"))
    return found


def test_the_pages_take_a_form_from_its_token_to_the_response_without_javascript(office, clients):
    edition = {"_language": "en", "fear_list": "control"}
    typed = {**edition, "trust_police": "4", "open_keep": "Walk more", "contact_kind": ["called"]}
    received = clients["ana"].post("/office/paper/town/", {"token": office.token(), "stratum": "north"})
    form = received["Location"]

    choosing = clients["ana"].get(form).content.decode()
    keying = clients["ana"].get(form, edition).content.decode()
    assert "Write " in choosing
    assert "fear_list_control" in keying
    assert "fear_list_treated" not in keying
    clients["ana"].post(form, {**typed, "_go": "later"})
    assert 'value="4" checked' in clients["ana"].get(form).content.decode()
    assert 'value="4" checked' not in clients["ben"].get(form, edition).content.decode()
    clients["ana"].post(form, {**typed, "_go": "done"})
    clients["ben"].post(form, {**typed, "trust_police": "5", "_go": "done"})
    looking = clients["cleo"].get(form).content.decode()
    assert "Look at the paper" in looking
    assert "open_keep" not in looking
    assert "Look at the paper" not in clients["ana"].get(form).content.decode()
    wrong = clients["cleo"].post(form, {"_fields": "trust_police", "trust_police": "77"})
    assert wrong.status_code == 422
    done = clients["cleo"].post(form, {"_fields": "trust_police", "trust_police": "5"})

    assert "counted" in done.content.decode()
    assert office.stored() == (1, 0)
    assert clients["cleo"].get(form).status_code == 422
    (response,) = closed_responses()
    assert response["mode"] == "paper"
    assert response["answers"]["trust_police"] == "5"
    assert json.dumps(response).count("Walk more") == 1


def test_only_the_custodian_sets_a_form_aside(office, clients):
    number = office.receive()

    assert clients["ana"].post(f"/office/paper/town/{number}/set-aside/").status_code == 403
    assert clients["cleo"].post(f"/office/paper/town/{number}/set-aside/").status_code == 302
    assert office.stored() == (0, 0)
