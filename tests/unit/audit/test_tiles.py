"""Paths are those of C2SP tlog-tiles; bundles are strict."""

from __future__ import annotations

import pytest

from gateway.audit.errors import Malformed
from gateway.audit.tiles import (
    detail_path,
    entries_path,
    number_path,
    pack_entries,
    partial_widths,
    tile_path,
    unpack_details,
    unpack_entries,
)


def test_paths_are_those_of_the_specification() -> None:
    assert number_path(1234067) == "x001/x234/067"
    assert tile_path(0, 0) == "tile/0/000"
    assert tile_path(1, 1000, 17) == "tile/1/x001/000.p/17"
    assert entries_path(5, 255) == "tile/entries/005.p/255"
    assert detail_path(999) == "detail/999"


def test_partial_tiles_are_those_of_the_specification() -> None:
    assert partial_widths(70_000) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert partial_widths(256) == [(1, 0, 1)]
    assert partial_widths(0) == []


def test_a_tile_is_1_to_256_wide() -> None:
    for width in (0, 257):
        with pytest.raises(Malformed):
            tile_path(0, 0, width)


def test_a_bundle_holds_at_most_256_entries() -> None:
    assert len(unpack_entries(pack_entries([b"x"] * 256))) == 256
    with pytest.raises(Malformed):
        unpack_entries(pack_entries([b"x"] * 257))


@pytest.mark.parametrize("raw", [b"\x00", b"\x00\x02a", b"\x00\x01ab"])
def test_bundles_that_do_not_fill_their_lengths_are_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        unpack_entries(raw)
    with pytest.raises(Malformed):
        unpack_details(b"\x00\x00" + raw)
