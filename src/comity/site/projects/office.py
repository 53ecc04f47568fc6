"""What awaits people of the office in small projects."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from comity.site.community.duties import Duty
from comity.site.community.models import Account
from comity.site.projects.queries import unread_steps
from comity.site.projects.rules import DECIDING


def duties(account: Account) -> list[Duty]:
    """Steps to read, for moderators and community leaders."""
    if account.agency is None or account.role not in DECIDING:
        return []
    count = len(unread_steps(account.agency))
    note = _("%(count)d to read") % {"count": count} if count else ""
    return [Duty(_("Small projects"), reverse("projects:office_projects"), note)]
