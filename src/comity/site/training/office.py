"""What awaits people of the office in training."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from comity.site.community.duties import Duty
from comity.site.community.models import Account
from comity.site.training.rules import READS
from comity.site.training.standing import standing, today


def duties(account: Account) -> list[Duty]:
    """Training, with how many officers are overdue."""
    if account.role not in READS or account.agency is None:
        return []
    overdue = sum(each.overdue for each in standing(account.agency, today()))
    note = ngettext("%(count)d overdue", "%(count)d overdue", overdue) % {"count": overdue} if overdue else ""
    return [Duty(_("Training"), reverse("training:office"), note, is_urgent=overdue > 0)]
