"""The files of the published log: C2SP tlog-tiles paths, entry bundles, our detail bundles beside them."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from gateway.audit.errors import Malformed

WIDTH = 256
DETAIL_BYTES_MAX = 1 << 20
CHECKPOINT = "checkpoint"


def number_path(number: int) -> str:
    """A tile number as zero-padded groups of three digits, all but the last marked with x."""
    groups = [f"{number % 1000:03d}"]
    number //= 1000
    while number:
        groups.append(f"x{number % 1000:03d}")
        number //= 1000
    return "/".join(reversed(groups))


def tile_path(level: int, number: int, width: int = WIDTH) -> str:
    """Path of a hash tile; a width below 256 is a partial tile."""
    return f"tile/{level}/{number_path(number)}{_partial(width)}"


def entries_path(number: int, width: int = WIDTH) -> str:
    """Path of an entry bundle."""
    return f"tile/entries/{number_path(number)}{_partial(width)}"


def detail_path(number: int, width: int = WIDTH) -> str:
    """Path of a detail bundle: our own file, one encrypted blob an entry, on the same scheme."""
    return f"detail/{number_path(number)}{_partial(width)}"


def partial_widths(size: int) -> list[tuple[int, int, int]]:
    """The partial hash tiles of a tree of `size` as (level, number, width)."""
    tiles: list[tuple[int, int, int]] = []
    level = 0
    while size:
        if size % WIDTH:
            tiles.append((level, size // WIDTH, size % WIDTH))
        size //= WIDTH
        level += 1
    return tiles


def pack_entries(entries: Sequence[bytes]) -> bytes:
    """An entry bundle: each entry behind its length in two bytes."""
    parts: list[bytes] = []
    for entry in entries:
        parts.append(len(entry).to_bytes(2, "big"))
        parts.append(entry)
    return b"".join(parts)


def unpack_entries(raw: bytes) -> list[bytes]:
    """The entries of a bundle, at most 256. Raises Malformed when the lengths do not fill it exactly."""
    entries: list[bytes] = []
    at, end = 0, len(raw)
    while at < end:
        start = at + 2
        if start > end:
            raise Malformed("an entry bundle ends inside a length")
        at = start + (raw[start - 2] << 8 | raw[start - 1])
        entries.append(raw[start:at])
    if at != end or len(entries) > WIDTH:
        raise Malformed("the lengths of an entry bundle do not fill it")
    return entries


def pack_details(details: Sequence[bytes]) -> bytes:
    """A detail bundle: each blob behind its length in four bytes; an empty blob means no detail."""
    parts: list[bytes] = []
    for blob in details:
        parts.append(len(blob).to_bytes(4, "big"))
        parts.append(blob)
    return b"".join(parts)


def unpack_details(raw: bytes) -> list[bytes]:
    """The blobs of a detail bundle, at most 256. Raises Malformed when the lengths do not fill it exactly."""
    blobs: list[bytes] = []
    at, end = 0, len(raw)
    while at < end:
        try:
            (length,) = struct.unpack_from(">I", raw, at)
        except struct.error:
            raise Malformed("a detail bundle ends inside a length") from None
        start = at + 4
        at = start + length
        blobs.append(raw[start:at])
    if at != end or len(blobs) > WIDTH:
        raise Malformed("the lengths of a detail bundle do not fill it")
    return blobs


def _partial(width: int) -> str:
    if not 1 <= width <= WIDTH:
        raise Malformed(f"a tile holds 1 to 256 hashes, not {width}")
    return "" if width == WIDTH else f".p/{width}"
