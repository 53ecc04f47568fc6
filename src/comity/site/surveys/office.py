"""What awaits people of the office in surveys."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from comity.site.community.duties import Duty
from comity.site.community.models import Account
from comity.site.surveys.rules import FIELD_WORK


def duties(account: Account) -> list[Duty]:
    """The way to the surveys, for those who work in the field. An agency's analyst sees results with everybody else."""
    return [Duty(_("Surveys"), reverse("surveys:office"))] if account.role in FIELD_WORK else []
