"""The API does what its OpenAPI document says, whatever it is asked: Schemathesis makes the questions."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

REAL = {
    "dataset": "stops",
    "period": "2017",
    "version": 2,
    "table": "stops_by_place",
    "finding": "search-rate:black:white",
}
QUESTIONS = {"rows": "subject_race", "columns": "neighborhood", "facet": ["neighborhood"]}
OPERATIONS = [
    "releases", "calendar", "breaks", "withdrawals", "series",
    "release", "changes", "findings", "finding", "table", "cross", "rows",
]  # fmt: skip


@pytest.fixture
def document(site):
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import override_settings

    with override_settings(ALLOWED_HOSTS=["localhost"]):
        yield schemathesis.openapi.from_wsgi("/api/openapi.json", WSGIHandler())


def test_every_operation_of_the_document_is_asked(document):
    assert sorted(each.ok().definition.raw["operationId"] for each in document.get_all_operations()) == sorted(
        OPERATIONS
    )


@pytest.mark.parametrize("name", OPERATIONS)
def test_answers_are_what_the_document_says(document, name):
    operation = document.find_operation_by_id(name)

    @settings(
        max_examples=25,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), made_up=st.none() | st.sampled_from(sorted(REAL)))
    def holds(case, made_up):
        case.path_parameters.update({key: REAL[key] for key in case.path_parameters if key != made_up})
        if made_up is None:
            case.query.update({key: QUESTIONS[key] for key in case.query if key in QUESTIONS})
        # A column that a table does not have is a wrong question, though it is a string.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    holds()
