"""Small projects as they stand now: whether one is stalled is worked out when it is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from comity.site.community.models import Agency
from comity.site.community.receipts import receipt_digest
from comity.site.projects.models import Picture, Project, Stage, Step

DAYS_UNTIL_STALLED = 60


@dataclass(frozen=True)
class Standing:
    """A project on a given moment. steps: the public ones, first to last. own: all of them, for its proposer.

    days: whole days since the last public step. is_stalled: no step for 60 days, and neither done nor stopped.
    """

    project: Project
    steps: tuple[Step, ...]
    own: tuple[Step, ...]
    days: int

    @property
    def is_public(self) -> bool:
        return any(each.stage == Stage.IDEA for each in self.steps)

    @property
    def stage(self) -> Stage:
        return Stage(self.steps[-1].stage) if self.steps else Stage.IDEA

    @property
    def has_ended(self) -> bool:
        return self.stage in (Stage.DONE, Stage.STOPPED)

    @property
    def is_stalled(self) -> bool:
        return self.is_public and not self.has_ended and self.days >= DAYS_UNTIL_STALLED

    @property
    def idea(self) -> Step | None:
        return next((each for each in self.own if each.stage == Stage.IDEA), None)

    @property
    def budget(self) -> int | None:
        """Of the latest plan that has one."""
        return next((each.budget for each in reversed(self.steps) if each.budget is not None), None)


def public_projects(agency: Agency, now: datetime) -> list[Standing]:
    """Those under way, the stalled ones first; then those that ended, the latest first."""
    found = [
        standing(each, now)
        for each in _with_steps(
            Project.objects.filter(agency=agency, steps__stage=Stage.IDEA, steps__decision__is_published=True)
        )
    ]
    going = sorted((each for each in found if not each.has_ended), key=lambda each: (-each.days, each.project.pk))
    return going + sorted((each for each in found if each.has_ended), key=lambda each: (each.days, -each.project.pk))


def public_project(agency: Agency, number: int, now: datetime) -> Standing | None:
    found = _with_steps(Project.objects.filter(agency=agency, pk=number)).first()
    made = standing(found, now) if found else None
    return made if made and made.is_public else None


def project_of_receipt(typed: str, now: datetime) -> Standing | None:
    """The project whose receipt code this is, public or not."""
    found = _with_steps(Project.objects.filter(receipt=receipt_digest(typed))).first()
    return standing(found, now) if found else None


def unread_steps(agency: Agency) -> list[Step]:
    """Those that nobody has decided on, the oldest first."""
    return list(
        Step.objects.filter(project__agency=agency, decision=None)
        .select_related("project", "project__place")
        .prefetch_related(_pictures())
        .order_by("at", "pk")
    )


def public_picture(agency: Agency, number: int) -> Picture | None:
    """A picture of a step that is public."""
    return Picture.objects.filter(pk=number, step__project__agency=agency, step__decision__is_published=True).first()


def unread_picture(agency: Agency, number: int) -> Picture | None:
    """A picture that a moderator has to look at."""
    return Picture.objects.filter(pk=number, step__project__agency=agency, step__decision=None).first()


def standing(project: Project, now: datetime) -> Standing:
    own = tuple(project.steps.all())
    steps = tuple(each for each in own if hasattr(each, "decision") and each.decision.is_published)
    last = steps[-1].at if steps else project.proposed
    return Standing(project, steps, own, max(0, (now - last).days))


def _with_steps(found: QuerySet[Project]) -> QuerySet[Project]:
    steps = Step.objects.select_related("decision").prefetch_related(_pictures()).order_by("pk")
    return found.select_related("agency", "place").prefetch_related(Prefetch("steps", steps))


def _pictures() -> Prefetch[str, QuerySet[Picture], str]:
    """Without their content, which only the address of a picture reads."""
    return Prefetch("pictures", Picture.objects.defer("content").order_by("is_after"))
