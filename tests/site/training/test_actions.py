"""The rules of courses, instructors, mandates, sessions and completions; in the actions and in the database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F


def test_an_instructor_must_hold_the_qualification_on_that_day(town, examples, officer):
    from comity.site.training import actions
    from comity.site.training.refusals import TrainingRefused

    version = examples.course(officer, qualification="Instructor I").versions.get()
    actions.add_qualification("T1", name="Instructor I", since=date(2017, 1, 1), until=date(2018, 1, 31), by=officer)

    made = actions.add_session(version, held_on=date(2018, 1, 31), place="", instructors=["T1", "T1"], by=officer)
    assert made.instructors.count() == 1
    for day, numbers in ((date(2018, 2, 1), ["T1"]), (date(2018, 1, 1), ["T2"]), (date(2018, 1, 1), [])):
        with pytest.raises(TrainingRefused):
            actions.add_session(version, held_on=day, place="", instructors=numbers, by=officer)


def test_a_version_is_never_edited_and_a_new_one_does_not_begin_before_it(town, examples, officer):
    from comity.site.training import actions
    from comity.site.training.refusals import TrainingRefused

    made = examples.course(officer)
    second = actions.add_version(made, hours=Decimal(6), about="", since=date(2018, 1, 1), by=officer)

    assert second.number == 2
    with pytest.raises(TrainingRefused, match="Version 2"):
        actions.add_version(made, hours=Decimal(6), about="", since=date(2017, 12, 31), by=officer)


@pytest.mark.parametrize(
    "table", ["courseversion", "completion", "takenback", "statement", "sitting", "item", "effectstatement"]
)
def test_what_happened_is_append_only_in_the_database(town, examples, table):
    from django.apps import apps

    examples.examples(town)
    if table in ("takenback", "statement", "sitting"):
        fill(town, examples, table)
    model = apps.get_model("training", table)
    assert model.objects.exists()

    for change in (
        lambda: model.objects.update(id=F("id")),
        lambda: model.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


def fill(town, examples, table):
    from comity.site.training import actions, importing
    from comity.site.training.launching import launch
    from comity.site.training.models import Completion, Officer, Quiz, Unit

    by = town.people["training-officer"]
    if table == "takenback":
        actions.take_back(Completion.objects.get(), reason="A mistake.", by=by)
    elif table == "statement":
        from django.test import override_settings

        with override_settings(CONTENT_URL="http://content.test"):
            launch(Unit.objects.get(), Officer.objects.first(), site="http://testserver", by=by)
    else:
        kind = importing.sittings(Quiz.objects.get())
        text = "number,occasion,taken,form,answers\n101,pre,2018-01-05,A,a\n"
        importing.write(kind, text, digest=importing.check(kind, text).digest, by=by)


def test_the_database_refuses_what_the_actions_refuse(town, examples, officer):
    from comity.site.training.models import Course, Mandate, Officer, TakenBack

    found = examples.examples(town)
    mandate = Mandate.objects.get(pk=found["training:mandate"]["pk"])
    wrong = [
        lambda: Mandate.objects.create(course=mandate.course, group=mandate.group, due_on=date(2018, 1, 1)),
        lambda: Mandate.objects.create(course=mandate.course, due_on=date(2018, 1, 1), months=0),
        lambda: Officer.objects.create(agency=town.agency, number="101", joined_on=date(2018, 1, 1)),
        lambda: Officer.objects.create(
            agency=town.agency, number="9", joined_on=date(2018, 1, 1), left_on=date(2017, 1, 1)
        ),
        lambda: Course.objects.create(agency=town.agency, slug=mandate.course.slug, title="Again"),
        lambda: mandate.course.versions.create(number=7, hours=0, since=date(2018, 1, 1)),
        lambda: TakenBack.objects.create(completion_id=1, reason="", at="2018-01-01T00:00Z"),
    ]

    for each in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            each()
            connection.check_constraints()


def test_a_mandate_binds_a_group_once_until_it_is_ended(town, examples, officer):
    from comity.site.training import actions
    from comity.site.training.refusals import TrainingRefused

    made = examples.course(officer)
    terms = {"group": "", "due_on": date(2018, 3, 1), "months": None, "days_to_comply": 90, "by": officer}
    first = actions.add_mandate(made, **terms)
    with pytest.raises(TrainingRefused, match="already"):
        actions.add_mandate(made, **terms)
    with pytest.raises(TrainingRefused, match="no group"):
        actions.add_mandate(made, **{**terms, "group": "nobody"})
    actions.end_mandate(first, by=officer)
    with pytest.raises(TrainingRefused, match="ended"):
        actions.end_mandate(first, by=officer)

    assert actions.add_mandate(made, **terms).pk != first.pk


def test_a_completion_counts_once_and_can_be_taken_back_for_a_reason(town, examples, officer):
    from comity.site.training import actions
    from comity.site.training.models import Completion
    from comity.site.training.refusals import TrainingRefused
    from comity.site.training.standing import standing_of

    serving = examples.officers(town.agency, ["1"])
    made = examples.course(officer)
    mandate = actions.add_mandate(made, group="", due_on=date(2018, 3, 1), months=24, days_to_comply=90, by=officer)

    assert examples.completed(made, serving, date(2018, 2, 1)) == 1
    assert examples.completed(made, serving, date(2018, 2, 1)) == 0
    assert standing_of(mandate, date(2018, 5, 1)).current == 1
    with pytest.raises(TrainingRefused):
        actions.take_back(Completion.objects.get(), reason=" ", by=officer)
    actions.take_back(Completion.objects.get(), reason="Another officer.", by=officer)
    with pytest.raises(TrainingRefused):
        actions.take_back(Completion.objects.get(), reason="Again.", by=officer)
    assert standing_of(mandate, date(2018, 5, 1)).current == 0
    assert examples.completed(made, serving, date(2018, 2, 1)) == 1


def test_a_session_completes_those_who_are_seated_and_not_before_its_day(town, examples, officer, clients):
    from comity.site.training import actions
    from comity.site.training.models import Completion
    from comity.site.training.refusals import TrainingRefused

    serving = examples.officers(town.agency, ["1", "2", "3"])
    version = examples.course(officer).versions.get()
    actions.add_qualification("T1", name="x", since=date(2017, 1, 1), until=None, by=officer)
    held = actions.add_session(version, held_on=date(2018, 5, 1), place="", instructors=["T1"], by=officer)
    actions.fill_roster(held, serving[:2], by=officer)
    later = actions.add_session(version, held_on=date(2018, 5, 16), place="", instructors=["T1"], by=officer)

    assert actions.complete_session(held, [each.pk for each in serving], by=officer) == 2
    assert set(Completion.objects.values_list("officer__number", flat=True)) == {"1", "2"}
    with pytest.raises(TrainingRefused, match="not come"):
        actions.complete_session(later, [serving[0].pk], by=officer)


def test_everything_done_is_in_the_log_without_a_number_in_its_public_part(town, examples):
    import json

    from comity.site.community.log import first_broken
    from comity.site.community.models import Entry

    examples.examples(town)

    entries = Entry.objects.order_by("number")
    assert first_broken(entries) is None
    assert {"training.version", "training.mandated", "training.completed"} <= set(
        entries.values_list("action", flat=True)
    )
    public = json.dumps([each.public for each in entries])
    assert "101" not in public
    assert "T7" not in public
