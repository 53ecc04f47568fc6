"""`comity disparity`: each method on a file of counts or on an instance's records, as sentences, JSON or a picture."""

from __future__ import annotations

import click

from comity.cli import disparity_officers, disparity_searches, disparity_time


@click.group("disparity")
def command() -> None:
    """Ask what counts of stops, searches and hits say about disparity.

    FILE is a CSV with the columns place,group,stops,searches,hits (one row for each place and group). With --instance
    DIR the counts come from that agency's own records, of DATASET or the only one there is.

    \b
    Example:
      comity disparity threshold counties.csv --pin largest --json
      comity disparity veil --instance our-town stops --picture veil.svg
    """


for _each in (*disparity_searches.COMMANDS, *disparity_time.COMMANDS, *disparity_officers.COMMANDS):
    command.add_command(_each)
