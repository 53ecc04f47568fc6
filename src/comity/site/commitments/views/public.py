"""What everybody reads: the list of commitments, and the page of each: You said, We did, Did it work."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from comity.site.commitments import in_words, queries
from comity.site.commitments.following import receipt_code
from comity.site.commitments.models import Commitment, Kind, State, Step, Topic
from comity.site.commitments.picture import picture_of


@require_safe
def every_commitment(request: HttpRequest) -> HttpResponse:
    day = queries.today()
    asked = queries.asked_for(request.GET)
    page = Paginator(queries.with_last_word(queries.commitments(asked, day=day)), queries.PAGE).get_page(
        request.GET.get("page")
    )
    narrowed = {name: value for name, value in vars(asked).items() if value}
    return render(
        request,
        "commitments/commitments.html",
        {
            "page": page,
            "rows": [{"found": each, "is_overdue": queries.is_overdue(each, day)} for each in page],
            "counts": queries.counts(day),
            "asked": asked,
            "places": queries.places(),
            "topics": Topic.choices,
            "states": _states(),
            "narrowed": urlencode(narrowed),
        },
    )


@require_safe
def commitment(request: HttpRequest, number: int) -> HttpResponse:
    found = commitment_or_404(number)
    return render(request, "commitments/commitment.html", about(found))


def commitment_or_404(number: int) -> Commitment:
    found = queries.commitment(number) if number < 2**63 else None
    if found is None:
        raise Http404(_("There is no commitment with this address."))
    return found


def about(found: Commitment) -> dict[str, object]:
    """All that the page of a commitment shows."""
    life = queries.life_of(found)
    every_terms = queries.terms_of(found)
    terms = every_terms[-1]
    measurements = sorted(
        (each.measurement for each in life if each.measurement and each.measurement.terms_id == terms.pk),
        key=lambda each: (each.release.split("/")[1], each.pk),
    )
    told = [in_words.told(each) for each in measurements]
    agency, community = queries.open_and_closed_verdicts(life)
    return {
        "found": found,
        "is_overdue": queries.is_overdue(found, queries.today()),
        "days_late": max((queries.today() - found.due).days, 0),
        "life": [
            {"step": each, "told": in_words.told(each.measurement) if each.measurement else None} for each in life
        ],
        "evidence": [each for each in life if each.kind == Kind.EVIDENCE],
        "terms": terms,
        "aim": in_words.aim(terms),
        "label": in_words.label(terms),
        "changes": _changes(every_terms) if len(every_terms) > 1 else [],
        "told": told,
        "baseline": in_words.reading(terms.baseline, terms.baseline["unit"]),
        "baseline_n": in_words.rests_on(terms.baseline),
        "latest": told[-1] if told else None,
        "picture": picture_of(terms, measurements),
        "agency_verdict": agency,
        "community_verdict": community,
        "they_differ": bool(agency and community and agency.verdict != community.verdict),
        "reopened": _last(life, Kind.REOPENED) if found.state == State.REOPENED else None,
        "receipt": receipt_code(found.pk, found.steps),
    }


def _changes(every_terms: Sequence[object]) -> list[dict[str, object]]:
    return [{"terms": each, "aim": in_words.aim(each), "label": in_words.label(each)} for each in every_terms]  # type: ignore[arg-type]


def _last(life: Sequence[Step], kind: Kind) -> Step | None:
    return next((each for each in reversed(life) if each.kind == kind), None)


def _states() -> list[tuple[str, object]]:
    first = [("open", _("open")), ("overdue", _("overdue")), ("closed", _("closed"))]
    return [*first, *State.choices]
