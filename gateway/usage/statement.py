"""Reads one agency's usage of one month from the published log, a bounded stretch at a time.

What was answered stands in the entries, which fields were told in their encrypted details: a stretch needs the detail
keys of its month. Parts of a statement add up to the whole, whoever reads which.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.audit.checkpoint import open_checkpoint
from gateway.audit.detail import open_
from gateway.audit.entry import Kind, Outline, agency_of, decode, outline
from gateway.audit.errors import KeyUnavailable
from gateway.audit.keys import KeyRing
from gateway.audit.note import Verifier
from gateway.audit.query import first_after
from gateway.audit.reader import LogReader
from gateway.audit.tiles import WIDTH

PAUSE_SHARE = 1.0
"""After each bundle of 256 entries the thread rests as long as it worked: the worker's calls come first."""

_ANSWERED = frozenset(
    (Kind.DISCLOSURE, Kind.PUSH_OUTCOME, Kind.ADMINISTRATION, Kind.CREDENTIAL_ISSUED),
)


@dataclass(slots=True)
class Usage:
    """Part of a statement. Keys begin with the unit, empty for the agency itself, and the method.

    `calls`: answered ones. `people`: disclosed, or written by pushes. `fields`: (unit, method, path) to people about
    whom that field was answered; nobody who was not found, no field that was withheld. `unreadable`: disclosures whose
    detail cannot be read any more, so that their fields are missing here.
    """

    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    people: Counter[tuple[str, str]] = field(default_factory=Counter)
    fields: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    unreadable: int = 0
    next_index: int = 0
    """The first entry that was not read."""
    more: bool = False
    """Whether entries of the month remain."""


def read_usage(
    directory: str,
    vkey: str,
    keys: KeyRing,
    agency: str,
    from_us: int,
    until_us: int,
    from_index: int,
    bundles_max: int,
    rest: Callable[[float], None] = time.sleep,
) -> Usage:
    """Usage by `agency` in [from_us, until_us) of log time, from entry `from_index` on, at most `bundles_max` x 256.

    Raises AuditError, OSError.
    """
    reader = LogReader(directory)
    size = open_checkpoint(reader.checkpoint(), Verifier.from_text(vkey)).size
    first = max(from_index // WIDTH, first_after(reader, size, from_us - 1) - 1, 0)
    usage = Usage(next_index=max(from_index, first * WIDTH))
    needle = agency.encode()
    for number in range(first, -(-size // WIDTH)):
        if number - first >= bundles_max:
            usage.more = True
            break
        began = time.monotonic()
        width = min(WIDTH, size - number * WIDTH)
        entries = reader.entries(number, width)
        details: list[bytes] | None = None
        for at, raw in enumerate(entries):
            index = number * WIDTH + at
            if index < from_index or needle not in raw:
                continue
            told = outline(raw)
            if not from_us <= told.time_us < until_us or agency_of(told.agency) != agency:
                continue
            if told.people and told.kind == Kind.DISCLOSURE and details is None:
                details = reader.details(number, width)
            _add(usage, told, raw, details[at] if details is not None else b"", keys)
        usage.next_index = number * WIDTH + len(entries)
        if entries and outline(entries[-1]).time_us >= until_us:
            break
        rest(PAUSE_SHARE * (time.monotonic() - began))
    return usage


def _add(usage: Usage, told: Outline, raw: bytes, blob: bytes, keys: KeyRing) -> None:
    if told.reason or told.kind not in _ANSWERED:
        return
    place = told.agency.partition("/")[2], told.method
    usage.calls[place] += 1
    usage.people[place] += told.people
    if told.kind != Kind.DISCLOSURE or not told.people:
        return
    entry = decode(raw)
    try:
        detail = open_(blob, keys, entry.call_id, entry.commitment)
    except KeyUnavailable:
        usage.unreadable += 1
        return
    for path in detail.fields:
        usage.fields[*place, path] += told.people
