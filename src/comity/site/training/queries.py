"""What the office reads of training, always of one agency."""

from __future__ import annotations

from datetime import date

from django.db.models import Count, F, Max, QuerySet

from comity.site.community.models import Agency
from comity.site.training.models import Completion, Course, CourseVersion, Instructor, Officer, Session


def courses(agency: Agency) -> QuerySet[Course]:
    """With `latest`, the number of the newest version."""
    return Course.objects.filter(agency=agency).annotate(latest=Max("versions__number")).order_by("title")


def course_in_full(course: Course) -> dict[str, object]:
    """Everything that a course's page lists; a fixed number of queries."""
    versions = [*course.versions.order_by("-number")]
    return {
        "versions": versions,
        "mandates": course.mandates.select_related("group").order_by(F("ended_on").asc(nulls_first=True), "due_on"),
        "sessions": Session.objects.filter(version__course=course)
        .select_related("version")
        .prefetch_related("instructors")
        .annotate(seated=Count("seats", distinct=True))
        .order_by("-held_on", "-id")[:200],
        "packages": [
            package
            for version in CourseVersion.objects.filter(course=course).prefetch_related("packages").order_by("-number")
            for package in version.packages.all()
        ],
        "providers": course.provider_set.order_by("name"),
        "quizzes": course.quizzes.order_by("title"),
        "effects": course.effects.order_by("-made_at"),
    }


def instructors(agency: Agency, on: date) -> list[dict[str, object]]:
    """Each with its qualifications and whether each is held on that day."""
    found = Instructor.objects.filter(agency=agency).order_by("number").prefetch_related("qualifications")
    return [
        {
            "number": each.number,
            "held": [
                {"it": one, "is_held": one.since <= on and (one.until is None or one.until >= on)}
                for one in sorted(each.qualifications.all(), key=lambda one: (one.name, one.since))
            ],
        }
        for each in found
    ]


def officers(agency: Agency) -> QuerySet[Officer]:
    return Officer.objects.filter(agency=agency).order_by("number").prefetch_related("groups")


def completions(officer: Officer) -> QuerySet[Completion]:
    return (
        Completion.objects.filter(officer=officer)
        .select_related("version__course", "taken_back")
        .order_by("-completed_on", "-id")
    )


def roster(session: Session) -> list[dict[str, object]]:
    """Who is seated, and whether each completed it."""
    done = set(Completion.objects.filter(session=session, taken_back=None).values_list("officer", flat=True))
    return [
        {"officer": seat.officer, "is_done": seat.officer_id in done}
        for seat in session.seats.select_related("officer").order_by("officer__number")
    ]
