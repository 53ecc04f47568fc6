"""The WSGI application: built files by WhiteNoise, kept pages, Django. Any WSGI server can run `application`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from whitenoise import WhiteNoise

from comity.errors import ComityError
from comity.site.kept_pages import KeptPages

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "comity.site.settings")


def build_application() -> Callable[..., Any]:
    """The application for the settings in force."""
    pages = KeptPages(get_wsgi_application(), stamp=_stamp)
    files = WhiteNoise(
        pages,
        max_age=31536000,
        immutable_file_test=lambda path, url: True,  # every built file has the hash of its content in its name
        add_headers_function=lambda headers, path, url: headers.__setitem__("X-Content-Type-Options", "nosniff"),
    )
    if settings.BUILT.is_dir():
        files.add_files(str(settings.BUILT), prefix="static/")
    return files  # type: ignore[no-any-return]


def _stamp() -> object:
    from comity.site.portal import queries

    try:
        return queries.state(), queries.today(queries.catalogue())
    except ComityError:
        return None  # the refusal page is made anew until there is something to show


application = build_application()
