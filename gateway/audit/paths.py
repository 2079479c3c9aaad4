"""Where the audit log lies inside a state directory."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AuditPaths:
    """Paths below the state directory."""

    state: str

    @property
    def keys(self) -> str:
        """Month keys and the log's two signing keys."""
        return os.path.join(self.state, "keys", "audit")

    @property
    def creating(self) -> str:
        """Stands there while keys and log are being created, and after a crash then."""
        return os.path.join(self.keys, "creating")

    @property
    def log(self) -> str:
        """The published log: checkpoint, tiles, bundles, verifier keys."""
        return os.path.join(self.state, "audit")

    @property
    def wal(self) -> str:
        """Write-ahead segments."""
        return os.path.join(self.state, "wal")

    @property
    def index(self) -> str:
        """The tag index, derived from the published log."""
        return os.path.join(self.state, "index")

    @property
    def admission(self) -> str:
        """Snapshot of what charges are decided by, derived from the log."""
        return os.path.join(self.state, "run", "admission")

    @property
    def socket(self) -> str:
        """The sequencer's Unix socket."""
        return os.path.join(self.state, "run", "audit.sock")

    @property
    def log_vkey(self) -> str:
        """Verifier key of the checkpoints."""
        return os.path.join(self.log, "log.vkey")

    @property
    def receipt_vkey(self) -> str:
        """Verifier key of the receipts."""
        return os.path.join(self.log, "receipt.vkey")
