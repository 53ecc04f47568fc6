"""What awaits people of the office in commitments."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from comity.site.commitments.queries import awaiting, today
from comity.site.community.duties import Duty
from comity.site.community.models import Account
from comity.site.community.roles import Role


def duties(account: Account) -> list[Duty]:
    """One line for each thing that a role does with commitments, with how many wait."""
    waiting = awaiting(account, today())
    address = reverse("commitments:office_commitments")
    found = []
    if account.role in (Role.CHIEF, Role.ANALYST, Role.TRAINING_OFFICER):
        to_close = waiting["to_close"] if account.role == Role.CHIEF else 0
        notes = [
            ngettext("%(n)s to accept", "%(n)s to accept", waiting["to_accept"]) % {"n": waiting["to_accept"]},
            ngettext("%(n)s reopened", "%(n)s reopened", waiting["reopened"]) % {"n": waiting["reopened"]},
            ngettext("%(n)s to close", "%(n)s to close", to_close) % {"n": to_close},
            ngettext("%(n)s overdue", "%(n)s overdue", waiting["overdue"]) % {"n": waiting["overdue"]},
        ]
        numbers = (waiting["to_accept"], waiting["reopened"], to_close, waiting["overdue"])
        note = ", ".join(text for text, n in zip(notes, numbers, strict=True) if n)
        is_urgent = bool(waiting["reopened"] or waiting["overdue"])
        found.append(Duty(_("Commitments of yours"), address, note, is_urgent))
    if account.role == Role.COMMUNITY_LEADER:
        note = ngettext("%(n)s to verify", "%(n)s to verify", waiting["to_verify"]) % {"n": waiting["to_verify"]}
        found.append(Duty(_("Commitments to verify"), address, note if waiting["to_verify"] else ""))
    if account.role in (Role.AUDITOR, Role.MODERATOR):
        found.append(Duty(_("Commitments of the agency"), address))
    return found
