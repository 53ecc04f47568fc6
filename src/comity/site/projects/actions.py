"""What happens to a small project: proposed, moderated, carried on, finished. Each action is one transaction with its entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from comity.errors import ComityError
from comity.site.community.log import record
from comity.site.community.models import Account, Agency, Place
from comity.site.community.receipts import Receipt
from comity.site.projects.bare_pictures import Bare
from comity.site.projects.models import Decision, Picture, Project, Rule, Stage, Step

MOST_UNREAD = 500  # steps of one agency that nobody has read yet; a flood stops there
ENDED = (Stage.DONE, Stage.STOPPED)


class ProjectRefused(ComityError):
    """A step cannot be taken as given."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one step says. pictures: is it of after -> (picture, what it shows)."""

    stage: str
    text: str
    before: str = ""
    budget: int | None = None
    pictures: Mapping[bool, tuple[Bare, str]] | None = None


@transaction.atomic
def propose(title: str, idea: str, *, agency: Agency, place: Place | None, receipt: Receipt, language: str) -> Project:
    """An idea that waits for a moderator. The same form sent twice is one project. Raises ProjectRefused."""
    again = Step.objects.select_related("project").filter(once=receipt.once).first()
    if again is not None:
        return again.project
    _refuse_a_flood(agency)
    project = Project.objects.create(
        agency=agency, place=place, title=title, language=language, proposed=settings.CLOCK(), receipt=receipt.digest
    )
    _step(project, Said(stage=Stage.IDEA, text=idea), once=receipt.once, by=None)
    return project


@transaction.atomic
def carry_on(project: Project, said: Said, *, once: str, by: Account | None) -> Step:
    """The next step. Of the holder of the receipt it waits for a moderator; of a community leader it is public at once.

    Raises ProjectRefused where the project has ended, or the step lacks what it needs.
    """
    again = Step.objects.filter(once=once).first()
    if again is not None:
        return again
    project = Project.objects.select_for_update().select_related("agency").get(pk=project.pk)
    if said.stage not in Stage.values or said.stage == Stage.IDEA:
        raise ProjectRefused(_("This is not a step that can follow."), _("Choose one of the list."))
    if Step.objects.filter(project=project, stage__in=ENDED).exclude(decision__is_published=False).exists():
        raise ProjectRefused(_("This project has ended."), _("Propose a new one."))
    if not Step.objects.filter(project=project, stage=Stage.IDEA, decision__is_published=True).exists():
        raise ProjectRefused(_("The idea is not public yet."), _("Wait until a moderator has read it."))
    if said.stage == Stage.DONE and not said.before:
        raise ProjectRefused(
            _("What is done says how it was before, too."), _("Write how it was, and what is different now.")
        )
    if by is None:
        _refuse_a_flood(project.agency)
    step = _step(project, said, once=once, by=by)
    if by is not None:
        _decide(step, publish=True, rule="", by=by)
    return step


@transaction.atomic
def decide(step: Step, *, publish: bool, rule: str = "", by: Account) -> Decision:
    """Publishes a step, or leaves it out by a rule and erases its words and pictures. Raises ProjectRefused."""
    step = Step.objects.select_for_update(of=("self",)).select_related("project__agency").get(pk=step.pk)
    if Decision.objects.filter(step=step).exists():
        raise ProjectRefused(_("This step has been decided on."), _("Nothing is left to do."))
    if publish == bool(rule) or (rule and rule not in Rule.values):
        raise ProjectRefused(
            _("A step is published, or left out by a rule."), _("Choose a rule only where you leave it out.")
        )
    return _decide(step, publish=publish, rule=rule, by=by)


def _step(project: Project, said: Said, *, once: str, by: Account | None) -> Step:
    step = Step.objects.create(
        project=project,
        stage=said.stage,
        text=said.text,
        before=said.before if said.stage == Stage.DONE else "",
        budget=said.budget if said.stage == Stage.PLAN else None,
        once=once,
        by=by,
        at=settings.CLOCK(),
    )
    for is_after, (bare, alt) in (said.pictures or {}).items():
        Picture.objects.create(
            step=step,
            is_after=is_after,
            kind=bare.kind,
            content=bare.content,
            digest=sha256(bare.content).hexdigest(),
            alt=alt,
        )
    shown = {
        "project": project.pk,
        "step": step.pk,
        "stage": str(step.stage),
        "sha256": sha256(f"{step.before}\n{step.text}".encode()).hexdigest(),
        "pictures": sorted(step.pictures.values_list("digest", flat=True)),
    }
    record("projects.step", f"project {project.pk}", by=by, agency=project.agency, public=shown)
    return step


def _decide(step: Step, *, publish: bool, rule: str, by: Account) -> Decision:
    decision = Decision.objects.create(step=step, is_published=publish, rule=rule, by=by, at=settings.CLOCK())
    if not publish:
        step.text = step.before = ""
        step.save(update_fields=["text", "before"])
        step.pictures.all().delete()
        if step.stage == Stage.IDEA:
            Project.objects.filter(pk=step.project_id).update(title="")
    record(
        "projects.published" if publish else "projects.left-out",
        f"project {step.project_id}",
        by=by,
        agency=step.project.agency,
        public={"project": step.project_id, "step": step.pk, **({"rule": rule} if rule else {})},
    )
    return decision


def _refuse_a_flood(agency: Agency) -> None:
    if Step.objects.filter(project__agency=agency, decision=None).count() >= MOST_UNREAD:
        raise ProjectRefused(
            _("More steps are waiting to be read than people can read."), _("Try again in a few days.")
        )
