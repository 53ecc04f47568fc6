"""Real data to try Comity on: every stop that Minneapolis police made in 2017, as the City published it."""
