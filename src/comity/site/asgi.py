"""The ASGI application of a site that takes answers: the answer desk in front, everything else by `wsgi` in threads."""

from __future__ import annotations

from comity.site.in_threads import InThreads
from comity.site.surveys.responses.desk import Desk
from comity.site.wsgi import application as site

THREADS = 24  # pages of surveys wait for the disk, many at a time

application = Desk(InThreads(site, threads=THREADS))
