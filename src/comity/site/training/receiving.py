"""Taking xAPI statements in: who may send what, the same one twice, conflicts, voiding, and what completes a course.

A provider's activity counts by *completed* or *passed*. A launched unit obeys cmi5 (quartz): initialized first, terminated
last, each of cmi5's own statements once, and the unit's moveOn rule says what satisfies it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction

from comity.site.community.models import Agency
from comity.site.training import actions
from comity.site.training.models import Completion, CourseVersion, Launch, Officer, Provider, Statement, Unit
from comity.site.training.xapi import VERBS, VOIDED, Invalid, Read

CMI5 = "https://w3id.org/xapi/cmi5/context/categories/cmi5"
MOVE_ON = "https://w3id.org/xapi/cmi5/context/categories/moveon"
BY_UNIT = frozenset(VERBS[name] for name in ("initialized", "completed", "passed", "failed", "terminated"))
BY_LMS = frozenset(VERBS[name] for name in ("launched", "satisfied", "abandoned", "waived"))


class Refused(Exception):
    """status: of HTTP. The text holds nothing that was sent."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


@dataclass(frozen=True)
class Sender:
    """Who authenticated: a provider, or the session of a launch; never both."""

    agency: Agency
    provider: Provider | None = None
    launch: Launch | None = None


def digest_of(secret: str) -> str:
    """Secrets have 256 random bits, so a plain hash keeps them."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sender(authorization: str) -> Sender:
    """The sender by basic credentials. Raises Refused (401) for any that do not fit, all alike."""
    wrong = Refused(401, "The credentials are missing or not right.")
    scheme, _space, value = authorization.partition(" ")
    try:
        key, _colon, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise wrong from None
    if scheme.lower() != "basic" or not key or not secret:
        raise wrong
    digest = digest_of(secret)
    provider = Provider.objects.filter(key=key, is_open=True).select_related("course__agency").first()
    if provider is not None and hmac.compare_digest(provider.digest, digest):
        return Sender(provider.course.agency, provider=provider)
    try:
        session = uuid.UUID(key)
    except ValueError:
        raise wrong from None
    launch = (
        Launch.objects.filter(session=session, until__gt=settings.CLOCK())
        .select_related("officer__agency", "unit__package__version__course")
        .first()
    )
    if launch is None or not hmac.compare_digest(launch.token, digest):
        raise wrong
    return Sender(launch.officer.agency, launch=launch)


def receive(statements: Sequence[Read], by: Sender) -> list[uuid.UUID]:
    """Stores all of them or none, and returns their ids. Raises Refused, or Invalid."""
    ids = [each.id for each in statements]
    if len(set(ids)) < len(ids):
        raise Invalid("two statements have the same id")
    try:
        with transaction.atomic():
            for each in statements:
                _receive_one(each, by)
    except IntegrityError:  # somebody stored the same id in the same moment
        known = dict(Statement.objects.filter(id__in=ids).values_list("id", "digest"))
        if any(known.get(each.id) != each.digest for each in statements):
            raise Refused(409, "A statement with this id is stored already, and is another one.") from None
    return ids


def _receive_one(one: Read, by: Sender) -> None:
    stored = Statement.objects.filter(id=one.id).first()
    if stored is not None:
        if stored.digest != one.digest or (stored.provider, stored.launch) != (by.provider, by.launch):
            raise Refused(409, "A statement with this id is stored already, and is another one.")
        return
    officer = _officer(one, by)
    if by.launch is not None:
        _check_launch(one, by.launch)
    statement = Statement.objects.create(
        id=one.id,
        agency=by.agency,
        provider=by.provider,
        launch=by.launch,
        officer=officer,
        verb=one.verb,
        activity=one.activity,
        voids=one.voids if one.verb == VOIDED else None,
        content=one.content,
        digest=one.digest,
        stored_at=settings.CLOCK(),
    )
    if one.verb == VOIDED:
        _void(one, by)
    elif by.launch is not None:
        _advance(one, by.launch)
        if one.verb in BY_UNIT:
            _satisfy(by.launch, statement)
    elif by.provider is not None:
        _count_for_provider(one, officer, by.provider)


def _officer(one: Read, by: Sender) -> Officer:
    if one.home_page.rstrip("/") != home_page():
        raise Invalid("actor.account.homePage is not this site's address")
    found = Officer.objects.filter(agency=by.agency, number=one.number).first()
    if found is None:
        raise Refused(403, "The agency has no officer with this number.")
    return found


def home_page() -> str:
    """Whose numbers the officers' are: the site's own address."""
    return settings.SITE_URL or "http://localhost"


def activity_of(unit: Unit) -> str:
    """The id that this site gives a unit; the publisher's own id is in the context of its statements."""
    return f"{home_page()}/xapi/units/{unit.pk}"


def _count_for_provider(one: Read, officer: Officer, provider: Provider) -> None:
    counts = (
        one.verb in (VERBS["completed"], VERBS["passed"]) and one.success is not False and one.completion is not False
    )
    if one.activity != provider.activity or not counts:
        return
    moment = min(one.timestamp or settings.CLOCK(), settings.CLOCK())
    _complete(officer, _version_on(provider, moment), moment, one.id)


def _version_on(provider: Provider, moment: datetime) -> CourseVersion:
    versions = provider.course.versions.order_by("-number")
    found = versions.filter(since__lte=_day(moment)).first() or versions.last()
    assert found is not None
    return found


def _complete(officer: Officer, version: CourseVersion, moment: datetime, statement: uuid.UUID) -> None:
    actions.record_completions(
        [(officer, version, _day(moment))], source=Completion.Source.STATEMENT, statement=statement, by=None
    )


def _void(one: Read, by: Sender) -> None:
    """Only who sent a statement may void it; a voiding statement cannot be voided. What it completed is taken back."""
    assert one.voids is not None
    target = Statement.objects.filter(id=one.voids, agency=by.agency).first()
    if target is None or (target.provider, target.launch) != (by.provider, by.launch):
        raise Refused(403, "There is no statement of yours with this id.")
    if target.verb == VOIDED:
        raise Invalid("a voiding statement cannot be voided")
    for each in Completion.objects.filter(statement=target.id, taken_back=None):
        actions.take_back(each, reason="The statement was voided.", by=None)


def _check_launch(one: Read, launch: Launch) -> None:
    """cmi5: of this session, between initialized and terminated, and each of its own statements once."""
    if one.number != launch.officer.number or one.registration != launch.registration:
        raise Refused(403, "The actor or registration is not the one of this launch.")
    if one.session != str(launch.session):
        raise Refused(403, "The session id is not the one of this launch.")
    if launch.terminated_at is not None:
        raise Refused(403, "The session is terminated.")
    if one.verb == VOIDED:
        return
    if one.verb in BY_LMS and CMI5 in one.categories:
        raise Refused(403, "Only the site itself may say this.")
    is_own = CMI5 in one.categories
    if launch.initialized_at is None and not (is_own and one.verb == VERBS["initialized"]):
        raise Refused(403, "The first statement of a session is initialized.")
    if not is_own:
        return
    if one.verb not in BY_UNIT:
        raise Refused(403, "This verb is none of cmi5's.")
    if one.activity != activity_of(launch.unit):
        raise Refused(403, "The object is not the launched unit.")
    if Statement.objects.filter(launch=launch, verb=one.verb).exclude(id__in=_voided(launch)).exists():
        raise Refused(403, "This statement may be made once in a session.")
    _check_result(one, launch.unit)


def _check_result(one: Read, unit: Unit) -> None:
    mastery, scaled = unit.mastery_score, one.scaled
    if one.verb == VERBS["passed"]:
        if one.success is not True or (mastery is not None and (scaled is None or scaled < mastery)):
            raise Refused(403, "A unit is passed with success and, where it has one, at least its mastery score.")
    elif one.verb == VERBS["failed"]:
        if one.success is not False or (mastery is not None and scaled is not None and scaled >= mastery):
            raise Refused(403, "A unit is failed without success and under its mastery score.")
    elif one.verb == VERBS["completed"] and one.completion is not True:
        raise Refused(403, "A completed unit says completion.")
    if one.verb in (VERBS["passed"], VERBS["failed"], VERBS["completed"]) and MOVE_ON not in one.categories:
        raise Refused(403, "This statement lacks the category moveon.")


def _voided(launch: Launch) -> list[uuid.UUID]:
    return [*Statement.objects.filter(launch=launch, verb=VOIDED).values_list("voids", flat=True)]


def _advance(one: Read, launch: Launch) -> None:
    if CMI5 not in one.categories:
        return
    if one.verb == VERBS["initialized"]:
        launch.initialized_at = settings.CLOCK()
        launch.save(update_fields=["initialized_at"])
    elif one.verb == VERBS["terminated"]:
        launch.terminated_at = settings.CLOCK()
        launch.save(update_fields=["terminated_at"])


def _satisfy(launch: Launch, statement: Statement) -> None:
    """Once every unit of the package is satisfied in this registration, the officer completed the course."""
    package = launch.unit.package
    done: dict[int, set[str]] = {}
    made = Statement.objects.filter(launch__registration=launch.registration, launch__unit__package=package)
    voided = [*made.filter(verb=VOIDED).values_list("voids", flat=True)]
    for unit, verb, content in made.exclude(id__in=voided).values_list("launch__unit", "verb", "content"):
        if CMI5 in _categories(content):
            done.setdefault(unit, set()).add(verb)
    if all(_is_satisfied(unit, done.get(unit.pk, set())) for unit in package.units.all()):
        _complete(launch.officer, package.version, statement.stored_at, statement.id)


def _is_satisfied(unit: Unit, verbs: set[str]) -> bool:
    passed, completed = VERBS["passed"] in verbs, VERBS["completed"] in verbs
    return {
        Unit.MoveOn.PASSED: passed,
        Unit.MoveOn.COMPLETED: completed,
        Unit.MoveOn.BOTH: passed and completed,
        Unit.MoveOn.EITHER: passed or completed,
        Unit.MoveOn.NOT_APPLICABLE: VERBS["initialized"] in verbs,
    }[Unit.MoveOn(unit.move_on)]


def _categories(content: Any) -> set[str]:
    held = content.get("context", {}).get("contextActivities", {}).get("category", [])
    return {each["id"] for each in (held if isinstance(held, list) else [held])}


def _day(moment: datetime) -> Any:
    return moment.astimezone(ZoneInfo(settings.TIME_ZONE_OF_AGENCY)).date()
