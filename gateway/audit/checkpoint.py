"""C2SP tlog-checkpoints: the signed statement of size and root. Source: c2sp.org/tlog-checkpoint."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from gateway.audit.errors import Inconsistent, Malformed
from gateway.audit.note import Signer, Verifier, strict_base64

_SIZE_DIGITS_MAX = 20


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Size (entries) and root (32 bytes) of the log with this origin."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The signed text; no extension lines, since no auditor could check them."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def signed(self, signer: Signer) -> bytes:
        """The note to publish."""
        return signer.sign_note(self.text())


def from_text(text: str) -> Checkpoint:
    """Parse the text of a checkpoint. Raises Malformed; extension lines are refused, ours have none."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise Malformed("a checkpoint has exactly three lines: origin, size, root")
    origin, digits, encoded, _ = lines
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _SIZE_DIGITS_MAX or str(int(digits)) != digits:
        raise Malformed("the size of a checkpoint is a decimal number without leading zeroes")
    root = strict_base64(encoded)
    if len(root) != 32:
        raise Malformed("the root of a checkpoint has 32 bytes")
    return Checkpoint(origin, int(digits), root)


def open_checkpoint(raw: bytes, verifier: Verifier) -> Checkpoint:
    """The checkpoint in a note signed by the log's key, whose name is the origin."""
    checkpoint = from_text(verifier.open_note(raw))
    if checkpoint.origin != verifier.name:
        raise Inconsistent(f"the checkpoint speaks for {checkpoint.origin}, the key for {verifier.name}")
    return checkpoint
