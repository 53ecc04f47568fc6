"""The ledger: an append-only, signed log of everything an agency published, as plain files that anybody can verify.

Formats are the C2SP ones (tlog-tiles, tlog-checkpoint, signed-note), so that other people's tools verify it too.
"""

from comity.ledger.checkpoint import Checkpoint
from comity.ledger.log import Log
from comity.ledger.notes import Signer, Verifier, create_key
from comity.ledger.sealing import Digest, Entry, read_entries, seal_files, start_ledger
from comity.ledger.verify import Problem, Verification, verify

__all__ = [
    "Checkpoint",
    "Digest",
    "Entry",
    "Log",
    "Problem",
    "Signer",
    "Verification",
    "Verifier",
    "create_key",
    "read_entries",
    "seal_files",
    "start_ledger",
    "verify",
]
