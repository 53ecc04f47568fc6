"""What other programs follow: an Atom feed (RFC 4287) and the DCAT-US 1.1 catalogue."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import translation
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _

from comity.releases.catalogue import Catalogue, Release, in_language
from comity.site.portal import queries
from comity.site.portal.templatetags.portal import day


def atom(request: HttpRequest) -> HttpResponse:
    found = queries.catalogue()
    language = translation.get_language() or "en"
    agency = in_language(found.agency.get("name"), language)
    feed = Atom1Feed(
        title=_("%(agency)s: releases") % {"agency": agency},
        link=request.build_absolute_uri(reverse("home")),
        description="",
        language=language,
        feed_url=request.build_absolute_uri(),
        author_name=agency,
    )
    for release in found.releases:
        address = request.build_absolute_uri(
            reverse("release", args=[release.dataset, release.period, release.version])
        )
        moment = datetime.combine(release.published, time(), UTC)
        feed.add_item(
            title=in_language(release.title, language),
            link=address,
            unique_id=address,
            description=_summary(release, language),
            pubdate=moment,
            updateddate=moment,
        )
    for promise in found.promises(queries.today(found)):
        if promise.state == "overdue":
            moment = datetime.combine(promise.counted, time(), UTC)
            address = request.build_absolute_uri(reverse("promise", args=[promise.dataset, promise.period]))
            feed.add_item(
                title=_("Overdue: %(title)s") % {"title": in_language(promise.title, language)},
                link=address,
                unique_id=f"{address}#overdue-{promise.counted}",
                description=_("This release was promised for %(day)s and has not been published.")
                % {"day": day(promise.counted)},
                pubdate=moment,
                updateddate=moment,
            )
        if promise.state == "broken":
            moment = datetime.combine(promise.now.sealed, time(), UTC)
            address = request.build_absolute_uri(reverse("promise", args=[promise.dataset, promise.period]))
            feed.add_item(
                title=_("Broken promise: %(title)s") % {"title": in_language(promise.title, language)},
                link=address,
                unique_id=f"{address}#broken-{promise.now.number}",
                description=in_language(promise.reason, language),
                pubdate=moment,
                updateddate=moment,
            )
    for stone in found.withdrawals:
        moment = datetime.combine(stone.withdrawn, time(), UTC)
        address = request.build_absolute_uri(reverse("release", args=[stone.dataset, stone.period, stone.version]))
        feed.add_item(
            title=_("Withdrawn: %(title)s") % {"title": in_language(stone.title, language)},
            link=address,
            unique_id=f"{address}#withdrawn",
            description=in_language(stone.reason, language),
            pubdate=moment,
            updateddate=moment,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


def data_json(request: HttpRequest) -> JsonResponse:
    """DCAT-US: https://resources.data.gov/resources/dcat-us/ ."""
    found = queries.catalogue()
    return JsonResponse(
        {
            "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
            "@id": request.build_absolute_uri(),
            "@type": "dcat:Catalog",
            "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
            "describedBy": "https://project-open-data.cio.gov/v1.1/schema/catalog.json",
            "dataset": [_dcat(request, found, release) for release in found.newest],
        },
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )


def _dcat(request: HttpRequest, found: Catalogue, release: Release) -> dict[str, Any]:
    page = request.build_absolute_uri(f"/releases/{release.id}/")
    base = request.build_absolute_uri(f"/public/{release.address}/")
    contact = found.agency.get("contact")
    contact = {"email": contact} if isinstance(contact, str) else contact or {}
    title = in_language(release.title, "en")
    entry: dict[str, Any] = {
        "@type": "dcat:Dataset",
        "identifier": page,
        "landingPage": page,
        "title": title,
        "description": in_language(release.description, "en") or _summary(release, "en") or title,
        "keyword": ["police", "transparency", release.dataset],
        "modified": release.published.isoformat(),
        "issued": release.published.isoformat(),
        "publisher": {"@type": "org:Organization", "name": in_language(release.agency, "en")},
        "contactPoint": {
            "@type": "vcard:Contact",
            "fn": in_language(contact.get("name"), "en") or in_language(release.agency, "en"),
            **({"hasEmail": f"mailto:{contact['email']}"} if contact.get("email") else {}),
        },
        "accessLevel": "public",
        "language": list(found.languages),
        "describedBy": f"{base}datapackage.json",
        "describedByType": "application/json",
        "distribution": [
            {
                "@type": "dcat:Distribution",
                "title": f"{in_language(table.title, 'en')} ({kind})",
                "downloadURL": f"{base}tables/{table.name}.{ending}",
                "mediaType": media,
                "format": kind,
            }
            for table in release.tables
            for kind, ending, media in (
                ("CSV", "csv", "text/csv"),
                ("Parquet", "parquet", "application/vnd.apache.parquet"),
            )
        ],
    }
    if release.licence:
        entry["license"] = release.licence
    if release.covers:
        entry["temporal"] = f"{release.covers[0].isoformat()}/{release.covers[1].isoformat()}"
    return entry


def _summary(release: Release, language: str) -> str:
    headline = release.finding(release.headline) if release.headline else None
    return (
        in_language(headline.get("headline") or headline["sentence"], language)
        if headline
        else in_language(release.description, language)
    )
