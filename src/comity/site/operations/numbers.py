"""Numbers for Prometheus, read from the files and databases when they are asked for; none is about a visitor.

Requests are counted by the name of the page, never by its address, and those of surveys not at all: a counter that is read
every few seconds would tell when somebody answered.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily

from comity.errors import ComityError
from comity.site.operations.health import broken
from comity.site.parts import PORTAL
from comity.site.portal import queries

Gauge = tuple[str, str, float]
_REQUESTS = CollectorRegistry()
REQUESTS = Counter("comity_requests", "Pages answered", ["page", "status"], registry=_REQUESTS)
SECONDS = Histogram("comity_request_seconds", "Time to answer a page", ["page"], registry=_REQUESTS)
NOT_COUNTED = ("surveys:", "health", "metrics")


def measure(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: counts and times what is answered, by the name of the page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        start = perf_counter()
        response = get_response(request)
        page = request.resolver_match.view_name if request.resolver_match else "none"
        if not page.startswith(NOT_COUNTED):
            REQUESTS.labels(page, response.status_code).inc()
            SECONDS.labels(page).observe(perf_counter() - start)
        return response

    return middleware


def as_text() -> bytes:
    """Every number in Prometheus's text format, of all processes that serve together."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry)
    else:
        registry.register(_REQUESTS)  # type: ignore[arg-type]
    registry.register(_Now())  # type: ignore[arg-type]
    return generate_latest(registry)


class _Now:
    """Collects what is so at this moment."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, what, value in (*_site(), *_published(), *_waiting()):
            yield GaugeMetricFamily(f"comity_{name}", what, value=value)


def _site() -> Iterator[Gauge]:
    yield "broken", "Things that do not work now; see /health/", len(broken())
    yield "disk_free_bytes", "Free on the instance's disk", shutil.disk_usage(settings.INSTANCE).free


def _published() -> Iterator[Gauge]:
    if PORTAL not in settings.PARTS:
        return
    try:
        catalogue = queries.catalogue()
        promises = catalogue.promises(queries.today(catalogue))
    except (ComityError, OSError):
        return
    yield "releases", "Releases that are public", len(catalogue.releases)
    yield "promises_overdue", "Promises whose day has passed", sum(each.state == "overdue" for each in promises)
    checkpoint = settings.PUBLIC / "ledger" / "checkpoint"
    if checkpoint.is_file():
        sealed = datetime.fromtimestamp(checkpoint.stat().st_mtime, UTC)
        yield "sealed_seconds_ago", "Since the ledger last grew", (settings.CLOCK() - sealed).total_seconds()


def _waiting() -> Iterator[Gauge]:
    if not apps.is_installed("comity.site.community"):
        return
    from comity.site.community.mail import stuck_mail
    from comity.site.community.models import Entry, Mail
    from comity.site.community.sealing import sealings

    past = sealings(settings.PUBLIC)
    try:
        yield "mail_waiting", "Mail that is not sent yet", Mail.objects.filter(state=Mail.State.WAITING).count()
        yield "mail_stuck", "Mail that was perhaps not sent", stuck_mail(settings.CLOCK())
        unsealed = Entry.objects.filter(number__gt=past[-1].last if past else 0).count()
        yield "log_entries_waiting", "Entries of the log that are not sealed yet", unsealed
    except DatabaseError:
        return


def is_asked_by_owner(given: str) -> bool:
    """Whether `given` is the token in keys/metrics.token; nobody is while there is no such file."""
    import hmac

    path: Any = settings.KEYS / "metrics.token"
    return path.is_file() and hmac.compare_digest(given.encode(), path.read_bytes().strip())
