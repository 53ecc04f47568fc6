"""`comity reproduce`: anybody recomputes a release's statistics from its public tables."""

from __future__ import annotations

import json

import click


@click.command("reproduce")
@click.argument("release", metavar="RELEASE")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def command(context: click.Context, release: str, as_json: bool) -> None:
    """Recompute every statistic of a release that its public tables allow, and compare.

    RELEASE is its folder or its address: .../releases/DATASET/PERIOD/vN. What cannot be recomputed without private rows
    is listed. Exit code 0 when everything agrees, 1 naming the first number that does not.

    \b
    Example:  comity reproduce our-town/public/releases/stops/2017/v1
    Served:   comity reproduce http://127.0.0.1:8000/releases/stops/2017/v1
    """
    from comity.instance.reproduce import reproduce, summary_of

    found = reproduce(release)
    click.echo(json.dumps(found.as_record(), indent=2) if as_json else "\n".join(summary_of(found)))
    if found.differences:
        context.exit(1)
