"""Offline verification of a published log, from its files and the log's verifier key alone.

Imports neither gRPC, protobuf nor SQL: an auditor runs it on a copy, away from the gateway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import sha256

from gateway.audit.checkpoint import Checkpoint, open_checkpoint
from gateway.audit.entry import Kind, Outline, agency_of, outline, tags_of
from gateway.audit.errors import AuditError, Malformed, Tampered
from gateway.audit.note import Verifier
from gateway.audit.reader import LogReader, read_file, split_hashes
from gateway.audit.receipt import Receipt, ReceiptVerifier
from gateway.audit.repeats import Repeats
from gateway.audit.tiles import (
    WIDTH,
    detail_path,
    entries_path,
    partial_widths,
    tile_path,
    unpack_details,
    unpack_entries,
)
from gateway.audit.tree import HASH_BYTES, TreeEdge, root_of
from gateway.audit.verify_report import Broken, Disclosed, Promise, ReconcileReport, Surplus, VerifyReport


def verify(
    directory: str, vkey: str, older: bytes | None = None, read: Callable[[str], bytes] = read_file
) -> VerifyReport:
    """Check everything the signed checkpoint covers and count it. Raises Tampered, naming the place.

    `older` is a checkpoint saved earlier: the log must have grown from it by appending only. About 6 us an
    entry, memory for one bundle.
    """
    verifier = Verifier.from_text(vkey)
    reader = LogReader(directory, read)
    checkpoint = _checkpoint(reader, verifier)
    saved = _saved(older, verifier, checkpoint)
    walk = _Walk(reader, checkpoint)
    edge = TreeEdge()
    for number in range(-(-checkpoint.size // WIDTH)):
        leaves = walk.bundle(number)
        if saved is not None and edge.size <= saved.size <= edge.size + len(leaves):
            _check_older(saved, edge.root(leaves[: saved.size - edge.size]))
        for level, tile, hashes in edge.take(leaves):
            if level:
                _check_tile(reader, level, tile, hashes)
    for level, tile, width in partial_widths(checkpoint.size):
        if level:
            _check_tile(reader, level, tile, b"".join(edge.levels[level][:width]))
    if edge.root() != checkpoint.root:
        raise Tampered("the entries do not lead to the root of the signed checkpoint", file="checkpoint")
    return walk.report()


def reconcile(
    directory: str, vkey: str, agency: str, receipts: Iterable[Receipt | Promise], receipt_vkey: str | None = None
) -> ReconcileReport:
    """Compare the receipts of one holder with the log: each must stand at its index, and each of the
    holder's disclosures should have one. `agency`: as entries name it, `agency` or `agency/unit`. With
    `receipt_vkey` the receipts' own signatures are checked too.

    A Promise says more than its receipt: then the entry must also be that of its call and admit to its people,
    and stands for one call only.

    The log itself should have been verified. Raises Tampered only when the files cannot be read.
    """
    verifier = Verifier.from_text(vkey)
    reader = LogReader(directory)
    checkpoint = _checkpoint(reader, verifier)
    checker = ReceiptVerifier.from_text(receipt_vkey) if receipt_vkey else None
    held: dict[int, Promise] = {}
    broken: list[Broken] = []
    for item in receipts:
        promise = item if isinstance(item, Promise) else Promise(item)
        index = promise.receipt.index
        reason = _unusable(promise.receipt, checkpoint, checker) or _conflict(held.setdefault(index, promise), promise)
        if reason is not None:
            broken.append(Broken(index, reason))
    honoured = 0
    answered: set[tuple[str, bytes]] = set()
    surplus: list[tuple[int, Outline]] = []
    walk = _Walk(reader, checkpoint)
    for number in range(-(-checkpoint.size // WIDTH)):
        leaves = walk.bundle(number)
        for index, (leaf, found) in enumerate(zip(leaves, walk.outlines, strict=True), number * WIDTH):
            kept = held.get(index)
            if kept is None:
                if found.kind == Kind.DISCLOSURE and found.agency == agency:
                    surplus.append((index, found))
                continue
            difference = _difference(kept, leaf, found, agency)
            if difference is None:
                honoured += 1
                answered.add((found.method, found.call_id))
            else:
                broken.append(Broken(index, difference))
    return ReconcileReport(
        agency,
        checkpoint.size,
        honoured,
        tuple(sorted(broken, key=lambda item: item.index)),
        tuple(
            Surplus(index, found.worker_epoch, found.call_id, found.people, (found.method, found.call_id) in answered)
            for index, found in surplus
        ),
    )


class _Walk:
    """Reads a log bundle by bundle, checks each against its level-0 tile, and counts."""

    def __init__(self, reader: LogReader, checkpoint: Checkpoint) -> None:
        self._reader = reader
        self._checkpoint = checkpoint
        self._first_us = 0
        self._last_us = 0
        self._details = 0
        self._entries: Counter[tuple[str, str]] = Counter()
        self._people: Counter[tuple[str, str]] = Counter()
        self._refused: Counter[tuple[str, str]] = Counter()
        self._kinds: Counter[int] = Counter()
        self._repeats = Repeats()
        self._repeated: Counter[tuple[str, str]] = Counter()
        self._repeated_people: Counter[tuple[str, str]] = Counter()
        self.outlines: list[Outline] = []

    def bundle(self, number: int) -> list[bytes]:
        """Leaf hashes of one bundle, all of it checked. Raises Tampered."""
        width = min(WIDTH, self._checkpoint.size - number * WIDTH)
        first = number * WIDTH
        tile_file = tile_path(0, number, width)
        file, raw = _read(self._reader.entries_raw, entries_path(number, width), number, width)
        tile_file, tile = _read(lambda n, w: self._reader.tile_raw(0, n, w), tile_path(0, number, width), number, width)
        hashes = tile[: width * HASH_BYTES]
        if len(tile) not in (width * HASH_BYTES, WIDTH * HASH_BYTES):
            raise Tampered(f"the hash tile does not hold {width} hashes", file=tile_file, index=first)
        try:
            entries = unpack_entries(raw)[:width]
        except Malformed as error:
            raise _misplaced(self._reader, number, hashes, _readable(raw), file, str(error)) from None
        leaves = [sha256(b"\x00" + entry).digest() for entry in entries]
        if b"".join(leaves) != hashes:
            raise _misplaced(self._reader, number, hashes, entries, file, "an entry was altered")
        self._count(entries, first, file)
        self._check_details(number, width)
        return leaves

    def report(self) -> VerifyReport:
        """The counts so far."""
        return VerifyReport(
            origin=self._checkpoint.origin,
            size=self._checkpoint.size,
            root=self._checkpoint.root,
            first_us=self._first_us,
            last_us=self._last_us,
            details=self._details,
            disclosed={key: Disclosed(self._entries[key], people) for key, people in sorted(self._people.items())},
            refused=dict(sorted(self._refused.items())),
            kinds=dict(sorted(self._kinds.items())),
            repeated={key: Disclosed(self._repeated[key], people) for key, people in self._repeated_people.items()},
        )

    def _count(self, entries: list[bytes], first: int, file: str) -> None:
        self.outlines = outlines = []
        last = self._last_us
        origin = self._checkpoint.origin
        for index, entry in enumerate(entries, first):
            try:
                found = outline(entry)
            except Malformed as error:
                raise Tampered(f"an entry cannot be read: {error}", index=index, file=file) from None
            if found.time_us < last or found.origin != origin:
                raise Tampered(
                    "log time runs backwards" if found.origin == origin else "the entry is of another log",
                    index=index,
                    file=file,
                    agency=found.agency,
                    method=found.method,
                    time_us=found.time_us,
                )
            last = found.time_us
            outlines.append(found)
            self._kinds[found.kind] += 1
            if found.kind == 1:
                key = (agency_of(found.agency), found.method)
                self._entries[key] += 1
                self._people[key] += found.people
                if found.stream_sequence and self._repeats.is_repeat(
                    found.agency, found.method, found.call_id, tags_of(entry)
                ):
                    self._repeated[key] += 1
                    self._repeated_people[key] += found.people
            elif found.decision == 2:
                self._refused[agency_of(found.agency), found.method] += found.calls
        if outlines and not first:
            self._first_us = outlines[0].time_us
        self._last_us = last

    def _check_details(self, number: int, width: int) -> None:
        file, raw = _read(self._reader.details_raw, detail_path(number, width), number, width)
        try:
            blobs = unpack_details(raw)[:width]
        except Malformed as error:
            raise Tampered(str(error), index=number * WIDTH, file=file) from None
        if len(blobs) != width:
            raise Tampered(f"the detail bundle holds {len(blobs)} of {width} details", file=file)
        for index, (blob, found) in enumerate(zip(blobs, self.outlines, strict=True), number * WIDTH):
            if bool(blob) != found.has_detail:
                raise Tampered(
                    "the detail of an entry is missing" if found.has_detail else "a detail has no entry",
                    index=index,
                    file=file,
                    agency=found.agency,
                    method=found.method,
                    time_us=found.time_us,
                )
            self._details += found.has_detail


def _checkpoint(reader: LogReader, verifier: Verifier) -> Checkpoint:
    try:
        return open_checkpoint(reader.checkpoint(), verifier)
    except (OSError, AuditError) as error:
        raise Tampered(f"there is no valid signed checkpoint: {error}", file="checkpoint") from None


def _saved(older: bytes | None, verifier: Verifier, checkpoint: Checkpoint) -> Checkpoint | None:
    if older is None:
        return None
    saved = open_checkpoint(older, verifier)
    if saved.size > checkpoint.size:
        raise Tampered(
            f"the log holds {checkpoint.size} entries, but a checkpoint of {saved.size} was saved: entries "
            "were removed or an older state was restored",
            file="checkpoint",
        )
    if checkpoint.size == 0:
        return None
    return saved


def _check_older(saved: Checkpoint, root: bytes) -> None:
    if saved.size and root != saved.root:
        raise Tampered(
            f"the first {saved.size} entries are not those of the checkpoint saved earlier", file="checkpoint"
        )


def _check_tile(reader: LogReader, level: int, number: int, hashes: bytes) -> None:
    width = len(hashes) // HASH_BYTES
    file, raw = _read(lambda n, w: reader.tile_raw(level, n, w), tile_path(level, number, width), number, width)
    if raw[: len(hashes)] != hashes or len(raw) not in (len(hashes), WIDTH * HASH_BYTES):
        raise Tampered("a hash tile does not match the tiles below it", file=file)


def _read(read: Callable[[int, int], tuple[str, bytes]], path: str, number: int, width: int) -> tuple[str, bytes]:
    try:
        return read(number, width)
    except FileNotFoundError:
        raise Tampered("a file of the log is missing", file=path, index=number * WIDTH) from None


def _readable(raw: bytes) -> list[bytes]:
    """The entries of a damaged bundle as far as its lengths make sense."""
    entries: list[bytes] = []
    at = 0
    while at + 2 <= len(raw) and len(entries) < WIDTH:
        start = at + 2
        at = start + int.from_bytes(raw[start - 2 : start], "big")
        entries.append(raw[start:at])
    return entries


def _misplaced(reader: LogReader, number: int, tile: bytes, entries: list[bytes], file: str, what: str) -> Tampered:
    """The error for a bundle that its level-0 tile contradicts: says which of the two was altered, and where."""
    hashes = split_hashes(tile, file)
    leaves = [sha256(b"\x00" + entry).digest() for entry in entries]
    if len(hashes) == WIDTH == len(leaves) and _parent(reader, number) == root_of(leaves):
        return Tampered(
            "the hash tile was altered, its entries were not", file=tile_path(0, number), index=number * WIDTH
        )
    at = next((at for at, pair in enumerate(zip(leaves, hashes, strict=False)) if pair[0] != pair[1]), -1)
    if at < 0:
        at = min(len(leaves), len(hashes))
        what = "an entry is missing"
    elif len(leaves) < len(hashes):
        what = "an entry is missing or was altered"
    place: dict[str, str | int] = {}
    if at < len(entries):
        try:
            found = outline(entries[at])
            place = {"agency": found.agency, "method": found.method, "time_us": found.time_us}
        except Malformed:
            pass
    return Tampered(what, index=number * WIDTH + at, file=file, **place)  # type: ignore[arg-type]


def _parent(reader: LogReader, number: int) -> bytes | None:
    """What level 1 says about a full level-0 tile, from whichever tile of it exists."""
    above, at = divmod(number, WIDTH)
    for width in range(WIDTH, at, -1):
        try:
            return split_hashes(reader.tile_raw(1, above, width)[1], "")[at]
        except (OSError, AuditError):
            continue
    return None


def _conflict(first: Promise, other: Promise) -> str | None:
    """Why two promises of one index cannot both hold; the same one may be there twice."""
    if first.receipt.leaf_hash != other.receipt.leaf_hash:
        return "two receipts promise different entries at this index"
    if first.call_id != other.call_id:
        return "one entry was given as the receipt of two calls"
    return None


def _difference(promise: Promise, leaf: bytes, found: Outline, agency: str) -> str | None:
    if promise.receipt.leaf_hash != leaf:
        return "the log holds another entry at this index"
    if found.agency != agency:
        return "the entry at this index is of another agency"
    if promise.call_id and promise.call_id != found.call_id.hex():
        return "the entry at this index is of another call"
    if promise.people > found.people:
        return f"the entry at this index admits to {found.people} people, {promise.people} were received"
    return None


def _unusable(receipt: Receipt, checkpoint: Checkpoint, checker: ReceiptVerifier | None) -> str | None:
    if receipt.origin != checkpoint.origin:
        return f"the receipt is of another log, {receipt.origin}"
    if checker is not None:
        try:
            checker.check(receipt)
        except AuditError as error:
            return f"the receipt does not verify: {error}"
    if receipt.index >= checkpoint.size:
        return f"the log ends before this index, at {checkpoint.size} entries"
    return None
