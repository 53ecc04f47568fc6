"""The addresses that activities speak to: statements, a unit's documents, and the token that is fetched once.

No session and no cookie is looked at here. Each answer goes by the credentials in the request, so there is nothing that a
foreign page could ride on; a browser reads the answers only from the content's own origin.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from comity.site.training import launching
from comity.site.training.models import Launch, Statement
from comity.site.training.receiving import Refused, Sender, activity_of, home_page, receive, sender
from comity.site.training.xapi import LARGEST, VOIDED, Invalid, is_version, parse, read_agent, read_statement, read_uuid

VERSION = "1.0.3"
View = Callable[..., HttpResponse]
HEADERS = "Authorization, Content-Type, X-Experience-API-Version, If-Match, If-None-Match"


def address(*methods: str, versioned: bool = True) -> Callable[[View], View]:
    """What every such address does: CORS for the content's origin, the version header, refusals as short texts."""

    def around(view: View) -> View:
        @csrf_exempt
        @never_cache
        @wraps(view)
        def answer(request: HttpRequest, **named: Any) -> HttpResponse:
            response = (
                _preflight(methods)
                if request.method == "OPTIONS"
                else _answered(view, request, methods, versioned, named)
            )
            response.headers["X-Experience-API-Version"] = VERSION
            response.headers["Vary"] = "Origin"
            origin = request.headers.get("Origin")
            if origin and settings.CONTENT_URL and origin == settings.CONTENT_URL:
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Access-Control-Allow-Headers"] = HEADERS
                response.headers["Access-Control-Allow-Methods"] = ", ".join((*methods, "OPTIONS"))
                response.headers["Access-Control-Expose-Headers"] = "X-Experience-API-Version, ETag"
            return response

        return answer

    return around


def _preflight(methods: tuple[str, ...]) -> HttpResponse:
    return HttpResponse(status=204, headers={"Allow": ", ".join((*methods, "OPTIONS"))})


def _answered(
    view: View, request: HttpRequest, methods: tuple[str, ...], versioned: bool, named: dict[str, Any]
) -> HttpResponse:
    method = "GET" if request.method == "HEAD" else request.method
    if method not in methods:
        return _text(405, "This address does not take that method.", {"Allow": ", ".join(methods)})
    if versioned and not is_version(request.headers.get("X-Experience-API-Version", "")):
        return _text(400, "The header X-Experience-API-Version is missing or names a version that is not taken.")
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
            return _text(413, "The request is too large.")
        return view(request, **named)
    except Invalid as problem:
        return _text(400, f"Not taken: {problem}.")
    except Refused as problem:
        headers = {"WWW-Authenticate": 'Basic realm="xAPI"'} if problem.status == 401 else {}
        return _text(problem.status, str(problem), headers)


@address("GET", versioned=False)
def about(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"version": ["1.0.3", "2.0.0"]})


@address("GET", "PUT", "POST")
def statements(request: HttpRequest) -> HttpResponse:
    by = sender(request.headers.get("Authorization", ""))
    if request.method == "PUT":
        _only_json(request)
        receive([read_statement(parse(request.body), statement_id=request.GET.get("statementId", ""))], by)
        return HttpResponse(status=204)
    if request.method == "POST":
        _only_json(request)
        given = parse(request.body)
        many = given if isinstance(given, list) else [given]
        ids = receive([read_statement(each) for each in many], by)
        return JsonResponse([str(each) for each in ids], safe=False)
    return _one_statement(request, by)


def _one_statement(request: HttpRequest, by: Sender) -> HttpResponse:
    """A sender reads back one of its own statements by id; lists are not given out."""
    asked = {name: request.GET[name] for name in ("statementId", "voidedStatementId") if name in request.GET}
    if len(asked) != 1:
        raise Invalid("ask for one statement, by statementId or voidedStatementId")
    name, identity = next(iter(asked.items()))
    wanted = read_uuid(identity, name)
    found = Statement.objects.filter(id=wanted, provider=by.provider, launch=by.launch).first()
    is_voided = Statement.objects.filter(voids=wanted, verb=VOIDED).exists()
    if found is None or is_voided != (name == "voidedStatementId"):
        return _text(404, "There is no such statement of yours.")
    content = {**found.content, "id": str(found.id), "stored": found.stored_at.isoformat(), "version": VERSION}
    content["authority"] = {"objectType": "Agent", "account": {"homePage": home_page(), "name": "comity"}}
    return JsonResponse(content)


@address("GET", "PUT", "POST", "DELETE")
def state(request: HttpRequest) -> HttpResponse:
    made = _launch_asked(request)
    name = request.GET.get("stateId", "")
    if request.method == "GET":
        return _state_read(made, name)
    if not name or name == launching.LAUNCH_DATA:
        return _text(403, "This document is the site's own, or it is not named.")
    if request.method == "DELETE":
        launching.drop_document(made, name)
        return HttpResponse(status=204)
    content, content_type = request.body, request.headers.get("Content-Type", "application/octet-stream")
    if request.method == "POST" and (there := launching.document(made, name)) is not None:
        content = _merged(bytes(there.content), content)
    if not launching.keep_document(made, name, content, content_type):
        return _text(413, "The document is too large, or there are too many.")
    return HttpResponse(status=204)


def _state_read(made: Launch, name: str) -> HttpResponse:
    if not name:
        return JsonResponse(launching.document_names(made), safe=False)
    if name == launching.LAUNCH_DATA:
        return JsonResponse(launching.launch_data(made))
    there = launching.document(made, name)
    if there is None:
        return _text(404, "There is no such document.")
    kind = there.content_type if there.content_type.startswith("application/json") else "application/octet-stream"
    return HttpResponse(bytes(there.content), content_type=kind)


def _merged(old: bytes, new: bytes) -> bytes:
    """xAPI's POST of a document: the top keys of the new one replace those of the old."""
    before, after = parse(old), parse(new)
    if not isinstance(before, dict) or not isinstance(after, dict):
        raise Invalid("only JSON objects are merged")
    return json.dumps({**before, **after}).encode()


@address("GET")
def agent_profile(request: HttpRequest) -> HttpResponse:
    """What a unit asks before it starts; the site knows no preference of an officer."""
    made = _launch_of(request)
    _is_actor(request, made)
    if request.GET.get("profileId") != "cmi5LearnerPreferences":
        return _text(404, "There is no such document.")
    return JsonResponse({"languagePreference": "en-US,es-US", "audioPreference": "off"})


@address("POST", versioned=False)
def fetch(request: HttpRequest, token: str) -> HttpResponse:
    """cmi5 8.2: the session's credentials, once."""
    credentials = launching.fetch(token)
    if credentials is None:
        return JsonResponse({"error-code": "1", "error-text": "This token was used before, or has ended."})
    return JsonResponse({"auth-token": credentials})


def _launch_asked(request: HttpRequest) -> Launch:
    """The launch whose credentials these are, where the parameters are its own."""
    made = _launch_of(request)
    _is_actor(request, made)
    if request.GET.get("activityId") != activity_of(made.unit):
        raise Refused(403, "The activity is not the launched unit.")
    if request.GET.get("registration", str(made.registration)) != str(made.registration):
        raise Refused(403, "The registration is not the one of this launch.")
    return made


def _launch_of(request: HttpRequest) -> Launch:
    by = sender(request.headers.get("Authorization", ""))
    if by.launch is None:
        raise Refused(403, "Documents belong to launched units.")
    return by.launch


def _is_actor(request: HttpRequest, made: Launch) -> None:
    if read_agent(request.GET.get("agent", "")) != (made.officer.number, home_page()):
        raise Refused(403, "The agent is not the officer of this launch.")


def _only_json(request: HttpRequest) -> None:
    if request.content_type != "application/json":
        raise Refused(415, "Statements come as application/json, without attachments.")


def _text(status: int, said: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(said, status=status, content_type="text/plain; charset=utf-8", headers=headers or {})
