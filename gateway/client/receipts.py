"""Holds the audit log to its promise: checks the receipt of every answer and keeps it where the caller says.

An answer whose receipt does not verify never reaches the caller.
"""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.api.v1 import context_pb2
from gateway.audit.errors import AuditError, Inconsistent
from gateway.audit.receipt import Receipt, ReceiptVerifier
from gateway.client.errors import IdentityInvalid, ReceiptInvalid
from gateway.wire import receipt_from_wire

INDEXES_REMEMBERED_MAX: Final = 65_536


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """A receipt as it was kept: which agency (or `agency/unit`) got it, for which call of which method, with how
    many people."""

    receipt: Receipt
    agency: str
    call_id: str
    method: str
    people: int


class ReceiptLog:
    """An append-only file of JSON lines, one a receipt, for `popgate audit verify --receipts`.

    A line is written whole and at once, so several processes may share a file. It is not synced: after a
    power failure the newest lines may be gone.
    """

    def __init__(self, path: str | Path) -> None:
        """Creates the file with mode 0600 when it is absent. Raises OSError."""
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def append(self, kept: KeptReceipt) -> None:
        """Keep one receipt, whole, so that it proves by itself what was promised. Raises OSError."""
        receipt = kept.receipt
        line = {
            "agency": kept.agency,
            "call_id": kept.call_id,
            "method": kept.method,
            "people": kept.people,
            "origin": receipt.origin,
            "index": receipt.index,
            "leaf_hash": receipt.leaf_hash.hex(),
            "commit_first": receipt.commit_first,
            "commit_count": receipt.commit_count,
            "path": [node.hex() for node in receipt.path],
            "signature": receipt.signature.hex(),
            "key_id": receipt.key_id,
        }
        os.write(self._file, json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class ReceiptDesk:
    """Takes in the receipts of one client's answers."""

    def __init__(self, origin: str, verifier: str, agency: str, log: ReceiptLog | None = None) -> None:
        """`verifier`: verifier lines of the receipts, one a key. Raises IdentityInvalid when it cannot be read."""
        try:
            self._verifier = ReceiptVerifier.from_text(verifier)
        except AuditError as error:
            raise IdentityInvalid(
                f"receipt_verifier in trust.json cannot be read ({error}); enrol again or ask the operator"
            ) from error
        self._origin = origin
        self._agency = agency
        self._log = log
        self._seen: OrderedDict[int, None] = OrderedDict()

    @property
    def verifier_text(self) -> str:
        """The verifier lines, one a key."""
        return self._verifier.text()

    def knows(self, message: context_pb2.Receipt) -> bool:
        """Whether the receipt names a key that can be checked here."""
        return self._verifier.knows(message.key_id)

    def learn(self, verifiers: str) -> None:
        """Take up further keys of the same log, as the gateway announced them. Raises IdentityInvalid."""
        try:
            self._verifier = ReceiptVerifier.from_text(f"{self._verifier.text()}\n{verifiers}")
        except AuditError as error:
            raise IdentityInvalid(
                f"The gateway announces receipt keys that cannot be taken ({error}); ask the operator."
            ) from error

    def take(self, message: context_pb2.Receipt, call_id: str, method: str, people: int) -> Receipt:
        """The receipt of an answer, checked and kept. Raises ReceiptInvalid.

        An entry stands for one answer, so a receipt that came before is refused: otherwise one entry could be
        shown for many disclosures.
        """
        receipt = receipt_from_wire(message)
        try:
            if receipt.origin != self._origin:
                raise Inconsistent(f"it names the log {receipt.origin!r}, not {self._origin!r}")
            if receipt.index in self._seen:
                raise Inconsistent(f"entry {receipt.index} was already given for another answer")
            self._verifier.check(receipt)
        except AuditError as error:
            raise ReceiptInvalid(
                f"The answer's receipt is not valid: {error}. The answer was thrown away; tell the operator "
                "and the auditor, naming the call id.",
                call_id=call_id,
            ) from error
        self._seen[receipt.index] = None
        if len(self._seen) > INDEXES_REMEMBERED_MAX:
            self._seen.popitem(last=False)
        if self._log is not None:
            self._log.append(KeptReceipt(receipt, self._agency, call_id, method, people))
        return receipt

    def close(self) -> None:
        """Close the receipt log, if there is one."""
        if self._log is not None:
            self._log.close()


def read_receipts(path: str | Path) -> Iterator[KeptReceipt]:
    """The receipts that a ReceiptLog kept; nothing is checked. Raises OSError, ValueError naming the line."""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield _kept_from(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{path}, line {number}: not a receipt ({error})") from error


def _kept_from(line: dict[str, Any]) -> KeptReceipt:
    receipt = Receipt(
        origin=str(line["origin"]),
        index=int(line["index"]),
        leaf_hash=bytes.fromhex(line["leaf_hash"]),
        commit_first=int(line["commit_first"]),
        commit_count=int(line["commit_count"]),
        path=tuple(bytes.fromhex(node) for node in line["path"]),
        signature=bytes.fromhex(line["signature"]),
        key_id=int(line["key_id"]),
    )
    return KeptReceipt(receipt, str(line["agency"]), str(line["call_id"]), str(line["method"]), int(line["people"]))


def missing_receipt(call_id: str) -> ReceiptInvalid:
    """For an answer that must carry a receipt and has none."""
    return ReceiptInvalid(
        "The answer came without a receipt of the audit log and was thrown away; tell the operator and the "
        "auditor, naming the call id.",
        call_id=call_id,
    )
