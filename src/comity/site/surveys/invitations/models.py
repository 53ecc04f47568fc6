"""Who was invited, and whether the code was used: never when, and never with which token.

Rows are written once, in the order of their code digests. Using a code changes two columns in place, from values of one
length to others of the same length, so that the file afterwards is the same whatever the order in which codes were used.
"""

from __future__ import annotations

from django.db import models

NO_ELEMENT = bytes(32)


def no_element() -> bytes:
    """The value of `blinded` before a code is used, of the length that it has afterwards."""
    return NO_ELEMENT


class Sample(models.Model):
    """The invitations of one survey. answers_url: the answer page's address, which may be another organisation's."""

    survey = models.SlugField(primary_key=True)
    answers_url = models.CharField(max_length=300)
    is_open = models.BooleanField(default=False)
    is_sample_data = models.BooleanField(default=False)


class Invitation(models.Model):
    """One invited case.

    case: its number in the sampling frame. stratum: which token key it gets. blinded: the element that was evaluated, so
    that a browser whose connection broke can ask again; it says nothing about the token. disposition: of AAPOR, for cases
    without an answer.
    """

    code_digest = models.BinaryField(primary_key=True, max_length=32)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT)
    case = models.CharField(max_length=60)
    stratum = models.CharField(max_length=60)
    is_used = models.BooleanField(default=False)
    blinded = models.BinaryField(max_length=32, default=no_element)
    disposition = models.CharField(max_length=2, default="  ")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["sample", "case"], name="one_invitation_a_case"),)
