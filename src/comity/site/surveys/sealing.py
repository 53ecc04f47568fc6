"""Seals the list of spent tokens, so that everybody can check that theirs is counted and nobody can add to it quietly."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from comity.ledger import Signer, seal_files, start_ledger
from comity.releases.states import next_state, only_publisher, write_file
from comity.site.surveys.mixing import mix
from comity.site.surveys.responses.queries import fielded, receipts, receipts_path
from comity.site.surveys.stores import RESPONSES


def seal_receipts(folder: Path, survey: str, *, signer: Signer, today: date) -> int:
    """Writes and seals the list of `survey` into the public folder of the instance `folder`; returns its length.

    Between two sealings nobody sees the list grow, which would show when a receipt's owner answered. The store forgets in
    which order it grew.
    """
    mix(RESPONSES)
    found = receipts(survey)
    record = {
        "survey": survey,
        "day": today.isoformat(),
        "questionnaire": fielded(survey).fingerprint,
        "keys": dict(fielded(survey).strata),
        "receipts": [each.hex() for each in found],
    }
    path = receipts_path(survey)
    with only_publisher(folder), next_state(folder) as state:
        if not (state / "ledger").exists():
            start_ledger(state, signer=signer, extra={"date": today.isoformat()})
        write_file(state / path, json.dumps(record, indent=1).encode() + b"\n")
        seal_files(state, "survey receipts", [path], signer=signer, extra={"date": today.isoformat()})
    return len(found)
