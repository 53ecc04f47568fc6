"""What other programs read: all commitments as CSV, Atom feeds (RFC 4287), and the files that were given as evidence."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from comity.errors import ComityError
from comity.site.commitments import evidence, in_words, queries
from comity.site.commitments.models import Step
from comity.site.commitments.released import catalogue
from comity.site.commitments.views.public import commitment_or_404

NEWEST = 50  # steps in a feed
COLUMNS = (
    "number", "agency", "place", "topic", "language", "title", "said", "plan", "source", "source_release", "source_finding",
    "source_words", "source_day", "made_on", "due", "is_overdue", "state", "moved", "note",
)  # fmt: skip


class _Echo:
    def write(self, text: str) -> str:
        return text


@require_safe
def every_row(request: HttpRequest) -> StreamingHttpResponse:
    """Every commitment, one a row. A text that a spreadsheet would run begins with an apostrophe."""
    response = StreamingHttpResponse(_lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="commitments.csv"'
    return response


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    title = _("Commitments: what was promised, and what became of it")
    return _feed(request, title, reverse("commitments:commitments"), queries.newest_steps(NEWEST))


@require_safe
def commitment_feed(request: HttpRequest, number: int) -> HttpResponse:
    found = commitment_or_404(number)
    page = reverse("commitments:commitment", args=[number])
    return _feed(request, found.title, page, queries.newest_steps(NEWEST, of=found))


@require_safe
def evidence_file(request: HttpRequest, number: int, step: int) -> HttpResponseBase:
    """A file as it was kept, to be saved and never shown as a page of this site."""
    found = queries.evidence_file(number, step) if max(number, step) < 2**63 else None
    path = evidence.path_of(found.file) if found else None
    if found is None or path is None or not path.is_file():
        raise Http404(_("There is no such file."))
    name = f"commitment-{number}-evidence-{step}.{found.file_kind}"
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=name, content_type=evidence.CONTENT_TYPES[found.file_kind]
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _lines() -> Iterator[str]:
    writer = csv.writer(_Echo())
    day = queries.today()
    note = _sample_mark()
    yield writer.writerow(COLUMNS)
    found = queries.with_last_word(queries.commitments(queries.Asked(), day=day)).select_related("agency")
    for each in found.iterator(chunk_size=500):
        row: Iterable[object] = (
            each.pk, each.agency.slug, each.place.name if each.place else "", each.topic, each.language, each.title, each.said,
            each.plan, each.source, each.source_release, each.source_finding, each.source_words, each.source_day or "",
            each.made_on, each.due, "yes" if queries.is_overdue(each, day) else "no", each.state,
            getattr(each, "moved", None) or "", note,
        )  # fmt: skip
        yield writer.writerow([_harmless(str(value)) for value in row])


def _sample_mark() -> str:
    """What tells invented data from real ones in every file; "" where they are real."""
    try:
        is_sample = catalogue(settings.PUBLIC).agency.get("sample")
    except ComityError:  # nothing is published yet
        return ""
    return _("SAMPLE DATA") if is_sample else ""


def _harmless(text: str) -> str:
    return f"'{text}" if text.lstrip()[:1] in ("=", "+", "-", "@", "|") or text[:1] in ("\t", "\r", "\n") else text


def _feed(request: HttpRequest, title: str, page: str, steps: list[Step]) -> HttpResponse:
    made = Atom1Feed(
        title=" – ".join(filter(None, (_sample_mark(), _printable(title)))),
        link=request.build_absolute_uri(page),
        description="",
        language=translation.get_language() or "en",
        feed_url=request.build_absolute_uri(request.path),
    )
    day = queries.today()
    for number in dict.fromkeys(step.commitment_id for step in steps):
        found = next(step.commitment for step in steps if step.commitment_id == number)
        if queries.is_overdue(found, day):
            address = request.build_absolute_uri(reverse("commitments:commitment", args=[number]))
            made.add_item(
                title=_("Overdue: %(title)s") % {"title": _printable(found.title)},
                link=address,
                unique_id=f"{address}#overdue-{found.due}",
                description="",
                updateddate=steps[0].at,
            )
    for step in steps:
        address = request.build_absolute_uri(reverse("commitments:commitment", args=[step.commitment_id]))
        said = in_words.outcome(step)
        made.add_item(
            title=f"{_printable(step.commitment.title)}: {step.get_kind_display()}",
            link=f"{address}#step-{step.number}",
            unique_id=f"{address}#step-{step.number}",
            description=_printable(" – ".join(filter(None, (said, step.text)))),
            pubdate=step.at,
            updateddate=step.at,
        )
    return HttpResponse(made.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


def _printable(text: str) -> str:
    """Without signs that XML 1.0 cannot hold."""
    return "".join(each if each.isprintable() or each in "\n\t" else " " for each in text)
