"""Every address of the whole site, with every method, for every role: exactly what the one table says, and nothing else."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def view_names(patterns, inside=()):
    """The name, with its namespaces, of every address under `patterns`."""
    for each in patterns:
        within = (*inside, each.namespace) if getattr(each, "namespace", None) else inside
        if hasattr(each, "url_patterns"):
            yield from view_names(each.url_patterns, within)
        else:
            yield ":".join((*within, str(each.name)))


def examples_of(town) -> dict[str, dict]:
    """View name -> keyword arguments, of every room that has an examples.py beside its tests."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*/examples.py")):
        spec = spec_from_file_location(f"examples_of_{path.parent.name}", path)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        found |= module.examples(town)
    return found


@pytest.fixture
def addresses(town):
    """View name -> an address of it. A view whose arguments no examples.py gives fails the test that asks."""
    from django.urls import NoReverseMatch, reverse

    from comity.site.guard import table

    examples, found, missing = examples_of(town), {}, []
    for name in table():
        try:
            found[name] = reverse(name, kwargs=examples.get(name))
        except NoReverseMatch:
            missing.append(name)
    assert missing == [], "these views take arguments: give them in tests/site/<room>/examples.py"
    return found


def test_every_address_is_in_the_table_and_the_table_has_no_other(django):
    from django.urls import get_resolver

    from comity.site.guard import table

    assert set(view_names(get_resolver().url_patterns)) == set(table())


def test_an_address_that_is_not_in_the_table_is_refused(town, client, monkeypatch):
    from comity.site import guard

    rest = {name: methods for name, methods in guard.table().items() if name != "surveys:code"}
    monkeypatch.setattr(guard, "table", lambda: rest)

    assert client.get("/code/").status_code == 403


def test_every_address_lets_in_with_every_method_whom_the_table_names(addresses, clients):
    """Every middleware runs, and behind the last one a door-keeper who answers 204 in place of the page."""
    from django.http import HttpResponse

    from comity.site.community.access import EVERYONE
    from comity.site.guard import table

    for client in clients.values():
        client.handler.load_middleware()
        client.handler._view_middleware.append(lambda *args, **kwargs: HttpResponse(status=204))
    wrong = []
    for name, methods in table().items():
        for method in METHODS:
            roles = methods.get(method)
            for role, client in clients.items():
                answer = client.generic(method, addresses[name])
                if roles is None:
                    expected = 405
                elif roles == EVERYONE or role in roles:
                    expected = 204
                else:
                    expected = 302 if method == "GET" and role == "anyone" else 403
                if answer.status_code != expected:
                    wrong.append((name, method, role, answer.status_code, expected))

    assert wrong == []


def test_pages_that_let_somebody_in_answer_without_an_error_and_refuse_nobody_else(addresses, clients):
    from comity.site.community.access import EVERYONE
    from comity.site.guard import table

    wrong = []
    for name, methods in table().items():
        roles = methods.get("GET", frozenset())
        for role in ("anyone",) if roles == EVERYONE else roles:
            status = clients[role].get(addresses[name]).status_code
            if (
                name == "training-files:fetch"
            ):  # GET is named for the OPTIONS that a browser asks first; cmi5 only posts
                continue
            if status in (403, 405) or status >= 500:
                wrong.append((name, role, status))

    assert wrong == []


KINDS_OF_PAGES = {"training:import"}
"""What their argument names is a kind of file, and belongs to nobody."""


def test_people_of_another_agency_do_not_reach_what_belongs_to_this_one(town, addresses, django):
    """Whoever could open or change it here, and works for the other agency: there is nothing of that name for them."""
    from django.test import Client

    from comity.site.community.access import EVERYONE
    from comity.site.guard import table

    strangers = {}
    for role, account in town.strangers.items():
        strangers[role] = Client()
        strangers[role].force_login(account)
    reached = []
    for name in filter(_takes_arguments, addresses.keys() - KINDS_OF_PAGES):
        for method, roles in table()[name].items():
            for role in () if roles == EVERYONE else roles:
                status = strangers[role].generic(method, addresses[name]).status_code
                if status not in (403, 404):
                    reached.append((name, method, role, status))

    assert reached == []


def _takes_arguments(name: str) -> bool:
    from django.urls import NoReverseMatch, reverse

    try:
        reverse(name)
    except NoReverseMatch:
        return True
    return False
