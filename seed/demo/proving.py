"""Chapter: the gateway is gone; its files alone show that nothing is missing, and a flipped bit does not hide."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gateway.audit.checkpoint import open_checkpoint
from gateway.audit.errors import AuditError, Tampered
from gateway.audit.note import Verifier
from gateway.audit.paths import AuditPaths
from gateway.audit.reader import LogReader
from gateway.audit.receipt import Receipt
from gateway.audit.tiles import WIDTH
from gateway.audit.verify import reconcile, verify
from gateway.audit.verify_report import VerifyReport
from gateway.client.receipts import read_receipts
from seed.demo.errors import DemoFailed
from seed.demo.ground import TAMPERED
from seed.demo.stub import RECEIPTS
from seed.demo.telling import Teller

ENTRY_LENGTH_BYTES = 2
"""Each entry of a bundle stands behind its length."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the files say. `honoured`: receipts that the log honours; `surplus`: disclosures nobody has a receipt of."""

    report: VerifyReport
    honoured: int
    surplus: int


def prove(state: Path, older_checkpoint: bytes, teller: Teller) -> Proof:
    """Verify the log from its files, against an older checkpoint and every receipt. Raises DemoFailed."""
    paths = AuditPaths(str(state))
    vkey, receipt_vkey = Path(paths.log_vkey).read_text().strip(), Path(paths.receipt_vkey).read_text().strip()
    held = _receipts([state / "operator", *sorted((state / "agencies").iterdir())])
    honoured = surplus = 0
    try:
        report = verify(paths.log, vkey, older_checkpoint)
        for agency, receipts in held.items():
            compared = reconcile(paths.log, vkey, agency, receipts, receipt_vkey)
            if compared.broken:
                first = compared.broken[0]
                raise DemoFailed(f"a receipt of {agency} is not honoured: entry {first.index}: {first.reason}")
            honoured += compared.honoured
            surplus += len(compared.surplus)
    except AuditError as error:
        raise DemoFailed(f"the audit log does not verify: {error}") from None
    teller.say(
        f"The gateway is stopped; what is left are files. {report.size:,} entries, every one hashed, lead to the root "
        f"that the log signed, {report.root.hex()[:16]}…, and only grew since the auditor's own older checkpoint."
    )
    teller.say(
        f"{honoured:,} receipts that agencies kept are all honoured; {surplus:,} disclosures are in the log for which "
        "nobody holds a receipt."
    )
    return Proof(report, honoured, surplus)


def tamper(state: Path, index: int, teller: Teller) -> None:
    """Flip one bit of entry `index` in a copy and show that verification names the place. Raises DemoFailed."""
    paths = AuditPaths(str(state))
    vkey, copy = Path(paths.log_vkey).read_text().strip(), state / TAMPERED
    shutil.copytree(paths.log, copy)
    size = open_checkpoint((copy / "checkpoint").read_bytes(), Verifier.from_text(vkey)).size
    number, at = divmod(index, WIDTH)
    file, raw = LogReader(str(copy)).entries_raw(number, min(WIDTH, size - number * WIDTH))
    altered = bytearray(raw)
    altered[_last_byte(raw, at)] ^= 1
    (copy / file).write_bytes(altered)
    try:
        verify(str(copy), vkey)
    except Tampered as error:
        teller.say(f"Somebody flips one bit of entry {index:,} in a copy. The verifier:")
        teller.say(f"NOT VERIFIED: {error}", style="red")
        if error.index == index:
            return
    raise DemoFailed(f"the verifier does not name entry {index} after a bit of it was flipped in {copy}")


def _receipts(folders: Iterable[Path]) -> dict[str, list[Receipt]]:
    held: defaultdict[str, list[Receipt]] = defaultdict(list)
    for folder in folders:
        for kept in read_receipts(folder / RECEIPTS):
            held[kept.agency].append(kept.receipt)
    return held


def _last_byte(bundle: bytes, at: int) -> int:
    """Where the entry at position `at` of a bundle ends."""
    end = 0
    for _ in range(at + 1):
        start = end + ENTRY_LENGTH_BYTES
        end = start + int.from_bytes(bundle[end:start], "big")
    return end - 1
