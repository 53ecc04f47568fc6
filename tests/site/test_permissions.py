"""Every address of the whole site stands in the one table of who may do what, and the table names nothing else."""

from __future__ import annotations


def view_names(patterns, inside=()):
    """The name, with its namespaces, of every address under `patterns`."""
    for each in patterns:
        within = (*inside, each.namespace) if getattr(each, "namespace", None) else inside
        if hasattr(each, "url_patterns"):
            yield from view_names(each.url_patterns, within)
        else:
            yield ":".join((*within, str(each.name)))


def test_every_address_is_in_the_table_and_the_table_has_no_other(django):
    from django.urls import get_resolver

    from comity.site.guard import table

    assert set(view_names(get_resolver().url_patterns)) == set(table())
