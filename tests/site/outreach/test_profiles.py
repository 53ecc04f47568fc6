"""An officer is shown by their own consent and not a moment longer."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
def prepare(town):
    from comity.site.outreach.actions.profiles import prepare_profile

    def prepared(words="I grew up near here and like to walk.", **changes):
        given = {"name": "Officer Zero", "rank": "Sergeant", "words": words, "by": town.people["chief"]}
        return prepare_profile(**{**given, **changes})

    return prepared


def test_a_profile_is_shown_from_consent_until_it_runs_out(clients, prepare, at):
    anyone = clients["anyone"]
    _profile, token = prepare()
    assert "Officer Zero" not in anyone.get("/officers/").content.decode()
    assert "Officer Zero" in anyone.get(f"/officers/consent/{token}/").content.decode()

    anyone.post(f"/officers/consent/{token}/", "months=6", content_type="application/x-www-form-urlencoded")

    assert "Officer Zero" in anyone.get("/officers/").content.decode()
    at(183.9)
    assert "Officer Zero" in anyone.get("/officers/").content.decode()
    at(184)  # 15 November, the same minute
    assert "Officer Zero" not in anyone.get("/officers/").content.decode()


def test_the_link_serves_once(clients, prepare):
    _profile, token = prepare()
    address, form = f"/officers/consent/{token}/", "application/x-www-form-urlencoded"

    assert clients["anyone"].post(address, "months=12", content_type=form).status_code == 200
    assert clients["anyone"].post(address, "months=12", content_type=form).status_code == 410
    assert clients["anyone"].get(address).status_code == 410


def test_one_click_takes_it_back_at_once_and_erases_it(clients, prepare):
    from comity.site.community.models import Entry
    from comity.site.outreach.models import Profile

    _profile, token = prepare()
    page = clients["anyone"].post(
        f"/officers/consent/{token}/", "months=12", content_type="application/x-www-form-urlencoded"
    )
    link = re.search(r'href="http://127\.0\.0\.1:8000(/officers/withdraw/[^"]+)"', page.content.decode())[1]

    assert clients["anyone"].get(link).status_code == 200
    assert Profile.objects.count() == 1  # opening the link is not the click
    assert "is gone" in clients["anyone"].post(link).content.decode()
    assert Profile.objects.count() == 0
    used, unknown = clients["anyone"].post(link), clients["anyone"].post("/officers/withdraw/nothing/")
    assert used.content.decode().replace(link, "") == unknown.content.decode().replace(
        "/officers/withdraw/nothing/", ""
    )
    said = str([(each.subject, each.details, each.public) for each in Entry.objects.all()])
    assert "Officer Zero" not in said and "Sergeant" not in said


def test_the_words_cannot_change_after_consent(clients, prepare):
    from django.db import DatabaseError, transaction

    from comity.site.outreach.actions.profiles import consent
    from comity.site.outreach.models import Profile

    profile, token = prepare()
    consent(token, months=6)

    for change in ({"words": "Other words."}, {"expires": None}, {"rank": "Chief"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Profile.objects.filter(pk=profile.pk).update(**change)


def test_consent_without_an_end_is_refused_by_the_database(site, prepare):
    from django.db import IntegrityError, transaction

    from comity.site.outreach.models import Profile

    profile, _token = prepare()
    with pytest.raises(IntegrityError), transaction.atomic():
        Profile.objects.filter(pk=profile.pk).update(consented=profile.invited, withdrawal="x")


def test_what_ran_out_is_erased_by_the_job_twice_without_harm(town, prepare, at):
    from comity.site.outreach.actions.profiles import consent
    from comity.site.outreach.jobs import erase_expired_profiles
    from comity.site.outreach.models import Profile

    _shown, token = prepare()
    consent(token, months=6)
    prepare(name="Never answered")
    assert erase_expired_profiles(town.folder, at(29)) == 0
    assert erase_expired_profiles(town.folder, at(31)) == 1
    now = at(200)
    assert (erase_expired_profiles(town.folder, now), erase_expired_profiles(town.folder, now)) == (1, 0)
    assert Profile.objects.count() == 0


@pytest.mark.parametrize(
    "words",
    [
        "I live at 1420 Lincoln Street NE.",
        "Come to 12 Elm Ave",
        "Vivo en la calle Hidalgo 26",
        "Avenida Central #12",
        "P.O. Box 114",
        "Apt 4, second floor",
        "Minneapolis MN 55418",
        "Call me: 612-555-0147",
        "Llámeme al (612) 555 0147",
        "+1 612 555 01 47",
        "officer@example.org",
        "officer (at) example (dot) org",
        "see www.example.org/me",
        "https://example.org",
    ],
)
def test_text_that_leads_to_a_door_is_refused(prepare, words):
    from comity.site.community.private_words import PrivateWords
    from comity.site.outreach.models import Profile

    with pytest.raises(PrivateWords) as refused:
        prepare(words=f"Hello. {words}")
    assert words not in str(refused.value)
    assert Profile.objects.count() == 0


@pytest.mark.parametrize(
    "words",
    [
        "I have served 12 years, 4 of them on the night watch.",
        "Twenty years here; in 2016 I began the walk on Tuesdays.",
        "Trabajo aquí desde 2009 y me gusta el fútbol.",
        "I coach children of 8 to 12 years, from 4 to 6 p.m.",
        "I walk the beat in Holland every week.",
        "We met 150 neighbors at 3 schools.",
    ],
)
def test_ordinary_words_are_taken(words):
    from comity.site.community.private_words import find_private_words

    assert find_private_words(words) is None


def test_no_field_of_a_profile_could_hold_a_home(django):
    from comity.site.outreach.models import Profile

    assert {each.name for each in Profile._meta.get_fields()} == {
        "id", "agency", "place", "name", "rank", "languages", "words", "invited", "invitation", "withdrawal", "consented",
        "expires",
    }  # fmt: skip


def test_the_office_sees_the_link_once(clients):
    given = {"name": "An officer", "rank": "Officer", "words": "Hello."}

    made = clients["chief"].post("/office/outreach/profiles/", given).content.decode()
    again = clients["chief"].get("/office/outreach/profiles/").content.decode()

    assert "/officers/consent/" in made
    assert "/officers/consent/" not in again
    assert "waits for the officer" in again
    assert (
        clients["chief"].post("/office/outreach/profiles/", {**given, "words": "Call 612-555-0147"}).status_code == 422
    )


def test_another_agencys_profile_cannot_be_erased(town, prepare):
    from django.test import Client

    from comity.site.outreach.models import Profile

    profile, _token = prepare()
    stranger = Client()
    stranger.force_login(town.strangers["chief"])

    assert stranger.post(f"/office/outreach/profiles/{profile.pk}/remove/").status_code == 404
    assert Profile.objects.count() == 1
