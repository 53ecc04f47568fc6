"""What surrounds planning's pages: the agency's time of day, and whether the town is invented."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from comity.site.planning.sample import is_sample_town

View = Callable[..., HttpResponse]


def in_agency_time(view: View) -> View:
    """Times are read and shown as the clocks of the agency's town have them."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with timezone.override(ZoneInfo(settings.TIME_ZONE_OF_AGENCY)):
            return view(request, *args, **kwargs)

    return shown


def sample_mark() -> str:
    """The watermark of an invented town's files; "" elsewhere."""
    return _("SAMPLE DATA") if is_sample_town() else ""


def file_answer(content: bytes | str, kind: str, name: str) -> HttpResponse:
    """A file to keep; of an invented town its name says so."""
    name = f"sample-data-{name}" if sample_mark() else name
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
