"""Disclosure control: tables of counts go in, tables that nobody can compute hidden counts from come out."""

from comity.disclosure.audit import Audit, AuditIncomplete, Interval, TooNarrow, audit, refuse_if_narrow
from comity.disclosure.policy import Policy
from comity.disclosure.protect import CannotProtect, Protected, Report, protect
from comity.disclosure.public import attack_public, read_public
from comity.disclosure.tables import ALL, PUBLISHED, SUPPRESSED, Cell, CountTable, PublishedRelease, PublishedTable

__all__ = [
    "ALL",
    "PUBLISHED",
    "SUPPRESSED",
    "Audit",
    "AuditIncomplete",
    "CannotProtect",
    "Cell",
    "CountTable",
    "Interval",
    "Policy",
    "Protected",
    "PublishedRelease",
    "PublishedTable",
    "Report",
    "TooNarrow",
    "attack_public",
    "audit",
    "protect",
    "read_public",
    "refuse_if_narrow",
]
