"""The tables of outreach."""

from __future__ import annotations
