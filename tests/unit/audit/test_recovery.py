"""The tree's edge comes back from full tiles, on every level."""

from __future__ import annotations

import pytest

from gateway.audit.reader import LogReader
from gateway.audit.recovery import edge_from_tiles
from gateway.audit.tiles import tile_path
from gateway.audit.tree import TreeEdge, leaf_hash


@pytest.mark.parametrize("bundles", [0, 1, 2, 255, 256, 257, 600])
def test_the_edge_from_tiles_is_the_edge_that_grew(bundles: int) -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(256)]
    grown = TreeEdge()
    tiles: dict[str, bytes] = {}
    for number in range(bundles):
        for level, tile, hashes in grown.take([*leaves[number % 256 :], *leaves[: number % 256]]):
            tiles[f"/log/{tile_path(level, tile)}"] = hashes
    edge = edge_from_tiles(LogReader("/log", tiles.__getitem__), bundles)
    assert (edge.size, edge.root()) == (grown.size, grown.root())
    assert edge.take(leaves) == grown.take(leaves)
    assert edge.root() == grown.root()
