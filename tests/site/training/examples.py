"""One of everything that an address of training names."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

STRUCTURE = """<?xml version="1.0" encoding="utf-8"?>
<courseStructure xmlns="https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd">
 <course id="https://example.org/courses/bias"><title><langstring lang="en">Fair stops</langstring></title></course>
 <au id="https://example.org/courses/bias/1" moveOn="Passed" masteryScore="0.8" launchMethod="AnyWindow">
  <title><langstring lang="en">Scenes</langstring></title><url>index.html?start=1</url>
  <launchParameters>quick</launchParameters></au>
</courseStructure>"""


def package(structure: str = STRUCTURE, **files: bytes) -> bytes:
    """A cmi5 package as bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cmi5.xml", structure)
        archive.writestr("index.html", "<!doctype html><title>Scenes</title>")
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def officers(agency, numbers, *, unit="North", groups=(), joined=date(2015, 1, 1)):
    """Officers of an agency, in the groups named."""
    from comity.site.training.models import Officer, OfficerGroup

    made = Officer.objects.bulk_create(
        Officer(agency=agency, number=number, unit=unit, joined_on=joined) for number in numbers
    )
    made = list(Officer.objects.filter(agency=agency, number__in=numbers).order_by("number"))
    for name in groups:
        group, _ = OfficerGroup.objects.get_or_create(agency=agency, name=name)
        group.officers.add(*made)
    return made


def course(by, title="Fair stops", **more):
    from comity.site.training import actions

    return actions.add_course(title, hours=Decimal("4.5"), since=date(2017, 1, 1), by=by, **more)


def completed(made, officers, day, *, at=None):
    """Completions of the course's first version, recorded at `at` (or on that day)."""
    from django.test import override_settings

    from comity.site.training import actions

    version = made.versions.get(number=1)
    moment = at or datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
    with override_settings(CLOCK=lambda: moment):
        return actions.record_completions([(each, version, day) for each in officers], source="file", by=None)


def provider(made, by, *, activity="https://example.org/activity"):
    from comity.site.training.providers import add_provider

    return add_provider(made, name="Academy", activity=activity, by=by)


def examples(town) -> dict[str, dict]:
    """View name -> kwargs, of every view of this room that takes any."""
    from django.conf import settings

    from comity.site.training import actions, importing, packages, quizzes
    from comity.site.training.models import Completion, EffectStatement

    by = town.people["training-officer"]
    serving = officers(town.agency, ["101", "102", "103"], groups=["patrol"])
    made = course(by)
    version = made.versions.get()
    held = actions.add_qualification("T7", name="Instructor", since=date(2016, 1, 1), until=None, by=by)
    mandate = actions.add_mandate(made, group="patrol", due_on=date(2018, 3, 1), months=24, days_to_comply=90, by=by)
    session = actions.add_session(version, held_on=date(2018, 2, 1), place="", instructors=["T7"], by=by)
    actions.fill_roster(session, serving, by=by)
    completed(made, serving[:1], date(2018, 2, 1))
    unpacked = packages.add_package(version, package(), by=by)
    quiz = quizzes.add_quiz(made, "Fair stops", by=by)
    items = importing.items(quiz)
    text = "form,number,text,right,a,b\nA,1,May you?,a,Yes,No\n"
    importing.write(items, text, digest=importing.check(items, text).digest, by=by)
    sent, _secret = provider(made, by)
    effect = EffectStatement.objects.create(
        course=made,
        outcome="stops a month",
        made_at=settings.CLOCK() - timedelta(days=1),
        finding={
            "question": {"en": "Did it?"},
            "sentence": {"en": "So it was."},
            "verdict": "does not show",
            "reason": None,
            "n": 12,
            "figures": [],
            "limits": [],
            "assumptions": [],
        },
        panel={},
    )
    pk = {name: {"pk": each.pk} for name, each in {"mandate": mandate, "session": session, "quiz": quiz}.items()}
    slug = {"slug": made.slug}
    return {
        "training:mandate": pk["mandate"],
        "training:mandate_file": pk["mandate"],
        "training:end_mandate": pk["mandate"],
        "training:officer": {"pk": serving[0].pk},
        "training:take_back": {"pk": Completion.objects.get(officer__agency=town.agency).pk},
        "training:end_qualification": {"pk": held.pk},
        "training:course": slug,
        "training:add_version": slug,
        "training:add_mandate": slug,
        "training:add_session": slug,
        "training:add_package": slug,
        "training:add_provider": slug,
        "training:add_quiz": slug,
        "training:close_provider": {"pk": sent.pk},
        "training:session": pk["session"],
        "training:import_roster": pk["session"],
        "training:package": {"pk": unpacked.pk},
        "training:launch": {"pk": unpacked.units.get().pk},
        "training:effect": {"pk": effect.pk},
        "training:quiz": pk["quiz"],
        "training:quiz_form": {**pk["quiz"], "form": "A"},
        "training:import_items": pk["quiz"],
        "training:import_sittings": pk["quiz"],
        "training:import": {"what": "officers"},
        "training-files:fetch": {"token": "none"},
        "training-files:content": {"digest": "0" * 64, "path": "index.html"},
    }
