"""Addresses of commitments, in each language."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from comity.site.commitments.views import files, follow, measures, office, public

app_name = "commitments"

ONE = "commitments/<int:number>/"
OFFICE = "office/commitments/<int:number>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("commitments/", public.every_commitment, name="commitments"),
    path("commitments/feed.xml", files.feed, name="feed"),
    path(ONE, public.commitment, name="commitment"),
    path(f"{ONE}feed.xml", files.commitment_feed, name="commitment_feed"),
    path(f"{ONE}follow/", follow.follow, name="follow"),
    path(f"{ONE}receipt/", follow.receipt, name="receipt"),
    path("commitments/following/<str:token>/", follow.confirm, name="following"),
    path("commitments/leaving/<str:token>/", follow.leave, name="leaving"),
    path("commitments/since/", follow.ask_since, name="ask_since"),
    path("commitments/since/<str:code>/", follow.since, name="since"),
    path("office/commitments/", office.every_commitment, name="office_commitments"),
    path("office/commitments/measure/", measures.choose, name="choose_measure"),
    path("office/commitments/new/", measures.make, name="make"),
    path(OFFICE, office.commitment, name="office_commitment"),
    path(f"{OFFICE}accept/", office.accept, name="accept"),
    path(f"{OFFICE}evidence/", office.evidence, name="evidence"),
    path(f"{OFFICE}verify/", office.verify, name="verify"),
    path(f"{OFFICE}close/", office.close, name="close"),
    path(f"{OFFICE}reopen/", office.reopen, name="reopen"),
    path(f"{OFFICE}stand/", office.stand, name="stand"),
    path(f"{OFFICE}due/", office.move_due, name="move_due"),
    path(f"{OFFICE}measure/", measures.change, name="change"),
]
