"""Subscribing by mail, and the Atom feeds that say the same without an address."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from comity.site.community.here import place_here, this_agency
from comity.site.community.models import Place
from comity.site.community.open_forms import open_form
from comity.site.outreach.actions import subscriptions as actions
from comity.site.outreach.forms import SubscribeForm
from comity.site.outreach.models import Topic
from comity.site.outreach.queries.news import news


@open_form()
def subscribe(request: HttpRequest) -> HttpResponse:
    """Whatever the address, the answer is the same page."""
    agency = this_agency()
    if request.method != "POST":
        return render(
            request,
            "outreach/subscribe.html",
            {"form": SubscribeForm(agency=agency), "topics": Topic.choices, "places": Place.objects.filter(agency=agency).order_by("name")},
        )  # fmt: skip
    form = SubscribeForm(request.POST, agency=agency)
    if not form.is_valid():
        return render(request, "outreach/subscribe.html", {"form": form, "topics": Topic.choices}, status=422)
    actions.subscribe(
        form.cleaned_data["address"],
        agency=agency,
        topic=form.cleaned_data["topic"],
        place=form.cleaned_data["place"],
        language=get_language() or "en",
    )
    return render(request, "outreach/subscribe_sent.html", {"days": actions.DAYS_TO_CONFIRM})


@open_form(kind=None)
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A button, because programs that look through mail open links, and none of them may confirm."""
    if request.method != "POST":
        return render(request, "outreach/confirm.html", {"token": token})
    is_confirmed = actions.confirm(token)
    return render(
        request, "outreach/confirmed.html", {"is_confirmed": is_confirmed}, status=200 if is_confirmed else 410
    )


@open_form(kind=None)
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Leaves by one POST, from the button of this page or from a mail program (RFC 8058); the same page for every link."""
    if request.method == "POST":
        actions.leave(token)
    return render(request, "outreach/leave.html", {"token": token, "has_left": request.method == "POST"})


def topic_feed(request: HttpRequest, topic: str) -> HttpResponse:
    return _feed(topic, None)


def place_feed(request: HttpRequest, topic: str, slug: str) -> HttpResponse:
    return _feed(topic, place_here(slug))


def _feed(topic: str, place: Place | None) -> HttpResponse:
    if topic not in Topic.values:
        raise Http404(_("There is no feed with this address."))
    agency, language = this_agency(), get_language() or "en"
    title = _("%(agency)s: %(topic)s") % {"agency": place.name if place else agency.name, "topic": Topic(topic).label}
    name, arguments = ("outreach:place_feed", [topic, place.slug]) if place else ("outreach:topic_feed", [topic])
    site = settings.SITE_URL
    feed = Atom1Feed(
        title=title,
        link=f"{site}{reverse('outreach:subscribe')}",
        description="",
        language=language,
        feed_url=f"{site}{reverse(name, args=arguments)}",
        author_name=agency.name,
    )
    for item in news(agency, topic=topic, place=place, now=settings.CLOCK()):
        feed.add_item(
            title=item.said(language),
            link=f"{site}{item.address(language)}",
            unique_id=f"tag:comity,2026:{agency.slug}:{item.id}",
            description="",
            pubdate=item.at,
            updateddate=item.at,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
