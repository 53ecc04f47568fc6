"""Two pages for machines."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from comity.site.operations.health import broken


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """200 when this process can do its work, 503 with what cannot."""
    found = broken()
    return JsonResponse({"status": "broken" if found else "well", "broken": found}, status=503 if found else 200)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus's text for whoever sends the token of keys/metrics.token as a bearer; for others there is no such page."""
    from comity.site.operations.numbers import as_text, is_asked_by_owner

    if not is_asked_by_owner(request.headers.get("Authorization", "").removeprefix("Bearer ")):
        raise Http404
    return HttpResponse(as_text(), content_type="text/plain; version=0.0.4; charset=utf-8")
