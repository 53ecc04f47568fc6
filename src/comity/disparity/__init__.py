"""What stops, searches and their outcomes say about disparity: findings with intervals, gates and a fixed verdict rule.

Equations, sources and limits: docs/methods/. Importing this package is cheap; the methods are imported by name
(`from comity.disparity import veil_of_darkness`).
"""

from comity.disparity.finding import Figure, Finding, Gate, Verdict

__all__ = ["Figure", "Finding", "Gate", "Verdict"]
