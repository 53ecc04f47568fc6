"""Addresses of training, in each language."""

from __future__ import annotations

from django.urls import path

from comity.site.training.views import courses, imports, office, public

app_name = "training"

urlpatterns = [
    path("training/", public.training, name="training"),
    path("training/association/", public.association_test, name="association"),
    path("office/training/", office.office, name="office"),
    path("office/training/mandates/<int:pk>/", office.mandate, name="mandate"),
    path("office/training/mandates/<int:pk>/officers.csv", office.mandate_file, name="mandate_file"),
    path("office/training/mandates/<int:pk>/end/", office.end_mandate, name="end_mandate"),
    path("office/training/officers/", office.officers, name="officers"),
    path("office/training/officers/<int:pk>/", office.officer, name="officer"),
    path("office/training/completions/<int:pk>/take-back/", office.take_back, name="take_back"),
    path("office/training/instructors/", office.instructors, name="instructors"),
    path("office/training/qualifications/<int:pk>/end/", office.end_qualification, name="end_qualification"),
    path("office/training/courses/", courses.courses, name="courses"),
    path("office/training/courses/<slug:slug>/", courses.course, name="course"),
    path("office/training/courses/<slug:slug>/versions/", courses.add_version, name="add_version"),
    path("office/training/courses/<slug:slug>/mandates/", courses.add_mandate, name="add_mandate"),
    path("office/training/courses/<slug:slug>/sessions/", courses.add_session, name="add_session"),
    path("office/training/courses/<slug:slug>/packages/", courses.add_package, name="add_package"),
    path("office/training/courses/<slug:slug>/providers/", courses.add_provider, name="add_provider"),
    path("office/training/courses/<slug:slug>/tests/", courses.add_quiz, name="add_quiz"),
    path("office/training/providers/<int:pk>/close/", courses.close_provider, name="close_provider"),
    path("office/training/sessions/<int:pk>/", courses.session, name="session"),
    path("office/training/sessions/<int:pk>/roster/", imports.import_roster, name="import_roster"),
    path("office/training/packages/<int:pk>/", courses.package, name="package"),
    path("office/training/units/<int:pk>/launch/", courses.launch, name="launch"),
    path("office/training/effects/<int:pk>/", courses.effect, name="effect"),
    path("office/training/tests/<int:pk>/", imports.quiz, name="quiz"),
    path("office/training/tests/<int:pk>/forms/<slug:form>/", imports.quiz_form, name="quiz_form"),
    path("office/training/tests/<int:pk>/items/", imports.import_items, name="import_items"),
    path("office/training/tests/<int:pk>/answers/", imports.import_sittings, name="import_sittings"),
    path("office/training/import/<slug:what>/", imports.import_rows, name="import"),
]
