"""Builds the tag index from published bundles. What it writes can be deleted and built again at any time."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np

from gateway.audit.checkpoint import from_text
from gateway.audit.entry import tags_of
from gateway.audit.files import Files
from gateway.audit.index import BUNDLES_PER_SPAN, HEADER, MAGIC, SPAN, bindings, positions_in, span_path
from gateway.audit.note import parse
from gateway.audit.reader import LogReader


class TagIndexer:
    """Builds the index of every span of 4,096 entries that has become full. One process runs it."""

    def __init__(self, files: Files, log_directory: str, index_directory: str) -> None:
        self._files = files
        self._reader = LogReader(log_directory, files.read)
        self._directory = index_directory
        self._next = 0

    def catch_up(self, stopped: Callable[[], bool]) -> int:
        """Index what the checkpoint covers and is not indexed yet; how many spans were built.

        About 1 us an entry and 0.1 us a tag. The checkpoint's signature is for readers to check.
        """
        size = from_text(parse(self._reader.checkpoint()).text).size
        built = 0
        binding = bindings(self._reader, size)
        while (self._next + 1) * SPAN <= size and not stopped():
            bound = binding(self._next)
            if positions_in(self._directory, self._next, (), bound) is None:
                self._build(self._next, bound)
                built += 1
            self._next += 1
        return built

    def _build(self, span: int, binding: bytes) -> None:
        first = span * BUNDLES_PER_SPAN
        tags = [
            tags_of(entry)
            for number in range(first, first + BUNDLES_PER_SPAN)
            for entry in self._reader.entries(number)
        ]
        prefixes = np.frombuffer(b"".join(tags), dtype=">u8")[::2].astype(np.uint64)
        counts = [len(joined) // 16 for joined in tags]
        positions = np.repeat(np.arange(SPAN, dtype=np.uint16), counts)
        order = np.argsort(prefixes, kind="stable")
        path = span_path(self._directory, span)
        self._files.make_directories(os.path.dirname(path))
        self._files.write_atomically(
            path,
            HEADER.pack(MAGIC, span * SPAN, len(order), binding)
            + prefixes[order].tobytes()
            + positions[order].tobytes(),
        )
