"""Settings of the invented town whose survey one can answer, and whose last survey has results to look at."""
