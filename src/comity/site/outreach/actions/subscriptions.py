"""Subscribing by e-mail: asked for, confirmed by a link, left by one click, and told once a day of what is new.

Whether an address is subscribed shows nowhere: asking always gives the same page. Links are made of the site's own
address, never of what a request calls it.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.community.log import record
from comity.site.community.mail import queue_mail
from comity.site.community.models import Agency, Place
from comity.site.outreach.addresses import AddressKey
from comity.site.outreach.models import Subscription, Topic
from comity.site.outreach.queries.news import Item, news

DAYS_TO_CONFIRM = 3
MOST_MAILS_A_DAY = 3  # to one address that has not confirmed, whoever types it in


class SubscriptionRefused(ComityError):
    """A subscription cannot be taken as asked."""


@transaction.atomic
def subscribe(address: str, *, agency: Agency, topic: str, place: Place | None, language: str) -> None:
    """Sends `address` a link that confirms, or, where it is subscribed already, one that leaves. Says nothing to the asker."""
    if topic not in Topic.values:
        raise SubscriptionRefused(_("There is no topic '%(topic)s'.") % {"topic": topic}, _("Choose one of the list."))
    now = settings.CLOCK()
    key = AddressKey.of(settings.INSTANCE)
    index = key.index(address)
    todays = [
        each for each in Subscription.objects.filter(agency=agency, index=index) if now - each.asked < timedelta(days=1)
    ]
    if len(todays) >= MOST_MAILS_A_DAY:
        return
    wanted = {"agency": agency, "index": index, "topic": topic, "place": place}
    given = {
        "address": key.seal(address),
        "language": language,
        "asked": now,
        "confirming": secrets.token_urlsafe(32),
        "leaving": secrets.token_urlsafe(32),
    }
    try:
        with transaction.atomic():
            found, is_new = Subscription.objects.get_or_create(**wanted, defaults=given)
    except IntegrityError:  # asked for twice at the same moment
        return
    if found.confirmed is None:
        if not is_new and now - found.asked >= timedelta(days=1):
            found.asked = now
            found.save(update_fields=["asked"])
        _ask_to_confirm(address, found, now)
    else:
        _say_it_is_so(address, found, now)
    record("outreach.subscription-asked", "subscription", by=None, agency=agency, details={"topic": topic})


@transaction.atomic
def confirm(token: str) -> bool:
    """Begins the subscription whose link this is; True also where it had begun. False for a link that is none, or too old."""
    now = settings.CLOCK()
    found = Subscription.objects.select_for_update().filter(confirming=token).first()
    if found is None or (found.confirmed is None and now - found.asked >= timedelta(days=DAYS_TO_CONFIRM)):
        return False
    if found.confirmed is None:
        found.confirmed = found.told = now
        found.save(update_fields=["confirmed", "told"])
        record("outreach.subscription-confirmed", "subscription", by=None, agency=found.agency)
    return True


@transaction.atomic
def leave(token: str) -> None:
    """Deletes the subscription whose link this is, address and all; nothing where it is gone already."""
    found = Subscription.objects.select_related("agency").filter(leaving=token).first()
    if found is not None:
        agency = found.agency
        found.delete()
        record("outreach.subscription-left", "subscription", by=None, agency=agency)


def forget_unconfirmed(folder: Path, now: datetime) -> int:
    """Deletes what nobody confirmed in time."""
    gone, _kinds = Subscription.objects.filter(
        confirmed=None, asked__lte=now - timedelta(days=DAYS_TO_CONFIRM)
    ).delete()
    return gone


def tell_subscribers(folder: Path, now: datetime) -> int:
    """Queues one message for each subscription that has something new since it was told last, at most one a day."""
    key = AddressKey.of(folder)
    due = Subscription.objects.filter(confirmed__isnull=False, told__lte=now - timedelta(hours=20))
    told = 0
    for number in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            each = (
                Subscription.objects.select_for_update(of=("self",))
                .select_related("agency", "place")
                .filter(pk=number, told__lte=now - timedelta(hours=20))
                .first()
            )
            if each is None:
                continue
            found = [
                item
                for item in news(each.agency, topic=each.topic, place=each.place, now=now)
                if each.told < item.surely_public <= now
            ]
            if found:
                _tell(key.open(each.address), each, found, now)
                told += 1
            each.told = now
            each.save(update_fields=["told"])
    return told


def _ask_to_confirm(address: str, found: Subscription, now: datetime) -> None:
    with translation.override(found.language):
        queue_mail(
            address,
            _("Please confirm: mail from %(agency)s") % {"agency": found.agency.name},
            _(
                "Somebody, perhaps you, asked for mail about: %(what)s.\n\nIf it was you, open this link within %(days)d days:\n%(link)s\n\nIf it was not, do nothing: the address is deleted by itself."
            )
            % {"what": what(found), "days": DAYS_TO_CONFIRM, "link": link("outreach:confirm", found.confirming)},
            once=f"outreach confirm {found.confirming} {now:%Y-%m-%d}",
        )


def _say_it_is_so(address: str, found: Subscription, now: datetime) -> None:
    with translation.override(found.language):
        queue_mail(
            address,
            _("You get this mail already: %(agency)s") % {"agency": found.agency.name},
            _(
                "Somebody, perhaps you, asked for mail about: %(what)s. You get it already; nothing was changed.\n\nTo stop it, open this link:\n%(link)s"
            )
            % {"what": what(found), "link": link("outreach:leave", found.leaving)},
            once=f"outreach already {found.leaving} {now:%Y-%m-%d}",
            leave_url=link("outreach:leave", found.leaving),
        )


def _tell(address: str, found: Subscription, items: list[Item], now: datetime) -> None:
    with translation.override(found.language):
        lines = [f"{item.said(found.language)}\n{settings.SITE_URL}{item.address(found.language)}" for item in items]
        queue_mail(
            address,
            _("%(agency)s: what is new (%(count)d)") % {"agency": found.agency.name, "count": len(items)},
            "\n\n".join(
                [
                    *lines,
                    _("You get this because you asked for: %(what)s. To stop it, open this link:\n%(link)s")
                    % {"what": what(found), "link": link("outreach:leave", found.leaving)},
                ]
            ),
            once=f"outreach news {found.leaving} {now.isoformat()}",
            leave_url=link("outreach:leave", found.leaving),
        )


def what(found: Subscription) -> str:
    """What somebody subscribed to, in the language in force."""
    topic = str(Topic(found.topic).label)
    return f"{topic}, {found.place.name}" if found.place else topic


def link(name: str, token: str) -> str:
    """An absolute address on the site's own name (COMITY_SITE_URL)."""
    return f"{settings.SITE_URL or 'http://127.0.0.1:8000'}{reverse(name, args=[token])}"
