"""Launching a unit for an officer (cmi5, quartz): the address, the token that is fetched once, and the launch data.

Content runs on an origin of its own (COMITY_CONTENT_URL), so that its scripts reach nothing of this site but the xAPI
addresses, with credentials that end with the session. Without such an origin nothing is launched.
"""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from comity.site.community.log import record
from comity.site.community.models import Account
from comity.site.training.models import Launch, Officer, StateDocument, Statement, Unit
from comity.site.training.receiving import CMI5, activity_of, digest_of, home_page
from comity.site.training.refusals import TrainingRefused
from comity.site.training.xapi import SESSION_ID, VERBS

LASTS = timedelta(hours=12)
LARGEST_DOCUMENT = 100_000
MOST_DOCUMENTS = 50
LAUNCH_DATA = "LMS.LaunchData"


def content_origin() -> str:
    """The other origin. Raises TrainingRefused where none is set, or it is this site's own."""
    origin = settings.CONTENT_URL
    if not origin or _origin(origin) == _origin(settings.SITE_URL):
        raise TrainingRefused(
            _("Packages are not launched, because no other origin is set for their content."),
            _(
                "The operator sets COMITY_CONTENT_URL to an address that is not this site's; docs/how-to/run-training.md says how."
            ),
        )
    return str(origin)


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


@transaction.atomic
def launch(unit: Unit, officer: Officer, *, site: str, by: Account) -> str:
    """Begins a session, and returns the address to give to the officer. site: this site's address, without a slash.

    An officer's launches of one package are one registration, so that units done earlier count.
    """
    origin = content_origin()
    if officer.agency != by.agency or unit.package.version.course.agency != by.agency:
        raise TrainingRefused(_("This belongs to another agency."), _("Use an account of that agency."))
    earlier = Launch.objects.filter(unit__package=unit.package, officer=officer).order_by("-made_at").first()
    token = secrets.token_urlsafe(32)
    now = settings.CLOCK()
    made = Launch.objects.create(
        unit=unit,
        officer=officer,
        registration=earlier.registration if earlier else uuid.uuid4(),
        session=uuid.uuid4(),
        fetch=digest_of(token),
        made_at=now,
        until=now + LASTS,
    )
    content = _said(made, "launched")
    Statement.objects.create(
        id=uuid.uuid4(),
        agency=officer.agency,
        officer=officer,
        launch=made,
        verb=VERBS["launched"],
        activity=activity_of(unit),
        content=content,
        digest=digest_of(json.dumps(content, sort_keys=True)),
        stored_at=now,
    )
    record("training.launched", f"package {unit.package_id}", by=by, details={"unit": unit.number})
    asked = urlencode(
        {
            "endpoint": f"{site}/xapi/",
            "fetch": f"{site}/xapi/fetch/{token}/",
            "actor": json.dumps(actor(officer)),
            "registration": str(made.registration),
            "activityId": activity_of(unit),
        },
        quote_via=quote,
    )
    address = unit.address
    path, _hash, fragment = address.partition("#")
    joined = f"{path}{'&' if '?' in path else '?'}{asked}" + (f"#{fragment}" if fragment else "")
    return f"{origin}/content/{unit.package.digest}/{joined}"


@transaction.atomic
def fetch(token: str) -> str | None:
    """The session's credentials, for the first who asks with this token; None afterwards, and for any other token."""
    made = Launch.objects.filter(fetch=digest_of(token), until__gt=settings.CLOCK()).first()
    if made is None:
        return None
    secret = secrets.token_urlsafe(32)
    changed = Launch.objects.filter(pk=made.pk, token="").update(token=digest_of(secret))
    return base64.b64encode(f"{made.session}:{secret}".encode()).decode() if changed else None


def actor(officer: Officer) -> dict[str, Any]:
    return {"objectType": "Agent", "account": {"homePage": home_page(), "name": officer.number}}


def launch_data(made: Launch) -> dict[str, Any]:
    """The document that a unit reads first. cmi5 10.2."""
    unit = made.unit
    data: dict[str, Any] = {
        "contextTemplate": _context(made),
        "launchMode": "Normal",
        "launchMethod": unit.launch_method,
        "launchParameters": unit.parameters,
        "moveOn": unit.move_on,
    }
    if unit.mastery_score is not None:
        data["masteryScore"] = float(unit.mastery_score)
    return data


def _context(made: Launch) -> dict[str, Any]:
    return {
        "contextActivities": {"grouping": [{"id": made.unit.identifier, "objectType": "Activity"}]},
        "extensions": {SESSION_ID: str(made.session)},
    }


def _said(made: Launch, verb: str) -> dict[str, Any]:
    """A statement of the site itself about a launch."""
    context = _context(made)
    context["registration"] = str(made.registration)
    context["contextActivities"]["category"] = [{"id": CMI5}]
    return {
        "actor": actor(made.officer),
        "verb": {"id": VERBS[verb], "display": {"en": verb}},
        "object": {"id": activity_of(made.unit), "objectType": "Activity"},
        "context": context,
        "timestamp": made.made_at.astimezone(UTC).isoformat(),
    }


@transaction.atomic
def keep_document(made: Launch, name: str, content: bytes, content_type: str) -> bool:
    """Writes a unit's own document; False where there are too many or it is too large."""
    if len(content) > LARGEST_DOCUMENT or not 0 < len(name) <= 120 or name == LAUNCH_DATA:
        return False
    where = _documents(made)
    if where.count() >= MOST_DOCUMENTS and not where.filter(name=name).exists():
        return False
    StateDocument.objects.update_or_create(
        unit=made.unit,
        officer=made.officer,
        registration=made.registration,
        name=name,
        defaults={"content": content, "content_type": content_type[:80]},
    )
    return True


def document(made: Launch, name: str) -> StateDocument | None:
    return _documents(made).filter(name=name).first()


def drop_document(made: Launch, name: str) -> None:
    _documents(made).filter(name=name).delete()


def document_names(made: Launch) -> list[str]:
    return [LAUNCH_DATA, *_documents(made).order_by("name").values_list("name", flat=True)]


def _documents(made: Launch) -> Any:
    return StateDocument.objects.filter(unit=made.unit, officer=made.officer, registration=made.registration)
