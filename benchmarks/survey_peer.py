"""The peer of benchmarks/surveys.py: a plain Django form on the same server program, with an automatic number, a time, and a commit an answer."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

PORT = 8765
MODELS = """\
from django.db import models


class Response(models.Model):
    token = models.CharField(max_length=200, unique=True)
    answers = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)
"""
PEER = """\
import os, sys
from django.conf import settings
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF="peer", SECRET_KEY="peer", INSTALLED_APPS=["peerapp"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["."]}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "peer.sqlite3", "CONN_MAX_AGE": None,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20,
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"}}},
)
import django
django.setup()
from django import forms
from django.db import transaction
from django.shortcuts import render
from django.urls import path
from peerapp.models import Response
class Form(forms.Form):
    _token = forms.CharField()
    _data = forms.JSONField()
def answer(request):
    form = Form(request.POST)
    assert form.is_valid()
    with transaction.atomic():
        Response.objects.get_or_create(token=form.cleaned_data["_token"], defaults={"answers": form.cleaned_data["_data"]})
    return render(request, "stored.html")
urlpatterns = [path("answer/", answer)]
if __name__ == "__main__":
    from django.core.management import call_command
    call_command("migrate", run_syncdb=True, verbosity=0)
else:
    from django.core.wsgi import get_wsgi_application
    application = get_wsgi_application()
"""


@contextmanager
def plain_django_form(folder: Path) -> Iterator[SimpleNamespace]:
    """The peer, served from `folder` at /answer/: two processes of 24 threads, SQLite with a write-ahead log and `synchronous=FULL`."""
    (folder / "peerapp").mkdir()
    (folder / "peerapp" / "__init__.py").touch()
    (folder / "peerapp" / "models.py").write_text(MODELS)
    (folder / "peer.py").write_text(PEER)
    (folder / "stored.html").write_text("stored" * 300)
    subprocess.run([sys.executable, "peer.py"], cwd=folder, check=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--workers", "2", "--worker-class", "gthread", "--threads", "24",
         "--keep-alive", "15", "--bind", f"127.0.0.1:{PORT}", "--log-level", "error", "peer:application"],
        cwd=folder,
    )  # fmt: skip
    try:
        time.sleep(3)
        yield SimpleNamespace(port=PORT, process=process)
    finally:
        process.terminate()
        process.wait()
