"""Files, the API and what other programs read; these have no language of their own."""

from __future__ import annotations

from django.urls import path

from comity.site.portal.api import api
from comity.site.portal.views import feeds, files

urlpatterns = [
    path("public/<path:name>", files.public_file, name="public-file"),
    path("verify/in-browser/", files.verify_in_browser, name="verify-in-browser"),
    path("data.json", feeds.data_json, name="data-json"),
    path("robots.txt", files.robots, name="robots"),
    path("favicon.ico", files.icon, name="icon"),
    path("api/", api.urls),
]
