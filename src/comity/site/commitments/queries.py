"""What the pages read of commitments; another agency's are never found where `agency` is given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from comity.site.commitments.models import (
    CLOSED,
    OPEN,
    Commitment,
    Follower,
    Kind,
    Measurement,
    State,
    Step,
    Terms,
    Topic,
)
from comity.site.community.models import Account, Agency, Place

PAGE = 25
OVERDUE = "overdue"
STATES = ("open", OVERDUE, "closed", *State.values)


def today() -> date:
    """The day it is where the agency is."""
    return day_of(settings.CLOCK())


def day_of(moment: datetime) -> date:
    """The day that a moment has where the agency is."""
    return moment.astimezone(ZoneInfo(settings.TIME_ZONE_OF_AGENCY)).date()


def is_overdue(commitment: Commitment, day: date) -> bool:
    """Whether the day that counts has passed while it is open. Nothing stores this, and nobody has to press anything."""
    return commitment.state in OPEN and commitment.due < day


@dataclass(frozen=True)
class Asked:
    """What a list is narrowed to; "" for everything. place: its id."""

    place: str = ""
    state: str = ""
    topic: str = ""


def asked_for(values: object) -> Asked:
    """The filters of an address; what they do not know is left out."""
    place, state, topic = (str(values.get(name, "")) for name in ("place", "state", "topic"))  # type: ignore[attr-defined]
    return Asked(
        place if place.isascii() and place.isdigit() and len(place) < 10 else "",
        state if state in STATES else "",
        topic if topic in Topic.values else "",
    )


def commitments(asked: Asked, *, day: date) -> QuerySet[Commitment]:
    """The commitments asked for, open ones by their due day first."""
    found = Commitment.objects.all()
    if asked.place:
        found = found.filter(place_id=int(asked.place))
    if asked.topic:
        found = found.filter(topic=asked.topic)
    if asked.state == OVERDUE:
        found = found.filter(state__in=OPEN, due__lt=day)
    elif asked.state in ("open", "closed"):
        found = found.filter(state__in=OPEN if asked.state == "open" else CLOSED)
    elif asked.state:
        found = found.filter(state=asked.state)
    return found.order_by("due", "id")


def with_last_word(found: QuerySet[Commitment]) -> QuerySet[Commitment]:
    """Adds `place`, and `moved`: the verdict of the last measurement, or None."""
    last = Measurement.objects.filter(terms__commitment=OuterRef("pk")).order_by("-id").values("verdict")[:1]
    return found.select_related("place").annotate(moved=Subquery(last))


def places() -> list[Place]:
    """Places that have a commitment."""
    used = Commitment.objects.filter(place__isnull=False).values("place")
    return list(Place.objects.filter(pk__in=used).order_by("name"))


def counts(day: date) -> dict[str, int]:
    """How many there are: all, open, overdue, closed."""
    return Commitment.objects.aggregate(
        all=Count("id"),
        open=Count("id", filter=Q(state__in=OPEN)),
        overdue=Count("id", filter=Q(state__in=OPEN, due__lt=day)),
        closed=Count("id", filter=Q(state__in=CLOSED)),
    )


def commitment(number: int, *, agency: Agency | None = None) -> Commitment | None:
    """One commitment; with an agency, only if it is that agency's."""
    found = Commitment.objects.select_related("agency", "place", "owner")
    return found.filter(pk=number, **({"agency": agency} if agency else {})).first()


def life_of(found: Commitment) -> list[Step]:
    """Every step, first to last, with what it points to."""
    return _dated(found.life.select_related("entry", "terms", "measurement", "measurement__terms").order_by("number"))


def terms_of(found: Commitment) -> list[Terms]:
    """Every terms, first to last."""
    return list(found.terms.order_by("number"))


def steps_since(number: int, seen: int) -> list[Step]:
    """The steps of one commitment after the first `seen`."""
    found = Step.objects.filter(commitment_id=number, number__gt=seen)
    return _dated(found.select_related("measurement").order_by("number"))


def newest_steps(most: int, *, of: Commitment | None = None) -> list[Step]:
    """The newest steps of all commitments or of one, newest first."""
    found = Step.objects.select_related("commitment", "measurement").order_by("-id")
    return list((found.filter(commitment=of) if of else found)[:most])


def last_terms() -> QuerySet[Terms]:
    """The terms that hold now, of every commitment."""
    newer = Terms.objects.filter(commitment=OuterRef("commitment")).order_by("-number").values("number")[:1]
    return Terms.objects.filter(number=Subquery(newer))


def of_agency(agency: Agency | None) -> QuerySet[Commitment]:
    """An agency's commitments, those to act on first."""
    return Commitment.objects.filter(agency=agency).select_related("place", "owner").order_by("due", "id")


def awaiting(account: Account, day: date) -> dict[str, int]:
    """How many of the agency's commitments wait for this person, by what is to be done."""
    mine = Q(owner=account)
    return Commitment.objects.filter(agency_id=account.agency_id).aggregate(
        to_accept=Count("id", filter=mine & Q(state=State.MADE)),
        to_show=Count("id", filter=mine & Q(state__in=[State.ACCEPTED, State.REOPENED])),
        reopened=Count("id", filter=mine & Q(state=State.REOPENED)),
        to_verify=Count("id", filter=Q(state=State.EVIDENCE) & ~mine),
        to_close=Count("id", filter=Q(state=State.VERIFIED)),
        overdue=Count("id", filter=mine & Q(state__in=OPEN, due__lt=day)),
    )


def evidence_file(number: int, step: int) -> Step | None:
    """The step of a commitment that has a file as evidence."""
    return Step.objects.filter(commitment_id=number, number=step, kind=Kind.EVIDENCE).exclude(file="").first()


def open_and_closed_verdicts(life: Sequence[Step]) -> tuple[Step | None, Step | None]:
    """(the agency's verdict, the community's) as they stand: the last closing, and the last verification or stand."""
    agency = next((each for each in reversed(life) if each.kind == Kind.CLOSED), None)
    community = next((each for each in reversed(life) if each.kind in (Kind.VERIFIED, Kind.STAND)), None)
    return agency, community


def owners(agency: Agency | None) -> QuerySet[Account]:
    """Who can own a commitment: people of the agency who work for the police."""
    return Account.objects.filter(agency=agency, works_for_police=True, is_active=True).order_by("username")


def followers_to_tell() -> QuerySet[Follower]:
    """Confirmed followers of commitments that have steps they were not told of."""
    confirmed = Follower.objects.filter(confirmed_on__isnull=False, told__lt=F("commitment__steps"))
    return confirmed.select_related("commitment").order_by("pk")


def _dated(steps: Iterable[Step]) -> list[Step]:
    """The steps, each with the `day` that it has where the agency is."""
    found = list(steps)
    for each in found:
        each.day = day_of(each.at)  # type: ignore[attr-defined]
    return found
