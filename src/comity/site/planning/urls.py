"""Addresses of planning, in each language."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from comity.site.planning.views import consultations, office, office_consultations, plans

app_name = "planning"

urlpatterns: list[URLPattern | URLResolver] = [
    path("plans/", plans.plans, name="plans"),
    path("plans/receipt/", consultations.receipt, name="receipt"),
    path("plans/<int:plan>/", plans.plan, name="plan"),
    path("plans/<int:plan>/versions/<int:number>/", plans.version, name="version"),
    path("plans/<int:plan>/versions/<int:number>/difference/", plans.difference, name="difference"),
    path("plans/<int:plan>/versions/<int:number>/plan.pdf", plans.version_pdf, name="version_pdf"),
    path("plans/<int:plan>/meetings/<int:meeting>/", plans.meeting, name="meeting"),
    path("plans/consultations/<int:consultation>/", consultations.consultation, name="consultation"),
    path("plans/consultations/<int:consultation>/contribute/", consultations.contribute, name="contribute"),
    path("plans/consultations/<int:consultation>/moderation/", consultations.moderation, name="moderation"),
    path("plans/consultations/<int:consultation>/result/", consultations.result, name="result"),
    path("office/plans/", office.office_plans, name="office_plans"),
    path("office/plans/<int:plan>/", office.office_plan, name="office_plan"),
    path("office/plans/<int:plan>/draft/", office.office_draft, name="office_draft"),
    path("office/plans/<int:plan>/meetings/new/", office.office_new_meeting, name="office_new_meeting"),
    path(
        "office/plans/<int:plan>/consultations/new/",
        office_consultations.office_new_consultation,
        name="office_new_consultation",
    ),
    path("office/plans/versions/<int:version>/", office.office_version, name="office_version"),
    path("office/plans/versions/<int:version>/ask/", office.office_ask, name="office_ask"),
    path("office/plans/versions/<int:version>/sign/", office.office_sign, name="office_sign"),
    path("office/plans/versions/<int:version>/activate/", office.office_activate, name="office_activate"),
    path("office/plans/meetings/<int:meeting>/", office.office_meeting, name="office_meeting"),
    path(
        "office/plans/consultations/<int:consultation>/",
        office_consultations.office_consultation,
        name="office_consultation",
    ),
    path(
        "office/plans/consultations/<int:consultation>/costs/", office_consultations.office_costs, name="office_costs"
    ),
    path(
        "office/plans/consultations/<int:consultation>/projects/",
        office_consultations.office_projects,
        name="office_projects",
    ),
    path("office/plans/consultations/<int:consultation>/seal/", office_consultations.office_seal, name="office_seal"),
    path(
        "office/plans/consultations/<int:consultation>/open/",
        office_consultations.office_open_voting,
        name="office_open_voting",
    ),
    path(
        "office/plans/consultations/<int:consultation>/count/", office_consultations.office_count, name="office_count"
    ),
    path(
        "office/plans/contributions/<int:contribution>/reply/", office_consultations.office_reply, name="office_reply"
    ),
    path("office/plans/moderation/", office_consultations.office_moderation, name="office_moderation"),
    path("office/plans/moderation/<int:contribution>/", office_consultations.office_decide, name="office_decide"),
]
