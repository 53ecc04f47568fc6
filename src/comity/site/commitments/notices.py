"""Mails that tell of commitments: to the owner at once, to followers by the worker; each at most once."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from comity.site.commitments import in_words
from comity.site.commitments.models import Commitment, Follower, Step
from comity.site.commitments.queries import day_of
from comity.site.community.mail import queue_mail

LONGEST_SUBJECT = 180


def tell_owner(commitment: Commitment, what: str) -> None:
    """The owner has something to accept, or to take up again. what: "made" or "reopened 7"; once for each."""
    if not commitment.owner.email:
        return
    subject = (
        _("A commitment was reopened: %(title)s")
        if what.startswith("reopened")
        else _("A commitment awaits you: %(title)s")
    )
    text = _("Sign in to see what is to be done: %(address)s") % {
        "address": _absolute(reverse("commitments:office_commitment", args=[commitment.pk]))
    }
    queue_mail(
        commitment.owner.email,
        _one_line(subject % {"title": commitment.title}),
        text,
        once=f"commitments.owner:{commitment.pk}:{what}",
    )


def ask_to_confirm(follower: Follower, day: str) -> None:
    """The mail with which a follower begins, or which says that the address is told already; one a day and commitment, however often somebody asks."""
    with translation.override(follower.language):
        is_new = follower.confirmed_on is None
        to_confirm = _(
            "Somebody, perhaps you, asked to be told what becomes of this commitment:\n%(title)s\n\n"
            "To be told, open this page and confirm:\n%(address)s\n\n"
            "If it was not you, do nothing: the address is forgotten after seven days."
        )
        known = _(
            "Somebody asked to be told of this commitment at your address, which is told already:\n%(title)s\n\nTo leave: %(address)s"
        )
        address = _of_follower("following" if is_new else "leaving", follower)
        text = (to_confirm if is_new else known) % {"title": follower.commitment.title, "address": address}
        subject = (_("Confirm: follow “%(title)s”") if is_new else _("You follow “%(title)s”")) % {
            "title": follower.commitment.title
        }
        once = f"commitments.confirm:{follower.pk}:{day}"
        queue_mail(follower.address, _one_line(subject), text, once=once)


def tell_follower(follower: Follower, steps: list[Step]) -> None:
    """What has happened since the follower was told last."""
    with translation.override(follower.language):
        commitment = follower.commitment
        lines = [
            f"{day_of(each.at)}: {': '.join(filter(None, (each.get_kind_display(), in_words.outcome(each))))}"
            for each in steps
        ]
        text = _("What happened since you were told last:\n%(steps)s\n\n%(address)s\n\nTo leave: %(leave)s") % {
            "steps": "\n".join(lines),
            "address": _absolute(reverse("commitments:commitment", args=[commitment.pk])),
            "leave": _of_follower("leaving", follower),
        }
        subject = _("News of “%(title)s”") % {"title": commitment.title}
        queue_mail(
            follower.address, _one_line(subject), text, once=f"commitments.news:{follower.pk}:{steps[-1].number}"
        )


def _of_follower(view: str, follower: Follower) -> str:
    return _absolute(reverse(f"commitments:{view}", args=[follower.token]))


def _absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def _one_line(subject: str) -> str:
    line = "".join(each if each.isprintable() else " " for each in subject)
    return " ".join(line.split())[:LONGEST_SUBJECT]
