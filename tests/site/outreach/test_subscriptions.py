"""Nobody is subscribed who did not agree, everybody leaves by one click, and the store names nobody."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

FORM = "application/x-www-form-urlencoded"
WHO = "Reader@Example.org"


@pytest.fixture
def subscribe(clients, place):
    def sent(address=WHO, *, topic="events", place="", language=""):
        given = urlencode({"address": address, "topic": topic, "place": place})
        return clients["anyone"].post(f"{language}/subscribe/", given, content_type=FORM)

    return sent


@pytest.fixture
def mails(town):
    """The messages that wait, oldest first."""
    from comity.site.community.models import Mail

    return lambda: list(Mail.objects.order_by("number"))


def link_in(text, what):
    return re.search(rf"http://127\.0\.0\.1:8000((?:/es)?/subscribe/{what}/\S+)", text)[1]


@pytest.fixture
def subscribed(clients, subscribe, mails):
    """A reader who confirmed; the address that leaves."""
    from comity.site.outreach.models import Subscription

    def done(**given):
        subscribe(**given)
        clients["anyone"].post(link_in(mails()[-1].text, "confirm"))
        return f"/subscribe/leave/{Subscription.objects.order_by('-pk').first().leaving}/"

    return done


def test_mail_begins_only_when_the_reader_agrees(clients, subscribe, mails):
    from comity.site.outreach.models import Subscription

    subscribe()
    (mail,) = mails()
    link = link_in(mail.text, "confirm")
    assert mail.address == WHO
    clients["anyone"].get(link)  # a program that looks through mail opens links
    assert Subscription.objects.get().confirmed is None

    assert "It has begun" in clients["anyone"].post(link).content.decode()

    assert Subscription.objects.get().confirmed is not None


def test_news_reach_a_subscriber_once_and_only_of_their_place(town, subscribed, mails, announce, at):
    from comity.site.community.models import Place
    from comity.site.outreach.jobs import tell_subscribers

    other = Place.objects.create(agency=town.agency, slug="waite-park", name="Waite Park")
    leaving = subscribed(place="holland")
    at(0.5)
    announce(title="In Holland")
    announce(title="In Waite Park", place=other)

    now = at(1)
    assert (tell_subscribers(town.folder, now), tell_subscribers(town.folder, now)) == (1, 0)
    assert tell_subscribers(town.folder, at(2)) == 0
    (mail,) = mails()[1:]
    assert "In Holland" in mail.text and "In Waite Park" not in mail.text
    assert mail.leave_url == f"http://127.0.0.1:8000{leaving}"
    assert leaving in mail.text


def test_one_post_of_the_mail_program_leaves_and_deletes_the_address(clients, subscribed, announce, sent, town, at):
    from comity.site.community.mail import send_waiting
    from comity.site.outreach.jobs import tell_subscribers
    from comity.site.outreach.models import Subscription

    subscribed()
    at(0.5)
    announce()
    now = at(1)
    tell_subscribers(town.folder, now)
    send_waiting(town.folder, now)
    headers = sent[-1].extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"].strip("<>").removeprefix("http://127.0.0.1:8000")

    assert clients["anyone"].post(address, "List-Unsubscribe=One-Click", content_type=FORM).status_code == 200

    assert Subscription.objects.count() == 0


def test_leaving_in_the_browser_takes_a_click(clients, subscribed):
    from comity.site.outreach.models import Subscription

    leaving = subscribed()
    clients["anyone"].get(leaving)
    assert Subscription.objects.count() == 1
    assert "It has ended" in clients["anyone"].post(leaving).content.decode()
    assert Subscription.objects.count() == 0


def test_the_store_and_the_log_do_not_hold_the_address(town, subscribed):
    from comity.site.community.models import Entry
    from comity.site.outreach.addresses import AddressKey
    from comity.site.outreach.models import Subscription

    subscribed()
    found = Subscription.objects.get()
    entries = str([(each.subject, each.details, each.public) for each in Entry.objects.all()])

    assert "example" not in str(vars(found)).lower() + entries.lower()
    assert AddressKey.of(town.folder).open(found.address) == WHO
    assert (town.folder / "keys" / "addresses.key").stat().st_mode & 0o777 == 0o600


def test_an_unencrypted_address_is_refused_by_the_database(subscribed):
    from django.db import IntegrityError, transaction

    from comity.site.outreach.models import Subscription

    subscribed()
    with pytest.raises(IntegrityError), transaction.atomic():
        Subscription.objects.update(address=WHO)


def test_what_nobody_confirmed_is_deleted_after_three_days(town, clients, subscribe, mails, at):
    from comity.site.outreach.jobs import forget_unconfirmed
    from comity.site.outreach.models import Subscription

    subscribe()
    assert forget_unconfirmed(town.folder, at(2.9)) == 0
    now = at(3)
    assert clients["anyone"].post(link_in(mails()[0].text, "confirm")).status_code == 410
    assert (forget_unconfirmed(town.folder, now), forget_unconfirmed(town.folder, now)) == (1, 0)
    assert Subscription.objects.count() == 0


def test_an_address_in_other_letters_is_the_same(subscribe):
    from comity.site.outreach.models import Subscription

    subscribe()
    subscribe(WHO.upper())
    subscribe(place="holland")

    assert Subscription.objects.count() == 2


def test_a_stranger_cannot_fill_somebodys_mailbox(subscribe, mails):
    for topic in ("events", "releases", "questions"):
        for place in ("", "holland"):
            for _again in range(3):
                subscribe(topic=topic, place=place)

    assert len(mails()) == 3


def test_spanish_readers_are_written_to_in_spanish(clients, subscribe, mails):
    subscribe(language="/es")

    assert "Confirme" in mails()[0].subject
    assert "/es/subscribe/confirm/" in mails()[0].text


@pytest.mark.parametrize("topic", ["releases", "events", "questions"])
def test_feeds_say_the_same_news(town, clients, announce, ask, topic):
    from xml.etree import ElementTree

    announce(title="Walk <b>together</b>")
    ask("Why?")

    answer = clients["anyone"].get(f"/feeds/{topic}.xml")

    feed = ElementTree.fromstring(answer.content)
    titles = [each.text for each in feed.iter("{http://www.w3.org/2005/Atom}title")]
    wanted = {"releases": "Police stops, 2017", "events": "Walk <b>together</b>", "questions": "Why?"}[topic]
    assert any(wanted in each for each in titles[1:])
    assert clients["anyone"].get(f"/feeds/{topic}/holland.xml").status_code == 200
    assert clients["anyone"].get("/feeds/nothing.xml").status_code == 404


def test_a_release_is_told_once_also_to_who_subscribed_on_its_day(town, subscribed, mails, at):
    """The second version of the small public folder is of 12 April; its hour is known to nobody."""
    from comity.site.outreach.jobs import tell_subscribers

    at(-33.2)  # the morning of that day
    subscribed(topic="releases")

    assert [tell_subscribers(town.folder, at(days)) for days in (-32.3, -31, -30)] == [1, 0, 0]
    assert "/releases/stops/2017/v2/" in mails()[-1].text
