"""The tag index: where a subject tag occurs, derived from the published bundles by `gateway.audit.indexer`.

Never evidence: an answer found through it is read from the bundles, and a search without it must give the same.
"""

from __future__ import annotations

import mmap
import os
import struct
from bisect import bisect_left
from collections.abc import Collection

from gateway.audit.tiles import WIDTH, number_path

BUNDLES_PER_SPAN = 16
SPAN = BUNDLES_PER_SPAN * WIDTH
MAGIC = b"pgtag001"
HEADER = struct.Struct("<8sQQ")
_PREFIX_BYTES = 8
_POSITION_BYTES = 2


def span_path(directory: str, span: int) -> str:
    """File of one span: header, the tags' first 8 bytes as sorted numbers, and beside each the entry's position.

    Numbers are in this machine's byte order; the file is written whole and durable or not at all.
    """
    return os.path.join(directory, number_path(span))


def positions_in(directory: str, span: int, tags: Collection[bytes]) -> list[int] | None:
    """Indexes of entries of a span that may carry one of the tags, newest first; None when it is not indexed."""
    try:
        descriptor = os.open(span_path(directory, span), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as content:
            return _positions(content, span, tags)
    finally:
        os.close(descriptor)


def _positions(content: mmap.mmap, span: int, tags: Collection[bytes]) -> list[int] | None:
    magic, first, count = HEADER.unpack_from(content)
    end = HEADER.size + count * _PREFIX_BYTES
    if magic != MAGIC or first != span * SPAN or len(content) != end + count * _POSITION_BYTES:
        return None
    found: set[int] = set()
    with (
        memoryview(content) as whole,
        whole[HEADER.size : end] as raw_prefixes,
        raw_prefixes.cast("Q") as prefixes,
        whole[end:] as raw_positions,
        raw_positions.cast("H") as positions,
    ):
        for tag in tags:
            prefix = int.from_bytes(tag[:_PREFIX_BYTES], "big")
            at = bisect_left(prefixes, prefix)
            while at < count and prefixes[at] == prefix:
                found.add(first + positions[at])
                at += 1
    return sorted(found, reverse=True)
