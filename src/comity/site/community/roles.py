"""The roles that an account can have."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    CHIEF = "chief", _("Chief")
    ANALYST = "analyst", _("Agency analyst")
    TRAINING_OFFICER = "training-officer", _("Training officer")
    CUSTODIAN = "custodian", _("Survey custodian")
    INTERVIEWER = "interviewer", _("Interviewer")
    REDACTOR = "redactor", _("Redactor")
    COMMUNITY_LEADER = "community-leader", _("Community leader")
    MODERATOR = "moderator", _("Moderator")
    AUDITOR = "auditor", _("Auditor")
    RESIDENT = "resident", _("Resident")


OF_THE_POLICE = (Role.CHIEF, Role.ANALYST, Role.TRAINING_OFFICER)
"""The roles that somebody who works for the police can have; nobody else can be chief."""
