"""Pages, each under / in English and under a language's prefix in the others."""

from __future__ import annotations

from django.urls import path

from comity.site.portal.views import api_page, changes, explorer, feeds, home, places, promises, reading, releases

PERIOD = "releases/<slug:dataset>/<slug:period>/"
VERSION = f"{PERIOD}v<int:version>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("releases/", releases.every_release, name="releases"),
    path("releases/<slug:dataset>/", releases.dataset, name="dataset"),
    path(PERIOD, releases.period, name="period"),
    path(VERSION, releases.release, name="release"),
    path(f"{VERSION}changes/", changes.changes, name="release-changes"),
    path(f"{VERSION}dictionary/", reading.dictionary, name="release-dictionary"),
    path(f"{VERSION}methods/", reading.methods, name="release-methods"),
    path(f"{VERSION}quality/", reading.quality, name="release-quality"),
    path("places/", places.every_place, name="places"),
    path("places/<slug:dimension>/<slug:place>/", places.place, name="place"),
    path("explore/", explorer.every_table, name="tables"),
    path("explore/<slug:dataset>/<slug:period>/v<int:version>/<slug:table>/", explorer.explore, name="explore"),
    path("explore/<slug:dataset>/<slug:period>/v<int:version>/<slug:table>.csv", explorer.download, name="explore-csv"),
    path("dictionary/", reading.every_dictionary, name="dictionary"),
    path("methods/", reading.every_method, name="methods"),
    path("quality/", reading.every_quality, name="quality"),
    path("promises/", promises.every_promise, name="promises"),
    path("promises/<slug:dataset>/<slug:period>/", promises.promise, name="promise"),
    path("corrections/", changes.corrections, name="corrections"),
    path("verify/", reading.verify, name="verify"),
    path("api/", api_page.api, name="api"),
    path("feed.xml", feeds.atom, name="feed"),
]
