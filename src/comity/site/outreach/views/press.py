"""The press page: each release with its kit, for everybody in the same minute."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from comity.releases.catalogue import Catalogue, Release
from comity.site.outreach.press.kit import Kit, press_kit
from comity.site.outreach.queries.public import catalogue


def press(request: HttpRequest) -> HttpResponse:
    found = catalogue()
    return render(request, "outreach/press.html", {"releases": found.newest if found else ()})


def press_release(request: HttpRequest, dataset: str, period: str, version: int) -> HttpResponse:
    found, release = _release_or_404(dataset, period, version)
    kit = press_kit(found, release, language=get_language() or "en")
    return render(request, "outreach/press_release.html", {"release": release, "kit": kit, "size": len(kit.content)})


def press_kit_file(request: HttpRequest, dataset: str, period: str, version: int) -> HttpResponse:
    found, release = _release_or_404(dataset, period, version)
    language = get_language() or "en"
    kit: Kit = press_kit(found, release, language=language)
    name = f"{release.dataset}-{release.period}-v{release.version}-{language}.pdf"
    return HttpResponse(
        kit.content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "ETag": f'"{kit.digest}"'},
    )


def _release_or_404(dataset: str, period: str, version: int) -> tuple[Catalogue, Release]:
    found = catalogue()
    release = found.release(dataset, period, version) if found else None
    if found is None or release is None:
        raise Http404(_("There is no release with this address."))
    return found, release
