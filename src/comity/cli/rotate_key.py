"""`comity rotate-key`: give an instance's ledger a new key, under the signature of the old one."""

from __future__ import annotations

import os
from pathlib import Path

import click

from comity.ledger import Signer, Verifier, create_key
from comity.ledger.authority import rotate_key
from comity.releases.states import next_state, only_publisher


@click.command("rotate-key")
@click.option("--instance", "folder", type=click.Path(path_type=Path), default=Path(), help="The instance folder.  [.]")
def command(folder: Path) -> None:
    """Replace the key of the ledger, when somebody else may have it or who held it leaves.

    The old key signs that the new one follows it, so readers who kept the old key notice no break. It is kept in keys/,
    but can no longer sign.

    \b
    Example:  comity rotate-key --instance our-town
    """
    key = replace_key(folder)
    click.echo(f"The ledger of {key.name} is signed with a new key from now on:\n{key.vkey}")
    click.echo(f"Keep a copy of {folder}/keys/ledger.key in a safe place, and tell your witnesses the new key.")


def replace_key(folder: Path) -> Verifier:
    """Make the next key, seal it in the next public state, then put it in the place of the old one.

    A run that was stopped in between is finished by the next: what is public says how far it came.
    """
    current, following = folder / "keys" / "ledger.key", folder / "keys" / "ledger.key.next"
    with only_publisher(folder):
        old = Signer.load(current)
        new = Signer.load(following) if following.exists() else create_key(following, old.name)
        if (folder / "public" / "ledger" / "vkey").read_text().strip() != new.verifier.vkey:
            with next_state(folder) as state:
                rotate_key(state, old=old, new=new)
        kept = current.with_name(f"ledger.key.{old.verifier.key_id.hex()}")
        if not kept.exists():
            os.link(current, kept)
        following.replace(current)
    return new.verifier
