"""`comity attack`: anybody tries to work out the hidden counts of a public folder, from its public files alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from comity.disclosure import Audit

_MOST_SHOWN = 20


@click.command("attack")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--bounds", is_flag=True, help="Compute the exact interval of every hidden count; takes longer.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def command(context: click.Context, folder: Path, bounds: bool, as_json: bool) -> None:
    """Try to work out hidden counts of a public folder, as an outsider would.

    Reads only public files, of every release and version together. For each hidden count it finds between which
    numbers the count must lie. Exit code 0 when no hidden count can be computed more closely than the policy says, 1
    otherwise.

    \b
    Example:  comity attack our-town/public
    """
    from comity.cli.progress import shown_progress
    from comity.disclosure import attack_public

    with shown_progress() as progress:
        found = attack_public(folder, all_bounds=bounds, progress=progress)
    click.echo(json.dumps(found.as_record(), indent=2) if as_json else _report(found))
    if found.short or found.small_differences:
        context.exit(1)


def _report(found: Audit) -> str:
    narrow = sorted(
        (item for item in found.intervals.items() if item[1].width < found.width), key=lambda item: str(item[0])
    )
    if not narrow and not found.small_differences:
        if not found.hidden:
            return "Nothing is hidden in these files."
        return (
            f"{found.hidden:,} counts are hidden. None can be computed to an interval narrower than {found.width};"
            f" the narrowest found is {found.narrowest:.0f} wide."
        )
    lines = [
        (
            f"LEAK: of {found.hidden:,} hidden counts, {found.exact:,} can be computed exactly and {found.short:,}"
            f" to an interval narrower than {found.width}."
        )
    ]
    lines += [f"  {cell}: {interval.low:.0f} to {interval.high:.0f}" for cell, interval in narrow[:_MOST_SHOWN]]
    lines += [f"  by subtraction, a small count: {each}" for each in found.small_differences[:_MOST_SHOWN]]
    hidden_lines = max(len(narrow) - _MOST_SHOWN, 0) + max(len(found.small_differences) - _MOST_SHOWN, 0)
    if hidden_lines:
        lines.append(f"  and {hidden_lines:,} more.")
    return "\n".join(lines)
