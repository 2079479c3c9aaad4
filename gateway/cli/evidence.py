"""Sets an offline verification of the log beside the receipts that agencies kept, and prints both."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.audit.entry import Kind, agency_of
from gateway.audit.verify import reconcile, verify
from gateway.audit.verify_report import Promise, ReconcileReport, VerifyReport
from gateway.cli.output import moment, print_table
from gateway.client.receipts import KeptReceipt, read_receipts

SURPLUS_PRINTED_MAX: Final = 50
PUBLICATION_SECONDS: Final = 1.5
PUBLICATION_CHECKS_MAX: Final = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """A verified log, and for each agency with receipts what they say of it.

    `received`: people by (agency, method), units with their agency, summed over the receipts, each counted once.
    """

    report: VerifyReport
    compared: tuple[ReconcileReport, ...]
    received: dict[tuple[str, str], int]

    @property
    def holds(self) -> bool:
        """Whether the log honours every receipt, and nobody received more people than were audited."""
        return not any(compared.broken for compared in self.compared) and not self.overdrawn

    @property
    def overdrawn(self) -> tuple[tuple[str, str], ...]:
        """(agency, method) with more people received than audited."""
        return tuple(
            key
            for key, people in self.received.items()
            if key in self.report.disclosed and people > self.report.disclosed[key].people
        )


def examine(log: Path, vkey: str, receipt_vkey: str, receipts: Sequence[Path], older: bytes | None) -> Evidence:
    """Verify the log, then compare the receipts with it. Raises AuditError, OSError, ValueError.

    The newest receipts of a gateway that runs may be ahead of its checkpoint, which is signed every second, so
    they are given that time; a log that does not grow meanwhile has to hold them.
    """
    kept = _once(each for path in receipts for each in read_receipts(path))
    evidence = _compare(log, vkey, receipt_vkey, kept, older)
    newest = max((each.receipt.index for each in kept), default=-1)
    for _ in range(PUBLICATION_CHECKS_MAX):
        if newest < evidence.report.size:
            break
        time.sleep(PUBLICATION_SECONDS)
        fresh = _compare(log, vkey, receipt_vkey, kept, older)
        if fresh.report.size == evidence.report.size:
            break
        evidence = fresh
    return evidence


def _compare(log: Path, vkey: str, receipt_vkey: str, kept: Sequence[KeptReceipt], older: bytes | None) -> Evidence:
    report = verify(str(log), vkey, older)
    received: Counter[tuple[str, str]] = Counter()
    promises: dict[str, list[Promise]] = {}
    for each in kept:
        received[agency_of(each.agency), each.method] += each.people
        promises.setdefault(each.agency, []).append(Promise(each.receipt, each.call_id, each.people))
    compared = tuple(reconcile(str(log), vkey, agency, promises[agency], receipt_vkey) for agency in sorted(promises))
    return Evidence(report, compared, dict(received))


def _once(kept: Iterable[KeptReceipt]) -> list[KeptReceipt]:
    """Each receipt once, though several files may hold it; one that was given for two calls stays twice."""
    return list(
        {(each.agency, each.call_id, each.receipt.index, each.receipt.leaf_hash): each for each in kept}.values()
    )


def print_evidence(evidence: Evidence) -> None:
    """For people."""
    report = evidence.report
    print(f"{report.origin}: {report.size:,} entries verified, {report.details:,} with an encrypted detail")
    if report.size:
        print(f"from {_time(report.first_us)} to {_time(report.last_us)}")
    print(f"root {report.root.hex()}")
    kinds = ", ".join(f"{count:,} {_kind(number)}" for number, count in report.kinds.items())
    print(f"kinds: {kinds or 'none'}")
    headings = ["agency", "method", "entries", "people disclosed", "calls refused"]
    if evidence.compared:
        headings.append("people received")
    print_table(headings, _rows(evidence), numbers=frozenset(headings[2:]))
    for (agency, method), repeated in report.repeated.items():
        print(
            f"{agency}, {method}: {repeated.entries:,} batches with {_people(repeated.people)} were sent again under "
            "their call ids and stand there twice"
        )
    for compared in evidence.compared:
        _print_compared(compared)
    for agency, method in evidence.overdrawn:
        print(f"NOT AUDITED: {agency} received more people by {method} than the log holds")


def _rows(evidence: Evidence) -> Iterable[list[object]]:
    report = evidence.report
    for key in sorted({*report.disclosed, *report.refused}):
        disclosed = report.disclosed.get(key)
        row: list[object] = [
            *key,
            f"{disclosed.entries if disclosed else 0:,}",
            f"{disclosed.people if disclosed else 0:,}",
            f"{report.refused.get(key, 0):,}",
        ]
        if evidence.compared:
            row.append(f"{evidence.received[key]:,}" if key in evidence.received else "no receipts")
        yield row


def _print_compared(compared: ReconcileReport) -> None:
    print(
        f"{compared.agency}: {compared.honoured:,} receipts honoured, {len(compared.broken):,} broken, "
        f"{len(compared.surplus):,} entries without a receipt"
    )
    for broken in compared.broken:
        print(f"  BROKEN: entry {broken.index}: {broken.reason}")
    for surplus in compared.surplus[:SURPLUS_PRINTED_MAX]:
        outcome = "answered again, by another entry" if surplus.repeated else "outcome unknown"
        print(
            f"  entry {surplus.index}: {_people(surplus.people)}, {outcome} "
            f"(worker epoch {surplus.worker_epoch}, call {surplus.call_id.hex()})"
        )
    if len(compared.surplus) > SURPLUS_PRINTED_MAX:
        print(f"  and {len(compared.surplus) - SURPLUS_PRINTED_MAX:,} more; --json names them all")


def evidence_json(evidence: Evidence) -> dict[str, object]:
    """For programs."""
    report = evidence.report
    return {
        "holds": evidence.holds,
        "origin": report.origin,
        "size": report.size,
        "root": report.root.hex(),
        "first_us": report.first_us,
        "last_us": report.last_us,
        "details": report.details,
        "kinds": {_kind(number): count for number, count in report.kinds.items()},
        "disclosed": [
            {"agency": agency, "method": method, "entries": disclosed.entries, "people": disclosed.people}
            for (agency, method), disclosed in report.disclosed.items()
        ],
        "repeated": [
            {"agency": agency, "method": method, "entries": repeated.entries, "people": repeated.people}
            for (agency, method), repeated in report.repeated.items()
        ],
        "refused": [
            {"agency": agency, "method": method, "calls": calls} for (agency, method), calls in report.refused.items()
        ],
        "received": [
            {"agency": agency, "method": method, "people": people}
            for (agency, method), people in evidence.received.items()
        ],
        "receipts": [_compared_json(compared) for compared in evidence.compared],
    }


def _compared_json(compared: ReconcileReport) -> dict[str, object]:
    return {
        "agency": compared.agency,
        "honoured": compared.honoured,
        "broken": [{"index": each.index, "reason": each.reason} for each in compared.broken],
        "surplus": [
            {
                "index": each.index,
                "worker_epoch": each.worker_epoch,
                "call_id": each.call_id.hex(),
                "people": each.people,
                "repeated": each.repeated,
            }
            for each in compared.surplus
        ],
    }


def _people(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"


def _kind(number: int) -> str:
    return Kind(number).name.lower().replace("_", " ")


def _time(microseconds: int) -> str:
    return moment(datetime.fromtimestamp(microseconds / 1e6, UTC))
