"""An invented town: its records are made by a random number generator, and every page and file says so."""
