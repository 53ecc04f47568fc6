"""Press kits: a PDF of each release, made of its sealed files alone."""
