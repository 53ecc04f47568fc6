"""Commitments: what was promised because of a number, and whether the number moved."""
