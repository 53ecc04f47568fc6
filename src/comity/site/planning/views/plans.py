"""Plans, versions, what changed between them, and meetings, as everybody sees them."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from comity.site.planning import queries
from comity.site.planning import text as texts
from comity.site.planning.calendar import as_calendar
from comity.site.planning.differences import compare
from comity.site.planning.models import Version
from comity.site.planning.pdf import as_pdf
from comity.site.planning.views.around import file_answer, in_agency_time, sample_mark

ON_THE_LIST = 5  # of each kind, beside the plans


@in_agency_time
def plans(request: HttpRequest) -> HttpResponse:
    """Every plan, the questions that are open, the next meetings."""
    return render(
        request,
        "planning/plans.html",
        {
            "plans": queries.plans(),
            "open": queries.consultations(counted_at=None)[:ON_THE_LIST],
            "meetings": queries.meetings(ends_at__gte=settings.CLOCK()).reverse()[:ON_THE_LIST],
        },
    )


@in_agency_time
def plan(request: HttpRequest, plan: int) -> HttpResponse:
    """One plan: the text in force, the one out for signature, meetings and consultations."""
    found = queries.plan(plan)
    shown = found.active or found.asked
    return render(
        request,
        "planning/plan.html",
        {
            "plan": found.plan,
            "listed": found,
            "meetings": queries.meetings(plan=found.plan),
            "consultations": [
                (each, queries.consultation_state(each)) for each in queries.consultations(plan=found.plan)
            ],
            **(_shown(Version.objects.select_related("plan__agency").get(pk=shown.pk), found) if shown else {}),
        },
    )


@in_agency_time
def version(request: HttpRequest, plan: int, number: int) -> HttpResponse:
    """One version with its signatures and dissents."""
    found = queries.plan(plan)
    asked, _state = queries.public_version(found, number)
    return render(request, "planning/version.html", {"plan": found.plan, "listed": found, **_shown(asked, found)})


@in_agency_time
def difference(request: HttpRequest, plan: int, number: int) -> HttpResponse:
    """What a version changed of the one before it, or of the one that ?from= names."""
    found = queries.plan(plan)
    after, _state = queries.public_version(found, number)
    asked = request.GET.get("from", "")
    if asked.isascii() and asked.isdigit() and len(asked) < 6:
        before = queries.public_version(found, int(asked))[0]
    else:
        earlier = [each for each, _state in found.versions if each.number < number]
        if not earlier:
            raise Http404
        before = earlier[0]
    changes = compare(*(texts.chapters(texts.document_of(each)) for each in (before, after)))
    return render(
        request,
        "planning/difference.html",
        {
            "plan": found.plan,
            "before": before,
            "after": after,
            "changes": changes,
            "added": sum(each.added for each in changes),
            "removed": sum(each.removed for each in changes),
        },
    )


@in_agency_time
def version_pdf(request: HttpRequest, plan: int, number: int) -> HttpResponse:
    """The version to print, dissents and the state of the signatures in it."""
    found = queries.plan(plan)
    asked, state = queries.public_version(found, number)
    made = as_pdf(asked, queries.signatures(asked), state=state_sentence(asked, state), mark=sample_mark())
    return file_answer(made, "application/pdf", f"plan-{plan}-version-{number}-{request.LANGUAGE_CODE}.pdf")


def document(request: HttpRequest, plan: int, number: int) -> HttpResponse:
    """The very bytes whose SHA-256 the signatures bind."""
    asked, _state = queries.public_version(queries.plan(plan), number)
    return file_answer(asked.document, "application/json", f"plan-{plan}-version-{number}.json")


@in_agency_time
def meeting(request: HttpRequest, plan: int, meeting: int) -> HttpResponse:
    """One meeting: agenda, minutes, who was there by group."""
    found = queries.meeting(pk=meeting, plan=plan)
    presences = list(found.presences.all())
    return render(
        request,
        "planning/meeting.html",
        {
            "plan": found.plan,
            "meeting": found,
            "presences": presences,
            "people": sum(each.people for each in presences),
            "is_over": found.ends_at < settings.CLOCK(),
        },
    )


def calendar(request: HttpRequest) -> HttpResponse:
    """All meetings, for other people's calendars."""
    return _calendar(request, list(queries.meetings()), "plan-meetings.ics")


def meeting_calendar(request: HttpRequest, meeting: int) -> HttpResponse:
    """One meeting, for a calendar."""
    return _calendar(request, [queries.meeting(pk=meeting)], f"plan-meeting-{meeting}.ics")


def state_sentence(version: Version, state: str) -> str:
    """Where a version stands, for people."""
    said = {
        queries.DRAFT: _("A draft: nobody has been asked to sign it."),
        queries.OUT_FOR_SIGNATURE: _("Out for signature: not in force."),
        queries.REPLACED: _("No longer in force: a later version replaced it."),
        queries.SET_ASIDE: _("Never in force: a later version was drafted before all had signed."),
    }
    if state == queries.ACTIVE and version.active_at is not None:
        return _("In force since %(day)s, signed by all who are named in it.") % {"day": date_format(version.active_at)}
    return said[state]


def _shown(version: Version, listed: queries.Listed) -> dict[str, object]:
    """A version as its pages need it."""
    document = texts.document_of(version)
    state = next(state for each, state in listed.versions if each.pk == version.pk)
    return {
        "version": version,
        "state": state,
        "state_sentence": state_sentence(version, state),
        "chapters": [
            each
            for each in texts.chapters(document)
            if each.paragraphs and each.name not in ("activities", "terms", "signatories")
        ],
        "terms": document["terms"],
        "parties": document["parties"],
        "matrix": texts.matrix(document),
        "signatures": queries.signatures(version),
        "has_earlier": any(each.number < version.number for each, _state in listed.versions),
    }


def _calendar(request: HttpRequest, meetings: list[queries.Meeting], name: str) -> HttpResponse:
    mark = sample_mark()
    title = " · ".join(filter(None, (mark, _("Meetings about plans"))))
    made = as_calendar(meetings, name=title, host=request.get_host().split(":")[0], now=settings.CLOCK())
    return file_answer(made, "text/calendar; charset=utf-8", name)
