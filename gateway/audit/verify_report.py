"""What an offline verification found, as values an auditor's tool can print."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.audit.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Disclosed:
    """Disclosure entries of one agency and method, and the people in them."""

    entries: int
    people: int


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """A log whose every entry was checked against the signed checkpoint of `size` entries and `root`.

    Keys of `disclosed` and `refused` are (agency, method), an agency's units counted with it; `refused` counts
    calls, folded ones included; `kinds` counts entries by kind. Times are microseconds since 1970, 0 for an empty log.
    """

    origin: str
    size: int
    root: bytes
    first_us: int
    last_us: int
    details: int
    disclosed: dict[tuple[str, str], Disclosed] = field(default_factory=dict)
    refused: dict[tuple[str, str], int] = field(default_factory=dict)
    kinds: dict[int, int] = field(default_factory=dict)
    repeated: dict[tuple[str, str], Disclosed] = field(default_factory=dict)
    """Of what is in `disclosed`: batches of a stream that were answered before under the same call id, because
    their first answer did not arrive or was not kept."""

    @property
    def people(self) -> int:
        """People disclosed in all."""
        return sum(disclosed.people for disclosed in self.disclosed.values())


@dataclass(frozen=True, slots=True)
class Promise:
    """A receipt with what its holder knows of the answer: its own call id, 32 hex digits (empty: not kept), and
    how many people it received."""

    receipt: Receipt
    call_id: str = ""
    people: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """A receipt that the log does not honour, and why."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Surplus:
    """A disclosure entry for which no receipt is held: the answer may never have arrived."""

    index: int
    worker_epoch: int
    call_id: bytes
    people: int
    repeated: bool = False
    """Whether another entry of the same call has a receipt: the caller sent it again and was answered then."""


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """Receipts held by one agency, or one unit of it (`agency/unit`), against the log of `size` entries:
    honoured, broken, and entries without."""

    agency: str
    size: int
    honoured: int
    broken: tuple[Broken, ...]
    surplus: tuple[Surplus, ...]
