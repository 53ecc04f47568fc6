"""Gets the signatures of the witnesses that a ledger requires, before what it says becomes public."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from comity.errors import ComityError
from comity.instance.settings import WitnessAddress
from comity.ledger import Log, Verifier, read_entries
from comity.ledger.authority import authority_of
from comity.ledger.notes import COSIGNATURE, NoteError
from comity.ledger.witness import add_signatures, ask_witness
from comity.releases.states import Countersign, finish_waiting, next_state

Post = Callable[[str, bytes], tuple[int, bytes]]
"""Sends a request's body to an address; answers status and body, or raises ComityError when nobody answers."""


class WitnessesMissing(ComityError):
    """Too few of the required witnesses have signed."""


def countersigning(public: Path, addresses: Sequence[WitnessAddress], post: Post | None) -> Countersign | None:
    """What gets the required signatures for the next state, or None where the ledger in `public` requires none."""
    if not public.exists() or not authority_of(read_entries(public)).need:
        return None
    return partial(countersign, addresses=addresses, post=post)


def finish_what_waits(folder: Path, addresses: Sequence[WitnessAddress], post: Post | None) -> bool:
    """Makes a state public that waits for its witnesses, and asks again where signatures of the current one are missing.

    Answers whether a state became public. Call inside `only_publisher`. Raises WitnessesMissing.
    """
    ask = partial(countersign, addresses=addresses, post=post)
    if finish_waiting(folder, ask):
        return True
    if not (folder / "public").exists() or _has_enough(folder / "public"):
        return False
    with next_state(folder) as state:  # the same checkpoint, with more signatures
        ask(state)
    return True


def countersign(public: Path, *, addresses: Sequence[WitnessAddress], post: Post | None) -> None:
    """Has the current checkpoint in `public` signed by as many witnesses as its ledger requires.

    Witnesses that signed it already are not asked again. Raises WitnessesMissing, saying who did not sign and why.
    """
    authority = authority_of(read_entries(public))
    signed = _signed(public, authority.witnesses)
    if len(signed) >= authority.need:
        return
    known = {_key(each): each.url for each in addresses}
    refused = []
    for witness in authority.witnesses:
        if witness in signed:
            continue
        if witness not in known or post is None:
            refused.append(f"comity.toml has no [[witnesses]] entry for {witness.name}")
            continue
        try:
            signature = ask_witness(public, witness, partial(post, f"{known[witness].rstrip('/')}/add-checkpoint"))
        except ComityError as error:
            refused.append(error.what.rstrip("."))
            continue
        add_signatures(public, [signature])
        signed.append(witness)
    if len(signed) < authority.need:
        raise WitnessesMissing(
            f"{len(signed)} of the {authority.need} witnesses that must countersign have done so: {'; '.join(refused)}.",
            "Run the same command again when they answer: what was made is kept, and is not public before.",
        )


def _has_enough(public: Path) -> bool:
    authority = authority_of(read_entries(public))
    return len(_signed(public, authority.witnesses)) >= authority.need


def _signed(public: Path, witnesses: Sequence[Verifier]) -> list[Verifier]:
    checkpoint = Log(public / "ledger").checkpoint()
    if checkpoint is None:
        return []
    try:
        return [each for each in witnesses if checkpoint.signed_by(each)]
    except NoteError as error:
        raise ComityError(
            f"The checkpoint in {public} carries a wrong signature: {error}.", "Run comity verify on the folder."
        ) from None


def _key(address: WitnessAddress) -> Verifier:
    try:
        key = Verifier.from_vkey(address.vkey.strip())
    except NoteError as error:
        raise ComityError(
            f"vkey in [[witnesses]] for {address.url} is not a key: {error}.", "Give the text of the witness's vkey."
        ) from None
    if key.kind != COSIGNATURE:
        raise ComityError(f"vkey in [[witnesses]] for {address.url} is a ledger's key.", "Give the witness's own vkey.")
    return key
