"""The state of admission on disk, so that a sequencer that starts reads minutes of the log instead of a day.

Derived and not trusted: signed by the log's receipt key, and bound to the size and root of the log it is of. One that
does not fit, is torn, or is missing is ignored; then the state comes from the log's whole present day.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha512
from itertools import islice
from typing import Any

import msgspec

from gateway.audit.admission import ONCE_US, Admission, AdmissionState
from gateway.audit.errors import AuditError, Inconsistent, Malformed
from gateway.audit.files import Files
from gateway.audit.note import Signer, Verifier
from gateway.audit.query import first_after
from gateway.audit.reader import LogReader
from gateway.audit.tags import TAG_BYTES, day_end_us
from gateway.audit.tiles import WIDTH
from gateway.audit.tree import EMPTY_ROOT, range_root

_FORMAT = "popgate admission 1"
_SIGNATURE_BYTES = 64
PAUSE_SECONDS_MIN = 5.0
PAUSE_SHARE = 200
"""Between two snapshots passes so many times the time that one took."""
_CHUNK = 4096  # things copied at a stretch: less than a millisecond, in which nobody else can work
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`state` after the log's first `size` entries, whose root is `root`. `levels`: of rates, at an orderly end."""

    origin: str
    size: int
    root: bytes
    state: AdmissionState
    levels: Mapping[str, int] | None

    def signed(self, signer: Signer) -> bytes:
        """The file's bytes."""
        state = self.state
        body = msgspec.msgpack.encode(
            (
                _FORMAT,
                self.origin,
                self.size,
                self.root,
                state.day_end_us,
                _chunks(state.people),
                [(caller, _chunks(missed)) for caller, missed in state.missed.items()],
                _chunks(state.missed_shared),
                _chunks(state.once),
                None if self.levels is None else dict(self.levels),
            )
        )
        return signer.sign(_signed_text(body)) + body

    @classmethod
    def open(cls, raw: bytes, verifier: Verifier) -> Snapshot:
        """Raises Malformed, Inconsistent when `verifier` did not sign it."""
        body = raw[_SIGNATURE_BYTES:]
        verifier.check(raw[:_SIGNATURE_BYTES], _signed_text(body))
        try:
            values: Any = msgspec.msgpack.decode(body)
            kind, origin, size, root, day_end, people, missed, shared, once, levels = values
        except (msgspec.DecodeError, ValueError, TypeError):
            raise Malformed("the snapshot of admission cannot be read") from None
        if kind != _FORMAT:
            raise Malformed("the snapshot of admission is of another release")
        state = AdmissionState(
            day_end,
            _joined(people),
            {caller: _joined(chunks) for caller, chunks in missed},
            _joined(shared),
            _joined(once),
        )
        return cls(origin, size, root, state, levels)


class Snapshots:
    """Copies the state in the thread that changes it, and writes the copy in the one that publishes."""

    def __init__(self, files: Files, path: str, signer: Signer, origin: str, reader: LogReader) -> None:
        self._files = files
        self._path = path
        self._signer = signer
        self._origin = origin
        self._reader = reader
        self._taken: tuple[int, AdmissionState] | None = None
        self._seconds = 0.0
        self._next_at = 0.0

    def take(self, size: int, admission: Admission, now: float) -> None:
        """Copy the state after `size` entries when it is time. `now`: monotonic seconds."""
        if self._taken is None and now >= self._next_at:
            began = time.perf_counter()
            self._taken = size, admission.copy()
            self._seconds = time.perf_counter() - began

    def write(self, published_size: int, now: float) -> None:
        """Write what was copied, once all its entries are published. Raises AuditError, OSError."""
        if self._taken is None or self._taken[0] > published_size:
            return
        began = time.perf_counter()
        self._write(*self._taken, published_size, None)
        self._next_at = now + max(PAUSE_SECONDS_MIN, PAUSE_SHARE * (self._seconds + time.perf_counter() - began))
        self._taken = None

    def finish(self, size: int, admission: Admission, levels: Mapping[str, int] | None) -> None:
        """The last snapshot, of everything published. Raises AuditError, OSError."""
        self._write(size, admission.copy(), size, levels)

    def _write(self, size: int, state: AdmissionState, published_size: int, levels: Mapping[str, int] | None) -> None:
        root = root_at(self._reader, size, published_size)
        snapshot = Snapshot(self._origin, size, root, state, levels)
        self._files.write(self._path, snapshot.signed(self._signer))


def root_at(reader: LogReader, size: int, published_size: int) -> bytes:
    """Root of the first `size` entries of a log with this many published ones. Raises AuditError, OSError."""
    return range_root(0, size, reader.subtrees(published_size)) if size else EMPTY_ROOT


def restore(
    files: Files, path: str, verifier: Verifier, reader: LogReader, published_size: int, now_us: int
) -> tuple[Admission, Mapping[str, int] | None]:
    """The state after all published entries, and the levels of rates where the last sequencer ended in order.

    Raises AuditError, OSError when the log itself cannot be read.
    """
    snapshot = _fitting(files, path, verifier, reader, published_size)
    # Nothing of before the present day counts any more, but for what may be used once.
    needed = _first_since(reader, published_size, min(day_end_us(now_us) - _DAY_US, now_us - ONCE_US))
    levels: Mapping[str, int] | None = None if published_size else {}
    if snapshot is None or snapshot.size < needed:
        admission, at = Admission(), needed
    else:
        admission, at = Admission(snapshot.state), snapshot.size
    if snapshot is not None and snapshot.size == published_size:
        levels = snapshot.levels
    while at < published_size:
        number, skip = divmod(at, WIDTH)
        entries = reader.entries(number, min(WIDTH, published_size - number * WIDTH))
        for entry in entries[skip:]:
            admission.replay(entry)
        at = number * WIDTH + len(entries)
    return admission, levels


def _fitting(files: Files, path: str, verifier: Verifier, reader: LogReader, published_size: int) -> Snapshot | None:
    try:
        snapshot = Snapshot.open(files.read(path), verifier)
        if snapshot.size > published_size or root_at(reader, snapshot.size, published_size) != snapshot.root:
            raise Inconsistent("the snapshot of admission is of another log")
    except (AuditError, OSError):
        return None
    return snapshot


def _first_since(reader: LogReader, size: int, time_us: int) -> int:
    """An index at or before the first entry of this time or later, by less than a bundle."""
    return max(0, first_after(reader, size, time_us - 1) - 1) * WIDTH


def _chunks(table: Mapping[bytes, int]) -> list[tuple[list[int], list[int], bytes]]:
    """A table in pieces: lengths of the keys (nothing where all are tags), values, the keys joined."""
    pieces: list[tuple[list[int], list[int], bytes]] = []
    items = iter(table.items())
    while piece := list(islice(items, _CHUNK)):
        keys = [key for key, _ in piece]
        lengths = [len(key) for key in keys]
        same = lengths.count(TAG_BYTES) == len(lengths)
        pieces.append(([] if same else lengths, [value for _, value in piece], b"".join(keys)))
    return pieces


def _joined(pieces: Any) -> dict[bytes, int]:
    table: dict[bytes, int] = {}
    for lengths, values, keys in pieces:
        at = 0
        for length, value in zip(lengths or [TAG_BYTES] * len(values), values, strict=True):
            table[keys[at : at + length]] = value
            at += length
    return table


def _signed_text(body: bytes) -> bytes:
    return _FORMAT.encode() + b"\n" + sha512(body).digest()
