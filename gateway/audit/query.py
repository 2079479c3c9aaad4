"""Searching the published log for a person's entries, by subject tags, without decrypting anything."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from gateway.audit.checkpoint import open_checkpoint
from gateway.audit.entry import Entry, decode, time_of
from gateway.audit.note import Verifier
from gateway.audit.reader import LogReader
from gateway.audit.tiles import WIDTH, unpack_entries


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
) -> Found:
    """Entries that carry any of the 16-byte tags, whose log time lies in [from_us, to_us], before index `before`.

    Scans bundle files at memory speed, only those of the interval. Raises Malformed or Inconsistent when the
    checkpoint is not signed by the log; whether the bundles are the signed ones is for `verify` to say.
    """
    reader = LogReader(directory)
    size = open_checkpoint(reader.checkpoint(), Verifier.from_text(vkey)).size
    found: list[tuple[int, Entry]] = []
    end = size if before is None else min(size, before)
    for number in range(min(_first_after(reader, size, to_us), -(-end // WIDTH)) - 1, -1, -1):
        width = min(WIDTH, end - number * WIDTH)
        _, raw = reader.entries_raw(number, width)
        if any(tag in raw for tag in tags):
            entries = unpack_entries(raw)[:width]
            for at in range(len(entries) - 1, -1, -1):
                if not from_us <= time_of(entries[at]) <= to_us:
                    continue
                if any(tag in entries[at] for tag in tags):
                    entry = decode(entries[at])
                    if any(entry.has_tag(tag) for tag in tags):
                        if len(found) == limit:
                            return Found(tuple(found), size, complete=False)
                        found.append((number * WIDTH + at, entry))
        if _first_time(raw) < from_us:
            break
    return Found(tuple(found), size, complete=True)


def _first_after(reader: LogReader, size: int, to_us: int) -> int:
    """Number of the first bundle that starts after `to_us`; log time never runs backwards."""
    low, high = 0, -(-size // WIDTH)
    while low < high:
        middle = (low + high) // 2
        _, raw = reader.entries_raw(middle, min(WIDTH, size - middle * WIDTH))
        if _first_time(raw) <= to_us:
            low = middle + 1
        else:
            high = middle
    return low


def _first_time(raw: bytes) -> int:
    return time_of(raw[2:12])
