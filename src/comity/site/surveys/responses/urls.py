"""Addresses of the answer page."""

from __future__ import annotations

from django.urls import path

from comity.site.surveys.responses import office_views, paper_views, views

urlpatterns = [
    path("survey/", views.surveys, name="surveys"),
    path("survey/<slug:name>/", views.survey, name="survey"),
    path("survey/<slug:name>/promise/", views.survey_promise, name="survey_promise"),
    path("survey/<slug:name>/receipts/", views.survey_receipts, name="survey_receipts"),
    path("survey/<slug:name>/receipts.txt", views.survey_receipts_file, name="survey_receipts_file"),
    path("office/interview/<slug:name>/", office_views.office_interview, name="office_interview"),
    path("office/paper/<slug:name>/", paper_views.office_paper, name="office_paper"),
    path("office/paper/<slug:name>/<slug:number>/", paper_views.office_paper_form, name="office_paper_form"),
    path(
        "office/paper/<slug:name>/<slug:number>/set-aside/",
        paper_views.office_paper_set_aside,
        name="office_paper_set_aside",
    ),
    path("office/surveys/<slug:name>/texts/", office_views.office_texts, name="office_texts"),
    path("office/surveys/<slug:name>/texts/redact/", office_views.office_redact, name="office_redact"),
    path("office/surveys/<slug:name>/close/", office_views.office_close, name="office_close"),
    path("office/surveys/<slug:name>/responses.json", office_views.office_responses, name="office_responses"),
]
