"""The list of templates, and one template: to fill in, to read, to print, as PDF and DOCX.

What people type comes in the body of a POST, goes back in the answer, and is nowhere else: not in a database, a cookie, a
log, an address or a kept page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from comity.errors import ComityError
from comity.site.toolkit import population
from comity.site.toolkit.catalogue import AUDIENCES, LONGEST, Document, Field, Part, cell_name, documents
from comity.site.toolkit.filling import pieces, read_values
from comity.site.toolkit.pdf import as_pdf
from comity.site.toolkit.word import as_docx

KINDS = {
    "pdf": (as_pdf, "application/pdf"),
    "docx": (as_docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}
LARGEST = 200_000  # bytes of a filled-in form; the longest template is under half of it


@require_safe
def every_template(request: HttpRequest) -> HttpResponse:
    language = get_language() or "en"
    names = {"residents": _("For residents"), "departments": _("For departments"), "both": _("For both")}
    groups = [
        (
            names[audience],
            [
                {"id": each.id, "title": each.title.said(language), "use": each.use.said(language)}
                for each in documents().values()
                if each.audience == audience
            ],
        )
        for audience in AUDIENCES
    ]
    return render(request, "toolkit.html", {"groups": groups, "count": len(documents())})


# Nothing is changed, stored or done in anybody's name: the answer shows the asker what the asker sent. There is no session
# that a foreign page could ride on, so there is no token to check, and no cookie is needed for one.
@csrf_exempt
def template(request: HttpRequest, name: str) -> HttpResponse:
    document = _document_or_404(name)
    if request.method == "POST":
        return _filled(request, document)
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST"})
    return _form(request, document, population.known_values(document), {})


@require_safe
def blank(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    document = _document_or_404(name)
    if kind not in KINDS:
        raise Http404
    return _file(request, document, population.known_values(document), kind)


@never_cache
def _filled(request: HttpRequest, document: Document) -> HttpResponse:
    if request.content_type != "application/x-www-form-urlencoded":  # an upload would be written to the disk
        return HttpResponse(
            _("Send the form of the page, without files."), status=415, content_type="text/plain; charset=utf-8"
        )
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return HttpResponse(
            _("This is too much text for one form."), status=413, content_type="text/plain; charset=utf-8"
        )
    values, problems = read_values(document, request.POST.dict())
    wanted = request.POST.get("as", "page")
    if problems:
        return _form(request, document, values, problems)
    if wanted in KINDS:
        return _file(request, document, values, wanted)
    if wanted == "form":
        return _form(request, document, values, {})
    language = get_language() or "en"
    return render(
        request,
        "toolkit_filled.html",
        {
            **_about(document),
            "pieces": pieces(document, values, language),
            "values": [(name, value) for name, value in values.items() if value],
        },
    )


def _file(request: HttpRequest, document: Document, values: Mapping[str, str], kind: str) -> HttpResponse:
    make, content_type = KINDS[kind]
    language = get_language() or "en"
    try:
        content = make(
            document.title.said(language),
            pieces(document, values, language),
            layout=document.layout,
            language=language,
            foot=_("Free to copy and change. Filled in on a public page that keeps nothing."),
            mark=_("SAMPLE DATA") if _shows_sample_data() else "",
        )
    except ComityError as missing:
        return _form(request, document, values, {}, missing=missing, status=501)
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{document.id}-{language}.{kind}"'},
    )


def _form(
    request: HttpRequest,
    document: Document,
    values: Mapping[str, str],
    problems: Mapping[str, str],
    *,
    missing: ComityError | None = None,
    status: int = 200,
) -> HttpResponse:
    return render(
        request,
        "toolkit_template.html",
        {
            **_about(document),
            "parts": [_shown(part, values, problems) for part in document.parts],
            "problems": len(problems),
            "missing": missing,
            "source": population.source() if any(part.kind == "reach" for part in document.parts) else "",
        },
        status=status,
    )


def _about(document: Document) -> dict[str, Any]:
    language = get_language() or "en"
    return {
        "document": document.id,
        "layout": document.layout,
        "heading": document.title.said(language),
        "use": document.use.said(language),
    }


def _shown(part: Part, values: Mapping[str, str], problems: Mapping[str, str]) -> dict[str, Any]:
    """A part as the form's template needs it: words, or inputs with what was typed and what is wrong with it."""
    language = get_language() or "en"

    def inputs(name: str, field: Field, label: str) -> dict[str, Any]:
        return {
            "name": name,
            "kind": field.kind,
            "label": label,
            "value": values.get(name, ""),
            "problem": problems.get(name, ""),
            "longest": LONGEST[field.kind],
        }

    return {
        "kind": part.kind,
        "texts": [text.said(language) for text in part.texts],
        "fields": [inputs(field.id, field, field.label.said(language)) for field in part.fields]
        if not part.rows
        else [],
        "columns": [field.label.said(language) for field in part.fields],
        "rows": [
            [
                inputs(
                    cell_name(part, row, field),
                    field,
                    _("%(column)s, row %(row)d") % {"column": field.label.said(language), "row": row},
                )
                for field in part.fields
            ]
            for row in range(1, part.rows + 1)
        ],
    }


def _shows_sample_data() -> bool:
    """Whether the site shows an invented town: then its files say so too."""
    try:
        return bool(json.loads((settings.PUBLIC / "agency.json").read_bytes()).get("sample"))
    except (OSError, ValueError):
        return False


def _document_or_404(name: str) -> Document:
    try:
        return documents()[name]
    except KeyError:
        raise Http404 from None
