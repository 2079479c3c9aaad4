"""Searching the published log for a person's entries, by subject tags, without decrypting anything."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gateway.audit.checkpoint import open_checkpoint
from gateway.audit.entry import Entry, decode, time_of
from gateway.audit.index import BUNDLES_PER_SPAN, SPAN, bindings, positions_in
from gateway.audit.note import Verifier
from gateway.audit.reader import LogReader
from gateway.audit.tiles import WIDTH


@dataclass(frozen=True, slots=True)
class Found:
    """Entries with their indexes, newest first, out of the first `current_through` entries of the log.

    `complete` is False when `limit` cut the answer: older matching entries exist in the range.
    """

    entries: tuple[tuple[int, Entry], ...]
    current_through: int
    complete: bool


def find(
    directory: str,
    vkey: str,
    tags: Collection[bytes],
    from_us: int,
    to_us: int,
    limit: int = 1000,
    before: int | None = None,
    index_directory: str | None = None,
) -> Found:
    """Entries that carry any of the 16-byte tags, whose log time lies in [from_us, to_us], before index `before`.

    Reads the tag index where there is one, and scans the other bundles of the interval at memory speed. Raises
    Malformed or Inconsistent when the checkpoint is not signed by the log; whether the bundles are the signed
    ones is for `verify` to say.
    """
    reader = LogReader(directory)
    size = open_checkpoint(reader.checkpoint(), Verifier.from_text(vkey)).size
    bundles = range(
        max(0, first_after(reader, size, from_us - 1) - 1),
        min(first_after(reader, size, to_us), -(-min(size, size if before is None else before) // WIDTH)),
    )
    found: list[tuple[int, Entry]] = []
    number, entries = -1, list[bytes]()
    for index in _candidates(reader, size, tags, bundles, index_directory):
        if before is not None and index >= before:
            continue
        if index // WIDTH != number:
            number = index // WIDTH
            entries = reader.entries(number, _width(number, size))
        raw = entries[index % WIDTH]
        if from_us <= time_of(raw) <= to_us and any(tag in raw for tag in tags):
            entry = decode(raw)
            if any(entry.has_tag(tag) for tag in tags):
                if len(found) == limit:
                    return Found(tuple(found), size, complete=False)
                found.append((index, entry))
    return Found(tuple(found), size, complete=True)


def _candidates(
    reader: LogReader, size: int, tags: Collection[bytes], bundles: range, index_directory: str | None
) -> Iterator[int]:
    """Indexes of entries in these bundles that may carry a tag, newest first."""
    number = bundles.stop - 1
    binding = bindings(reader, size)
    while number >= bundles.start:
        span = number // BUNDLES_PER_SPAN
        known = None
        if index_directory is not None and (span + 1) * SPAN <= size:
            known = positions_in(index_directory, span, tags, binding(span))
        if known is not None:
            yield from (index for index in known if index // WIDTH in bundles)
            number = span * BUNDLES_PER_SPAN - 1
            continue
        width = _width(number, size)
        _, raw = reader.entries_raw(number, width)
        if any(tag in raw for tag in tags):
            yield from range(number * WIDTH + width - 1, number * WIDTH - 1, -1)
        number -= 1


def first_after(reader: LogReader, size: int, time_us: int) -> int:
    """Number of the first bundle that starts after `time_us`; log time never runs backwards."""
    low, high = 0, -(-size // WIDTH)
    while low < high:
        middle = (low + high) // 2
        _, raw = reader.entries_raw(middle, _width(middle, size))
        if time_of(raw[2:12]) <= time_us:
            low = middle + 1
        else:
            high = middle
    return low


def _width(number: int, size: int) -> int:
    """Entries that a log of `size` has in this bundle."""
    return min(WIDTH, size - number * WIDTH)
