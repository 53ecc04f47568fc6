"""The public pages. They see published files and nothing else."""
