"""Who lives where: denominators by place and group, and the outlines of places."""

from comity.population.areas import Areas, MatchedAreas, match_areas, read_areas
from comity.population.denominators import Population, PopulationError, read_population

__all__ = [
    "Areas",
    "MatchedAreas",
    "Population",
    "PopulationError",
    "match_areas",
    "read_areas",
    "read_population",
]
