"""Statements and credentials, as an activity would send them."""

from __future__ import annotations

import base64
import json
import uuid

VERSION = {"X-Experience-API-Version": "1.0.3"}
ADL = "http://adlnet.gov/expapi/verbs/"


def statement(number="101", verb="completed", activity="https://example.org/activity", **more):
    return {
        "id": str(uuid.uuid4()),
        "actor": {"objectType": "Agent", "account": {"homePage": "http://localhost", "name": number}},
        "verb": {"id": ADL + verb, "display": {"en-US": verb}},
        "object": {"id": activity, "definition": {"name": {"en": "An activity"}}},
        "timestamp": "2018-05-01T10:00:00Z",
        **more,
    }


def basic(key, secret):
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


class Sender:
    """A client with credentials. Answers are (status, text)."""

    def __init__(self, client, authorization):
        self.client, self.headers = client, {"Authorization": authorization, **VERSION}

    def post(self, given, **more):
        body = given if isinstance(given, bytes | str) else json.dumps(given)
        answer = self.client.post(
            "/xapi/statements", body, content_type="application/json", headers={**self.headers, **more}
        )
        return answer.status_code, answer.content.decode()

    def put(self, given, identity):
        answer = self.client.put(
            f"/xapi/statements?statementId={identity}",
            json.dumps(given),
            content_type="application/json",
            headers=self.headers,
        )
        return answer.status_code, answer.content.decode()

    def get(self, address):
        return self.client.get(address, headers=self.headers)
