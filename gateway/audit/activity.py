"""What of the log's answers used which right: methods, purposes and fields, read back from its newest entry."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from gateway.audit.checkpoint import open_checkpoint
from gateway.audit.detail import open_
from gateway.audit.entry import Kind, agency_of, decode, time_of
from gateway.audit.errors import KeyUnavailable
from gateway.audit.keys import KeyRing
from gateway.audit.note import Verifier
from gateway.audit.reader import LogReader
from gateway.audit.tiles import WIDTH

PAUSE_SHARE = 1.0
"""After each bundle of 256 entries the thread rests as long as it worked: the worker's calls come first."""

_TELLING = frozenset((Kind.DISCLOSURE, Kind.PUSH_OUTCOME))
_READ = _TELLING | {Kind.ADMINISTRATION}


@dataclass(slots=True)
class Activity:
    """`calls`: (agency, method, purpose) that were answered. `fields`: paths told, by (agency, purpose).

    `since_us`: the oldest entry that was read, in microseconds since 1970; `complete`: whether all of the time was.
    """

    calls: set[tuple[str, str, str]] = field(default_factory=set)
    fields: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    entries: int = 0
    since_us: int = 0
    complete: bool = True


def read_activity(
    directory: str,
    vkey: str,
    keys: KeyRing,
    wanted: Mapping[tuple[str, str], frozenset[str]],
    from_us: int,
    entries_max: int,
    rest: Callable[[float], None] = time.sleep,
) -> Activity:
    """What was answered since `from_us`, from the newest entry back, at most `entries_max` rounded up to a bundle.

    `wanted`: by (agency, purpose) the paths to look for; a detail is opened only while some of them are missing.
    Raises AuditError, OSError.
    """
    reader = LogReader(directory)
    size = open_checkpoint(reader.checkpoint(), Verifier.from_text(vkey)).size
    found = Activity(since_us=from_us)
    for number in range(-(-size // WIDTH) - 1, -1, -1):
        if found.entries >= entries_max:
            found.complete = False
            break
        began = time.monotonic()
        width = min(WIDTH, size - number * WIDTH)
        entries = reader.entries(number, width)
        oldest = time_of(entries[0])
        _add(found, entries, partial(reader.details, number, width), keys, wanted, from_us)
        found.entries += width
        if oldest < from_us:
            break
        found.since_us = oldest
        rest(PAUSE_SHARE * (time.monotonic() - began))
    if found.complete:
        found.since_us = from_us
    return found


def _add(
    found: Activity,
    entries: list[bytes],
    read_details: Callable[[], list[bytes]],
    keys: KeyRing,
    wanted: Mapping[tuple[str, str], frozenset[str]],
    from_us: int,
) -> None:
    details: list[bytes] | None = None
    for at, raw in enumerate(entries):
        entry = decode(raw)
        if entry.time_us < from_us or entry.reason or entry.kind not in _READ:
            continue
        agency = agency_of(entry.agency)
        found.calls.add((agency, entry.method, entry.purpose))
        known = found.fields.setdefault((agency, entry.purpose), set())
        missing = wanted.get((agency, entry.purpose), frozenset()) - known
        if not missing or entry.kind not in _TELLING:
            continue
        if details is None:
            details = read_details()
        try:
            known.update(open_(details[at], keys, entry.call_id, entry.commitment).fields)
        except KeyUnavailable:
            found.complete = False  # what it told cannot be read any more
