"""`comity disparity officers`: officers against their peers, for the agency alone."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from comity.cli.disparity_options import (
    common,
    file_of,
    opened_from,
    read_table,
)

if TYPE_CHECKING:
    pass


@click.command()
@common
@click.option("--false-discovery", default=0.1, show_default=True, help="Share of flags that may come by chance.")
def officers(
    source: str | None,
    folder: Path | None,
    false_discovery: float,
    as_json: bool,
    picture: Path | None,
    language: str,
) -> None:
    """Officers against comparable peers. For the agency's own eyes only.

    From officer,stops,events and one or more further columns (such as place,hour,assignment) within which officers are
    compared. The picture is a funnel.

    \b
    Example:
      comity disparity officers cells.csv --json
    """
    from comity.cli.pictures import check_picture, write_picture
    from comity.disparity.officers import officer_funnel, officers_against_peers

    check_picture(picture)
    opened = opened_from(source, folder)
    if opened is not None:
        from comity.instance.counts import officer_counts

        table = officer_counts(opened)
    else:
        table = read_table(file_of(source))
    flags = officers_against_peers(table, false_discovery=false_discovery)
    if as_json:
        click.echo(json.dumps({"internal": True, "officers": [asdict(flag) for flag in flags]}, indent=2))
    else:
        click.echo("Internal. A flag means 'differs from comparable peers', nothing more.")
        for flag in flags:
            if flag.flagged:
                click.echo(
                    f"  {flag.officer}: {flag.share:.1%}, peers {flag.expected:.1%} (q = {flag.q_empirical:.3f}); "
                    f"weighted like {flag.officer}'s stops and adjusted {flag.adjusted:.1%}"
                    + (" (confirmed)" if flag.confirmed else " (not confirmed)")
                )
        confirmed = sum(flag.confirmed for flag in flags)
        click.echo(
            f"{sum(flag.flagged for flag in flags)} of {len(flags)} officers differ; {confirmed} of them are confirmed."
        )
    if picture is not None:
        write_picture(picture, officer_funnel(flags, language), [asdict(flag) for flag in flags])


COMMANDS = (officers,)
