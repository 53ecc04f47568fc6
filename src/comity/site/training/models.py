"""The tables of training."""

from __future__ import annotations
