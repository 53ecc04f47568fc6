"""An account has one role, and says whether its owner works for the police."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    CUSTODIAN = "custodian", _("Survey custodian")
    ANALYST = "analyst", _("Agency analyst")
    INTERVIEWER = "interviewer", _("Interviewer")
    REDACTOR = "redactor", _("Redactor")


class Account(AbstractUser):
    """A person who signs in. Custodians, interviewers and redactors never work for the police."""

    role = models.CharField(max_length=20, choices=Role.choices)
    works_for_police = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(works_for_police=False) | models.Q(role=Role.ANALYST),
                name="only_analysts_work_for_the_police",
            ),
        )
