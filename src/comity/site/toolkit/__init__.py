"""Templates that residents and departments fill in on the page and print; nothing that is typed is kept."""
