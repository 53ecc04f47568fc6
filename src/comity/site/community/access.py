"""The words in which each room's `rules.py` says who may do what. What no table names is refused."""

from __future__ import annotations

from collections.abc import Mapping

from comity.site.community.roles import Role

EVERYONE = "everyone"  # with an account or without
SIGNED_IN = frozenset(Role.values)
STAFF = SIGNED_IN - {Role.RESIDENT.value}

# view name ("surveys:code") -> method -> roles. HEAD and OPTIONS go with GET.
Access = Mapping[str, Mapping[str, frozenset[str] | str]]

READ: Mapping[str, frozenset[str] | str] = {"GET": EVERYONE}


def only(*roles: Role) -> frozenset[str]:
    """These roles and nobody else."""
    return frozenset(role.value for role in roles)
