"""What the code office may know: how many codes were used, and by whom not yet, for a reminder."""

from __future__ import annotations

from django.db.models import Count, Q

from comity.site.surveys.invitations.models import Invitation, Sample


def samples() -> list[dict[str, object]]:
    """Each sample with the number of `invited` and of `used` codes."""
    counted = Sample.objects.annotate(
        invited=Count("invitation"), used=Count("invitation", filter=Q(invitation__is_used=True))
    ).order_by("survey")
    return [
        {"survey": each.survey, "is_open": each.is_open, "invited": each.invited, "used": each.used} for each in counted
    ]


def sample_data() -> set[bool]:
    """Which there are: samples of an example (True), real ones (False)."""
    return set(Sample.objects.values_list("is_sample_data", flat=True))


def cases_to_remind(survey: str) -> list[str]:
    """The cases whose code was not used and that have no final disposition, in the order of their numbers."""
    return list(
        Invitation.objects.filter(sample_id=survey, is_used=False, disposition="  ")
        .order_by("case")
        .values_list("case", flat=True)
    )


def dispositions(survey: str) -> dict[str, dict[str, int]]:
    """Stratum -> disposition -> number of cases. "used": a code that was used, whether or not answers came, which nobody knows here;
    "none": nothing was heard."""
    counted: dict[str, dict[str, int]] = {}
    rows = Invitation.objects.filter(sample_id=survey).values_list("stratum", "is_used", "disposition")
    for stratum, is_used, disposition in rows:
        kind = "used" if is_used else disposition.strip() or "none"
        counts = counted.setdefault(stratum, {})
        counts[kind] = counts.get(kind, 0) + 1
    return {stratum: dict(sorted(counts.items())) for stratum, counts in sorted(counted.items())}
