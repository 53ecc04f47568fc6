"""What awaits people of the office in outreach."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from comity.site.community.duties import Duty
from comity.site.community.models import Account
from comity.site.community.roles import Role
from comity.site.outreach.queries.questions import public_questions, unread_questions
from comity.site.outreach.rules import AGENCY, ANNOUNCING

DAYS_UNTIL_URGENT = 14


def duties(account: Account) -> list[Duty]:
    """Questions to read or answer, and the forms of this person's role."""
    found = []
    agency, now = account.agency, settings.CLOCK()
    if agency is None:
        return []
    if account.role == Role.MODERATOR or account.role in AGENCY:
        waiting = unread_questions(agency, now) if account.role == Role.MODERATOR else public_questions(agency, now)[0]
        label = _("Questions to read") if account.role == Role.MODERATOR else _("Questions to answer")
        note = (
            _("%(count)d, the oldest for %(days)d days") % {"count": len(waiting), "days": waiting[0].days}
            if waiting
            else ""
        )
        is_urgent = bool(waiting) and waiting[0].days >= DAYS_UNTIL_URGENT
        found.append(Duty(label, reverse("outreach:office_questions"), note, is_urgent))
    if account.role in ANNOUNCING:
        found.append(Duty(_("Events"), reverse("outreach:office_events")))
    if account.role in AGENCY:
        found.append(Duty(_("Contacts that enforced nothing"), reverse("outreach:office_contacts")))
        found.append(Duty(_("Profiles of officers"), reverse("outreach:office_profiles")))
    return found
