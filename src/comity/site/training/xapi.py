"""Is this an xAPI statement? The rules of xAPI 1.0.3 (part 2) and 2.0 (IEEE 9274.1.1) that hold for what we take in.

An actor is an account of this site: the officer's number and nothing else. Mail addresses and names are refused, so that no
personal data comes in by this door. Attachments are refused.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
_ADL = "http://adlnet.gov/expapi/verbs/"
VERBS = {
    name: f"{_ADL}{name}"
    for name in ("initialized", "completed", "passed", "failed", "terminated", "launched", "waived")
} | {"satisfied": "https://w3id.org/xapi/adl/verbs/satisfied", "abandoned": "https://w3id.org/xapi/adl/verbs/abandoned"}

LARGEST = 500_000
"""Bytes of one request."""

_IRI = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x1f]{1,480}\Z")
_LANGUAGE = re.compile(r"\A[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")
_TIMESTAMP = re.compile(r"\A\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d(:?\d\d)?)\Z")
_DURATION = re.compile(r"\AP(?!\Z)(\d+(\.\d+)?W|(\d+Y)?(\d+M)?(\d+D)?(T(?!\Z)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)\Z")
_VERSION = re.compile(r"\A(1\.0(\.\d+)?|2\.0(\.\d+)?)\Z")


class Invalid(Exception):
    """Not a statement that is taken in. The text says which part is wrong, and never holds a value that was sent."""


@dataclass(frozen=True)
class Read:
    """A statement's parts that we act on. voids: the id it takes back. sessionid, is_cmi5: of a launched unit."""

    id: uuid.UUID
    number: str
    home_page: str
    verb: str
    activity: str
    voids: uuid.UUID | None
    registration: uuid.UUID | None
    session: str | None
    categories: frozenset[str]
    timestamp: datetime | None
    scaled: float | None
    success: bool | None
    completion: bool | None
    content: Mapping[str, Any]
    digest: str


def parse(body: bytes) -> Any:
    """JSON without numbers that JSON does not have. Raises Invalid."""
    if len(body) > LARGEST:
        raise Invalid(f"the request has more than {LARGEST} bytes")
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Invalid("the body is not JSON") from None


def is_version(text: str) -> bool:
    return bool(_VERSION.match(text))


def read_statement(given: Any, *, statement_id: str | None = None) -> Read:
    """The statement, checked. statement_id: of the address, where it was put there. Raises Invalid."""
    one = _object(given, "statement", _KEYS["statement"])
    if "attachments" in one:
        raise Invalid("attachments are not taken")
    _no_nulls(one)
    named = one.get("id", statement_id)
    identity = read_uuid(named, "id") if named is not None else uuid.uuid4()
    if statement_id is not None and identity != read_uuid(statement_id, "statementId"):
        raise Invalid("id differs from statementId")
    number, home_page = _actor(one.get("actor"), "actor")
    verb = _object(one.get("verb"), "verb", _KEYS["verb"])
    _iri(verb.get("id"), "verb.id")
    _language_map(verb.get("display", {}), "verb.display")
    activity, voids = _object_of(one.get("object"), voided=verb["id"] == VOIDED)
    result = _result(one.get("result", {}))
    registration, session, categories = _context(one.get("context", {}))
    if "version" in one and not (isinstance(one["version"], str) and is_version(one["version"])):
        raise Invalid("version is not 1.0.x or 2.0.x")
    timestamp = _timestamp(one["timestamp"], "timestamp") if "timestamp" in one else None
    kept = {key: value for key, value in one.items() if key not in ("id", "stored", "authority", "version")}
    return Read(
        identity, number, home_page, verb["id"], activity, voids, registration, session, categories, timestamp,
        result.get("score", {}).get("scaled"), result.get("success"), result.get("completion"), kept, _digest(kept),
    )  # fmt: skip


def read_agent(text: str) -> tuple[str, str]:
    """(number, home page) of an `agent` parameter. Raises Invalid."""
    return _actor(parse(text.encode()), "agent")


_KEYS = {
    "statement": (
        "id", "actor", "verb", "object", "result", "context", "timestamp", "stored", "authority", "version", "attachments"
    ),
    "actor": ("objectType", "account"),
    "account": ("homePage", "name"),
    "verb": ("id", "display"),
    "activity": ("objectType", "id", "definition"),
    "definition": (
        "name", "description", "type", "moreInfo", "extensions", "interactionType", "correctResponsesPattern", "choices",
        "scale", "source", "target", "steps",
    ),
    "reference": ("objectType", "id"),
    "result": ("score", "success", "completion", "response", "duration", "extensions"),
    "score": ("scaled", "raw", "min", "max"),
    "context": (
        "registration", "instructor", "team", "contextActivities", "revision", "platform", "language", "statement",
        "extensions", "contextAgents", "contextGroups",
    ),
    "contextActivities": ("parent", "grouping", "category", "other"),
}  # fmt: skip
_PEOPLE = ("instructor", "team", "contextAgents", "contextGroups")
SESSION_ID = "https://w3id.org/xapi/cmi5/context/extensions/sessionid"


def _object(given: Any, where: str, keys: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise Invalid(f"{where} is missing or not an object")
    if any(key not in keys for key in given):
        raise Invalid(f"{where} has a property that xAPI does not know or that is not taken here")
    return given


def _actor(given: Any, where: str) -> tuple[str, str]:
    if isinstance(given, dict) and (given.keys() & {"mbox", "mbox_sha1sum", "openid", "name", "member"}):
        raise Invalid(f"{where} names a person; give account with the officer's number only")
    actor = _object(given, where, _KEYS["actor"])
    if actor.get("objectType", "Agent") != "Agent":
        raise Invalid(f"{where}.objectType is not Agent")
    account = _object(actor.get("account"), f"{where}.account", _KEYS["account"])
    _iri(account.get("homePage"), f"{where}.account.homePage")
    name = account.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= 20:
        raise Invalid(f"{where}.account.name is not an officer's number")
    return name, account["homePage"]


def _object_of(given: Any, *, voided: bool) -> tuple[str, uuid.UUID | None]:
    kind = given.get("objectType", "Activity") if isinstance(given, dict) else "Activity"
    if kind == "StatementRef":
        reference = _object(given, "object", _KEYS["reference"])
        named = read_uuid(reference.get("id"), "object.id")
        return f"urn:uuid:{named}", named if voided else None
    if voided:
        raise Invalid("a voiding statement has a StatementRef as its object")
    if kind != "Activity":
        raise Invalid("object is neither an activity nor a reference to a statement")
    return _activity(given, "object"), None


def _activity(given: Any, where: str) -> str:
    activity = _object(given, where, _KEYS["activity"])
    if activity.get("objectType", "Activity") != "Activity":
        raise Invalid(f"{where}.objectType is not Activity")
    _iri(activity.get("id"), f"{where}.id")
    definition = _object(activity.get("definition", {}), f"{where}.definition", _KEYS["definition"])
    for name in ("name", "description"):
        _language_map(definition.get(name, {}), f"{where}.definition.{name}")
    for name in ("type", "moreInfo"):
        if name in definition:
            _iri(definition[name], f"{where}.definition.{name}")
    _extensions(definition.get("extensions", {}), f"{where}.definition.extensions")
    return str(activity["id"])


def _result(given: Any) -> dict[str, Any]:
    result = _object(given, "result", _KEYS["result"])
    for name in ("success", "completion"):
        if not isinstance(result.get(name, False), bool):
            raise Invalid(f"result.{name} is neither true nor false")
    if not isinstance(result.get("response", ""), str):
        raise Invalid("result.response is not text")
    duration = result.get("duration", "PT0S")
    if not (isinstance(duration, str) and _DURATION.match(duration)):
        raise Invalid("result.duration is not an ISO 8601 duration")
    _extensions(result.get("extensions", {}), "result.extensions")
    score = _object(result.get("score", {}), "result.score", _KEYS["score"])
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in score.values()):
        raise Invalid("result.score has a value that is not a number")
    if not -1 <= score.get("scaled", 0) <= 1:
        raise Invalid("result.score.scaled is not from -1 to 1")
    low, high = score.get("min", float("-inf")), score.get("max", float("inf"))
    if not low < high or not low <= score.get("raw", low if low > float("-inf") else high) <= high:
        raise Invalid("result.score.raw, min and max contradict each other")
    return result


def _context(given: Any) -> tuple[uuid.UUID | None, str | None, frozenset[str]]:
    context = _object(given, "context", _KEYS["context"])
    if context.keys() & set(_PEOPLE):
        raise Invalid("context names other people, which is not taken")
    registration = read_uuid(context["registration"], "context.registration") if "registration" in context else None
    for name in ("revision", "platform"):
        if not isinstance(context.get(name, ""), str):
            raise Invalid(f"context.{name} is not text")
    if not (isinstance(context.get("language", "en"), str) and _LANGUAGE.match(context.get("language", "en"))):
        raise Invalid("context.language is not a language tag")
    if "statement" in context:
        read_uuid(
            _object(context["statement"], "context.statement", _KEYS["reference"]).get("id"), "context.statement.id"
        )
    extensions = _extensions(context.get("extensions", {}), "context.extensions")
    activities = _object(context.get("contextActivities", {}), "context.contextActivities", _KEYS["contextActivities"])
    named: dict[str, set[str]] = {}
    for kind, held in activities.items():
        named[kind] = {
            _activity(each, f"context.contextActivities.{kind}")
            for each in (held if isinstance(held, list) else [held])
        }
    session = extensions.get(SESSION_ID)
    return registration, session if isinstance(session, str) else None, frozenset(named.get("category", ()))


def _iri(given: Any, where: str) -> None:
    if not (isinstance(given, str) and _IRI.match(given)):
        raise Invalid(f"{where} is not an IRI")


def read_uuid(given: Any, where: str) -> uuid.UUID:
    if not (isinstance(given, str) and re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", given)):
        raise Invalid(f"{where} is not a UUID")
    return uuid.UUID(given)


def _language_map(given: Any, where: str) -> None:
    if not isinstance(given, dict) or not all(
        _LANGUAGE.match(tag) and isinstance(text, str) for tag, text in given.items()
    ):
        raise Invalid(f"{where} is not a language map")


def _extensions(given: Any, where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise Invalid(f"{where} is not an object")
    for key in given:
        _iri(key, f"{where}: a key")
    return given


def _timestamp(given: Any, where: str) -> datetime:
    if not (isinstance(given, str) and _TIMESTAMP.match(given)) or given.endswith(("-00:00", "-0000", "-00")):
        raise Invalid(f"{where} is not an ISO 8601 time with its offset from UTC")
    try:
        return datetime.fromisoformat(given.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(f"{where} is a time that does not exist") from None


def _no_nulls(given: Any) -> None:
    """xAPI allows null inside extensions only."""
    if given is None:
        raise Invalid("a value is null")
    if isinstance(given, dict):
        for key, value in given.items():
            if key != "extensions":
                _no_nulls(value)
    elif isinstance(given, list):
        for value in given:
            _no_nulls(value)


def _digest(kept: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found
