"""Addresses of projects, in each language."""

from __future__ import annotations

from django.urls import path

from comity.site.projects import views

app_name = "projects"

urlpatterns = [
    path("projects/", views.projects, name="projects"),
    path("projects/propose/", views.propose, name="propose"),
    path("projects/follow/", views.follow, name="follow"),
    path("projects/carry-on/", views.carry_on, name="carry_on"),
    path("projects/<int:number>/", views.project, name="project"),
    path("projects/pictures/<int:number>/", views.picture, name="picture"),
    path("office/projects/", views.office_projects, name="office_projects"),
    path("office/projects/<int:number>/", views.office_project, name="office_project"),
    path("office/projects/steps/<int:number>/decide/", views.office_decide, name="office_decide"),
    path("office/projects/pictures/<int:number>/", views.office_picture, name="office_picture"),
]
