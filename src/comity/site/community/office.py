"""What awaits people of the office in the community's own room."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from comity.site.community import queries
from comity.site.community.duties import Duty
from comity.site.community.models import Account
from comity.site.community.roles import Role


def duties(account: Account) -> list[Duty]:
    """For the auditor the log, and whether it is as it was sealed."""
    if account.role != Role.AUDITOR:
        return []
    found = queries.sealing()
    if found.contradicted:
        return [Duty(_("Log"), reverse("community:log"), _("not what was sealed"), is_urgent=True)]
    if found.is_late:
        return [Duty(_("Log"), reverse("community:log"), _("sealing is late"), is_urgent=True)]
    return [Duty(_("Log"), reverse("community:log"))]
