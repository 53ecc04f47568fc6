"""Training: courses, who is due, and whether it changed anything."""
