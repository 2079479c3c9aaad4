"""Reading the published log's files: parsed, bounded, nothing believed that a checkpoint does not cover."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache

from gateway.audit.errors import Malformed
from gateway.audit.tiles import (
    CHECKPOINT,
    WIDTH,
    detail_path,
    entries_path,
    tile_path,
    unpack_details,
    unpack_entries,
)
from gateway.audit.tree import HASH_BYTES, root_of

_SUBTREES_CACHED_MAX = 4096


def read_file(path: str) -> bytes:
    """The whole content of a file."""
    with open(path, "rb", buffering=0) as file:
        return file.readall()


class LogReader:
    """The files below one published log directory. Missing files raise FileNotFoundError.

    For a partial tile or bundle the full one, where it exists already, serves too: the log may remove partial
    files once the full one is there.
    """

    def __init__(self, directory: str, read: Callable[[str], bytes] = read_file) -> None:
        self._directory = directory
        self._read = read

    def checkpoint(self) -> bytes:
        """The signed note."""
        return self._read(os.path.join(self._directory, CHECKPOINT))

    def entries_raw(self, number: int, width: int = WIDTH) -> tuple[str, bytes]:
        """Relative path and bytes of an entry bundle that holds at least `width` entries."""
        return self._either(entries_path, number, width)

    def details_raw(self, number: int, width: int = WIDTH) -> tuple[str, bytes]:
        """Relative path and bytes of a detail bundle that holds at least `width` blobs."""
        return self._either(detail_path, number, width)

    def tile_raw(self, level: int, number: int, width: int = WIDTH) -> tuple[str, bytes]:
        """Relative path and bytes of a hash tile that holds at least `width` hashes."""
        return self._either(lambda n, w: tile_path(level, n, w), number, width)

    def entries(self, number: int, width: int = WIDTH) -> list[bytes]:
        """The first `width` entries of a bundle. Raises Malformed."""
        path, raw = self.entries_raw(number, width)
        return _first(unpack_entries(raw), width, path)

    def details(self, number: int, width: int = WIDTH) -> list[bytes]:
        """The first `width` detail blobs of a bundle. Raises Malformed."""
        path, raw = self.details_raw(number, width)
        return _first(unpack_details(raw), width, path)

    def tile(self, level: int, number: int, width: int = WIDTH) -> list[bytes]:
        """The first `width` hashes of a tile. Raises Malformed."""
        path, raw = self.tile_raw(level, number, width)
        return _first(split_hashes(raw, path), width, path)

    def entry(self, index: int, size: int) -> bytes:
        """The entry at `index` of a log of `size` entries."""
        number, at = divmod(index, WIDTH)
        return self.entries(number, min(WIDTH, size - number * WIDTH))[at]

    def detail(self, index: int, size: int) -> bytes:
        """The detail blob at `index` of a log of `size` entries, empty when there is none."""
        number, at = divmod(index, WIDTH)
        return self.details(number, min(WIDTH, size - number * WIDTH))[at]

    def subtrees(self, size: int) -> Callable[[int, int], bytes]:
        """What proofs are built from: roots of complete subtrees of the tree of `size`, read from tiles."""

        @lru_cache(maxsize=_SUBTREES_CACHED_MAX)
        def subtree(height: int, position: int) -> bytes:
            level, rest = divmod(height, 8)
            count = 1 << rest
            number, start = divmod(position * count, WIDTH)
            width = min(WIDTH, (size >> (8 * level)) - number * WIDTH)
            return root_of(self.tile(level, number, width)[start : start + count])

        return subtree

    def _either(self, path_of: Callable[[int, int], str], number: int, width: int) -> tuple[str, bytes]:
        path = path_of(number, width)
        try:
            return path, self._read(os.path.join(self._directory, path))
        except FileNotFoundError:
            if width == WIDTH:
                raise
        full = path_of(number, WIDTH)
        return full, self._read(os.path.join(self._directory, full))


def split_hashes(raw: bytes, path: str) -> list[bytes]:
    """The hashes of a tile. Raises Malformed."""
    if len(raw) % HASH_BYTES or not 1 <= len(raw) // HASH_BYTES <= WIDTH:
        raise Malformed(f"{path} is not 1 to 256 whole hashes")
    return [raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)]


def _first(items: list[bytes], width: int, path: str) -> list[bytes]:
    if len(items) < width:
        raise Malformed(f"{path} holds {len(items)} items instead of {width}")
    return items[:width]
