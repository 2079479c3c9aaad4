"""Turns committed entries into the files of the published log. It decides nothing and signs nothing."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence

from gateway.audit.files import Files
from gateway.audit.tiles import (
    WIDTH,
    detail_path,
    entries_path,
    pack_details,
    pack_entries,
    partial_widths,
    tile_path,
)
from gateway.audit.tree import TreeEdge


class Publisher:
    """Bundles and tiles of one log. Full files are written as they fill and synced later, oldest first.

    What is not synced yet is still in the write-ahead log and is written again after a crash.
    """

    def __init__(self, files: Files, directory: str, edge: TreeEdge, synced_through: int = 0) -> None:
        """`synced_through`: full files of entries below it are durable already and are not touched again."""
        self._files = files
        self._directory = directory
        self._edge = edge
        self._entries: list[bytes] = []
        self._details: list[bytes] = []
        self._unsynced: deque[tuple[int, list[str]]] = deque()
        self.synced_through = synced_through

    @property
    def size(self) -> int:
        """Entries taken so far."""
        return self._edge.size

    def root(self) -> bytes:
        """Root of the tree over the entries taken so far."""
        return self._edge.root()

    def take(self, entries: Sequence[bytes], details: Sequence[bytes], leaves: Sequence[bytes]) -> None:
        """Add entries with their details and leaf hashes; writes every file that becomes full."""
        at = 0
        while at < len(leaves):
            end = at + WIDTH - len(self._entries)
            self._entries.extend(entries[at:end])
            self._details.extend(details[at:end])
            tiles = self._edge.take(leaves[at:end])
            at = end
            if len(self._entries) == WIDTH:
                self._write_full(tiles)

    def write_partials(self) -> None:
        """Write the partial bundles and tiles of the present size."""
        size = self._edge.size
        number, width = divmod(size, WIDTH)
        if width:
            self._write(entries_path(number, width), pack_entries(self._entries))
            self._write(detail_path(number, width), pack_details(self._details))
        for level, tile, tile_width in partial_widths(size):
            self._write(tile_path(level, tile, tile_width), b"".join(self._edge.levels[level]))

    def sync_full(self, bundles_max: int) -> None:
        """Make up to `bundles_max` of the oldest unsynced full bundles, with their tiles, durable."""
        directories: set[str] = set()
        through = self.synced_through
        for _ in range(min(bundles_max, len(self._unsynced))):
            through, paths = self._unsynced.popleft()
            for path in paths:
                self._files.sync(path)
                directories.add(os.path.dirname(path))
        for directory in sorted(directories):
            self._files.sync_directory(directory)
        self.synced_through = through

    def _write_full(self, tiles: Sequence[tuple[int, int, bytes]]) -> None:
        if self._edge.size > self.synced_through:
            self._write_files(self._edge.size // WIDTH - 1, tiles)
        self._entries = []
        self._details = []

    def _write_files(self, number: int, tiles: Sequence[tuple[int, int, bytes]]) -> None:
        paths = [
            self._write(entries_path(number), pack_entries(self._entries)),
            self._write(detail_path(number), pack_details(self._details)),
        ]
        paths.extend(self._write(tile_path(level, tile), hashes) for level, tile, hashes in tiles)
        for path in paths:
            self._files.remove_directory(path + ".p")
        self._unsynced.append((self._edge.size, paths))

    def _write(self, relative: str, data: bytes) -> str:
        path = os.path.join(self._directory, relative)
        self._files.write(path, data)
        return path
