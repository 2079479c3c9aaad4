"""The tag index: where a subject tag occurs, derived from the published bundles by `gateway.audit.indexer`.

Never evidence: an answer found through it is read from the bundles, and a search without it must give the same.
Each file is bound to the tree of the entries it was built from: one that another log left behind is not used.
"""

from __future__ import annotations

import mmap
import os
import struct
from bisect import bisect_left
from collections.abc import Callable, Collection
from hashlib import sha256

from gateway.audit.reader import LogReader
from gateway.audit.tiles import WIDTH, number_path

BUNDLES_PER_SPAN = 16
SPAN = BUNDLES_PER_SPAN * WIDTH
MAGIC = b"pgtag002"
HEADER = struct.Struct("<8sQQ32s")
"""Magic, first entry, count of tags, binding to the tree."""
_PREFIX_BYTES = 8
_POSITION_BYTES = 2


def span_path(directory: str, span: int) -> str:
    """File of one span: header, the tags' first 8 bytes as sorted numbers, and beside each the entry's position.

    Numbers are in this machine's byte order; the file is written whole and durable or not at all.
    """
    return os.path.join(directory, number_path(span))


def bindings(reader: LogReader, size: int) -> Callable[[int], bytes]:
    """What the file of a full span of this log of `size` entries is bound to: the hashes of its bundles' subtrees."""
    known: tuple[int, list[bytes]] = (-1, [])

    def binding(span: int) -> bytes:
        nonlocal known
        number, at = divmod(span * BUNDLES_PER_SPAN, WIDTH)
        if known[0] != number:
            known = number, reader.tile(1, number, min(WIDTH, size // WIDTH - number * WIDTH))
        return sha256(b"".join(known[1][at : at + BUNDLES_PER_SPAN])).digest()

    return binding


def positions_in(directory: str, span: int, tags: Collection[bytes], binding: bytes) -> list[int] | None:
    """Indexes of entries of a span that may carry one of the tags, newest first; None when it is not indexed.

    A file that is bound to anything else than `binding`, 32 bytes, does not count.
    """
    try:
        descriptor = os.open(span_path(directory, span), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        if os.fstat(descriptor).st_size < HEADER.size:
            return None
        with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as content:
            return _positions(content, span, tags, binding)
    finally:
        os.close(descriptor)


def _positions(content: mmap.mmap, span: int, tags: Collection[bytes], binding: bytes) -> list[int] | None:
    magic, first, count, bound = HEADER.unpack_from(content)
    end = HEADER.size + count * _PREFIX_BYTES
    if (magic, first, bound) != (MAGIC, span * SPAN, binding) or len(content) != end + count * _POSITION_BYTES:
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
