"""Opening a log again: the tree comes back from tiles and write-ahead frames, or the log is refused."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.audit.checkpoint import Checkpoint
from gateway.audit.entry import time_of
from gateway.audit.errors import AuditError, LogRefused
from gateway.audit.files import Files
from gateway.audit.publisher import Publisher
from gateway.audit.reader import LogReader
from gateway.audit.tiles import WIDTH
from gateway.audit.tree import TreeEdge, leaf_hash, root_of


class Recovery:
    """Receives the write-ahead segments in order and ends in a publisher that stands where the log stopped.

    Entries below the first segment lie in synced full bundles, so their tiles are enough; the root recomputed
    at the checkpoint's size proves that these tiles are the ones that were signed.
    """

    def __init__(self, files: Files, directory: str, checkpoint: Checkpoint) -> None:
        self._files = files
        self._directory = directory
        self._checkpoint = checkpoint
        self._publisher: Publisher | None = None
        self._checked = False
        self.last_us = 0

    def accept(self, first_index: int, frames: list[tuple[bytes, bytes]]) -> None:
        """Take one segment's entries. Raises LogRefused."""
        if self._publisher is None:
            self._start(first_index)
            self._check()
        self._take([entry for entry, _ in frames], [detail for _, detail in frames])

    def finish(self) -> Publisher:
        """The publisher, once all segments were accepted. Raises LogRefused when the log is too short."""
        if self._publisher is None or not self._checked:
            size = 0 if self._publisher is None else self._publisher.size
            raise LogRefused(
                f"the log holds {size} entries, but a checkpoint of {self._checkpoint.size} was signed: "
                "this looks like a restored backup"
            )
        return self._publisher

    def _start(self, first_index: int) -> None:
        if first_index > self._checkpoint.size:
            raise LogRefused(
                f"the checkpoint covers {self._checkpoint.size} entries, but the write-ahead log starts at "
                f"{first_index}: the checkpoint was replaced by an older one"
            )
        number, rest = divmod(first_index, WIDTH)
        reader = LogReader(self._directory, self._files.read)
        try:
            edge = edge_from_tiles(reader, number)
            entries = reader.entries(number)[:rest] if rest else []
            details = reader.details(number)[:rest] if rest else []
        except (OSError, AuditError) as error:
            raise LogRefused(f"the published log cannot be read back: {error}") from error
        # The bundle that the first segment starts within was durable before the segment ahead of it was
        # removed, and its beginning is nowhere else: writing it again would put it at risk in a second crash.
        synced_through = (number + bool(rest)) * WIDTH
        self._publisher = Publisher(self._files, self._directory, edge, synced_through)
        self._take(entries, details)

    def _take(self, entries: Sequence[bytes], details: Sequence[bytes]) -> None:
        publisher = self._publisher
        assert publisher is not None
        if not entries:
            return
        leaves = [leaf_hash(entry) for entry in entries]
        cut = max(0, min(len(entries), self._checkpoint.size - publisher.size))
        publisher.take(entries[:cut], details[:cut], leaves[:cut])
        self._check()
        publisher.take(entries[cut:], details[cut:], leaves[cut:])
        self.last_us = time_of(entries[-1])

    def _check(self) -> None:
        publisher = self._publisher
        assert publisher is not None
        if self._checked or publisher.size != self._checkpoint.size:
            return
        if publisher.root() != self._checkpoint.root:
            raise LogRefused(
                f"the log's first {publisher.size} entries are not those of the signed checkpoint: "
                "files were altered or mixed from different backups"
            )
        # Readers of the last checkpoint need its partial tiles, which may not have survived.
        publisher.write_partials()
        self._checked = True


def edge_from_tiles(reader: LogReader, bundles: int) -> TreeEdge:
    """The tree's right edge after `bundles` full bundles, from at most 255 full tiles a level."""
    levels: list[list[bytes]] = [[]]
    tiles, level = bundles, 0
    while tiles:
        first = tiles - tiles % WIDTH
        levels.append([root_of(reader.tile(level, number)) for number in range(first, tiles)])
        tiles //= WIDTH
        level += 1
    return TreeEdge(bundles * WIDTH, levels)
