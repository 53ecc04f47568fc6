"""What awaits people of the office in planning."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from comity.site.community.duties import Duty
from comity.site.community.models import Account
from comity.site.community.roles import Role
from comity.site.planning import queries
from comity.site.planning.rules import PLANNERS, VOTE_KEEPERS


def duties(account: Account) -> list[Duty]:
    """Versions to sign, contributions to decide on, and the way to the plans for those who work on them."""
    found = []
    if account.role == Role.COMMUNITY_LEADER:
        found += [
            Duty(
                _("Sign or dissent: %(plan)s, version %(number)d") % {"plan": each.plan.title, "number": each.number},
                reverse("planning:office_sign", args=[each.pk]),
                is_urgent=True,
            )
            for each in queries.to_sign(account)
        ]
    if account.role in PLANNERS | VOTE_KEEPERS:
        found.append(Duty(_("Plans and consultations"), reverse("planning:office_plans")))
    if account.role in (Role.MODERATOR, Role.AUDITOR):
        count = len(queries.waiting(account))
        note = ngettext("%(count)d waits", "%(count)d wait", count) % {"count": count} if count else ""
        found.append(Duty(_("Moderation of contributions"), reverse("planning:office_moderation"), note, count > 0))
    return found
