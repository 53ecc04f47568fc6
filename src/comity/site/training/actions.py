"""Courses, instructors, mandates, sessions and completions: what a training officer does. Each action is one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext as _

from comity.site.community.log import record
from comity.site.community.models import Account, Agency
from comity.site.training.models import (
    NUMBER,
    Completion,
    Course,
    CourseVersion,
    Instructor,
    Mandate,
    Officer,
    OfficerGroup,
    Qualification,
    Seat,
    Session,
    TakenBack,
)
from comity.site.training.refusals import TrainingRefused
from comity.site.training.standing import today


@transaction.atomic
def add_course(
    title: str, *, hours: Decimal, about: str = "", qualification: str = "", since: date, by: Account
) -> Course:
    """A course with its first version. Raises TrainingRefused where the agency has one of this title."""
    slug = slugify(title)[:50]
    if not slug or Course.objects.filter(agency=by.agency, slug=slug).exists():
        raise TrainingRefused(
            _("There is already a course “%(title)s”.") % {"title": title},
            _("Open it and add a version, or choose another title."),
        )
    course = Course.objects.create(agency=_agency(by), slug=slug, title=title, qualification=qualification)
    add_version(course, hours=hours, about=about, since=since, by=by)
    return course


@transaction.atomic
def add_version(course: Course, *, hours: Decimal, about: str, since: date, by: Account) -> CourseVersion:
    """The next version; the one before stays as it was taught."""
    _own(course.agency, by)
    last = course.versions.order_by("-number").first()
    if last and since < last.since:
        raise TrainingRefused(
            _("Version %(number)d of the course began on %(day)s.") % {"number": last.number, "day": last.since},
            _("Give the new version that day or a later one."),
        )
    version = course.versions.create(number=last.number + 1 if last else 1, hours=hours, about=about, since=since)
    record(
        "training.version",
        f"course {course.slug}",
        by=by,
        details={"version": version.number, "hours": str(hours)},
        public={"course": course.title, "version": version.number, "hours": str(hours), "since": since.isoformat()},
    )
    return version


@transaction.atomic
def add_qualification(number: str, *, name: str, since: date, until: date | None, by: Account) -> Qualification:
    """What an instructor holds; the instructor is made when new."""
    _check_number(number)
    if until is not None and until < since:
        raise TrainingRefused(
            _("The qualification would end on %(end)s, before it starts.") % {"end": until},
            _("Change one of the days."),
        )
    instructor, _made = Instructor.objects.get_or_create(agency=_agency(by), number=number)
    held = instructor.qualifications.create(name=name, since=since, until=until)
    record("training.qualified", f"instructor {instructor.pk}", by=by, details={"qualification": name})
    return held


@transaction.atomic
def end_qualification(held: Qualification, *, on: date, by: Account) -> None:
    """It was lost or given up: from the next day the instructor does not hold it."""
    _own(held.instructor.agency, by)
    held.until = max(on, held.since)
    held.save(update_fields=["until"])
    record("training.qualification-ended", f"instructor {held.instructor.pk}", by=by, details={"name": held.name})


@transaction.atomic
def add_mandate(
    course: Course, *, group: str, due_on: date, months: int | None, days_to_comply: int, by: Account
) -> Mandate:
    """Binds a group (by name; empty: every officer). Raises TrainingRefused where one binds it already."""
    _own(course.agency, by)
    of_group = None
    if group:
        of_group = OfficerGroup.objects.filter(agency=course.agency, name=group).first()
        if of_group is None:
            raise TrainingRefused(
                _("There is no group “%(group)s”.") % {"group": group},
                _("Groups come with the list of officers; import it first."),
            )
    if course.mandates.filter(group=of_group, ended_on__isnull=True).exists():
        raise TrainingRefused(
            _("A mandate binds these officers to this course already."), _("End it before you set another.")
        )
    mandate = course.mandates.create(group=of_group, due_on=due_on, months=months, days_to_comply=days_to_comply)
    record(
        "training.mandated",
        f"mandate {mandate.pk}",
        by=by,
        public={"course": course.title, "group": group or None, "due": due_on.isoformat(), "months": months},
    )
    return mandate


@transaction.atomic
def end_mandate(mandate: Mandate, *, by: Account) -> None:
    """From today nobody is due under it; what was due stays in the log."""
    _own(mandate.course.agency, by)
    if mandate.ended_on is not None:
        raise TrainingRefused(_("This mandate has ended already."), _("Set a new one if officers are to be bound."))
    mandate.ended_on = today()
    mandate.save(update_fields=["ended_on"])
    record("training.mandate-ended", f"mandate {mandate.pk}", by=by, public={"course": mandate.course.title})


@transaction.atomic
def add_session(
    version: CourseVersion, *, held_on: date, place: str, instructors: Iterable[str], by: Account
) -> Session:
    """A session taught by instructors (by number). Raises TrainingRefused where one is unknown or not qualified that day."""
    _own(version.course.agency, by)
    found = [_instructor(number, version, held_on) for number in dict.fromkeys(instructors)]
    if not found:
        raise TrainingRefused(_("No instructor is named."), _("Give the number of at least one."))
    session = version.sessions.create(held_on=held_on, place=place)
    session.instructors.set(found)
    record("training.session", f"session {session.pk}", by=by, details={"course": version.course.slug})
    return session


def _instructor(number: str, version: CourseVersion, on: date) -> Instructor:
    found = Instructor.objects.filter(agency=version.course.agency, number=number).first()
    if found is None:
        raise TrainingRefused(
            _("There is no instructor %(number)s.") % {"number": number[:20]},
            _("Add the instructor's qualification first."),
        )
    wanted = version.course.qualification
    holds = found.qualifications.filter(Q(until__isnull=True) | Q(until__gte=on), name=wanted, since__lte=on).exists()
    if wanted and not holds:
        raise TrainingRefused(
            _("On %(day)s instructor %(number)s does not hold “%(wanted)s”, which this course asks for.")
            % {"day": on, "number": number, "wanted": wanted},
            _("Name another instructor, or add the qualification with the days it is valid."),
        )
    return found


@transaction.atomic
def fill_roster(session: Session, officers: Iterable[Officer], *, by: Account) -> int:
    """Seats officers, and returns how many had none yet."""
    _own(session.version.course.agency, by)
    seated = set(session.seats.values_list("officer", flat=True))
    new = [Seat(session=session, officer=each) for each in officers if each.pk not in seated]
    Seat.objects.bulk_create(new)
    record("training.roster", f"session {session.pk}", by=by, details={"seats": len(new)})
    return len(new)


@transaction.atomic
def complete_session(session: Session, present: Iterable[int], *, by: Account) -> int:
    """Records that those seated officers (by id) completed it. Raises TrainingRefused for a session in the future."""
    _own(session.version.course.agency, by)
    if session.held_on > today():
        raise TrainingRefused(
            _("The session is on %(day)s, which has not come.") % {"day": session.held_on},
            _("Record it on that day or later."),
        )
    wanted = set(present)
    officers = [seat.officer for seat in session.seats.select_related("officer") if seat.officer_id in wanted]
    return record_completions(
        [(officer, session.version, session.held_on) for officer in officers],
        source=Completion.Source.SESSION,
        session=session,
        by=by,
    )


@transaction.atomic
def record_completions(
    done: Iterable[tuple[Officer, CourseVersion, date]],
    *,
    source: str,
    by: Account | None,
    session: Session | None = None,
    statement: uuid.UUID | None = None,
    at: datetime | None = None,
) -> int:
    """Appends completions that are not known yet, and returns how many. by: None where a statement says so.

    at: when they came to be known; now, unless said.
    """
    wanted = {(officer.pk, version.pk, day): (officer, version) for officer, version, day in done}
    if not wanted:
        return 0
    known = set(
        Completion.objects.filter(
            officer__in={officer for officer, _v, _d in wanted},
            version__in={v for _o, v, _d in wanted},
            taken_back=None,
        ).values_list("officer", "version", "completed_on")
    )
    new = [
        Completion(
            officer=officer,
            version=version,
            completed_on=key[2],
            source=source,
            session=session,
            statement=statement,
            recorded_at=at or settings.CLOCK(),
        )
        for key, (officer, version) in wanted.items()
        if key not in known
    ]
    Completion.objects.bulk_create(new)
    if new:
        courses = sorted({each.version.course.slug for each in new})
        record(
            "training.completed",
            "completions",
            by=by,
            agency=new[0].officer.agency,
            details={"completions": len(new), "source": source, "courses": courses},
            at=at,
        )
    return len(new)


@transaction.atomic
def take_back(completion: Completion, *, reason: str, by: Account | None) -> None:
    """The completion does not count any more; it stays on record with the reason."""
    agency = completion.officer.agency
    if by is not None:
        _own(agency, by)
    if not reason.strip():
        raise TrainingRefused(_("No reason is given."), _("Say why this completion does not count."))
    if TakenBack.objects.filter(completion=completion).exists():
        raise TrainingRefused(
            _("This completion was taken back already."), _("Record a new one if it counts after all.")
        )
    TakenBack.objects.create(completion=completion, reason=reason.strip(), at=settings.CLOCK())
    record(
        "training.taken-back", f"completion {completion.pk}", by=by, agency=agency, details={"reason": reason.strip()}
    )


def _check_number(number: str) -> None:
    if not NUMBER.regex.match(number):
        raise TrainingRefused(
            _("A number has up to 20 letters, digits, dots, dashes or slashes, and starts with a letter or digit."),
            _("Use the agency's own number, never a name."),
        )


def _agency(by: Account) -> Agency:
    if by.agency is None:
        raise TrainingRefused(_("Your account belongs to no agency."), _("Ask the site's operator to give it one."))
    return by.agency


def _own(agency: Agency, by: Account) -> None:
    if agency != _agency(by):
        raise TrainingRefused(_("This belongs to another agency."), _("Use an account of that agency."))
