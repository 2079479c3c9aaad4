"""The tree against RFC 6962's own recursive definitions, and every proof against every change."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.errors import Inconsistent
from gateway.audit.tree import (
    EMPTY_ROOT,
    TreeEdge,
    check_consistency,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    levels_of,
    paths_in,
    range_root,
    root_from_path,
    root_of,
)


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*naive_path(index, leaves[:split]), naive_root(leaves[split:])]
    return [*naive_path(index - split, leaves[split:]), naive_root(leaves[:split])]


def naive_consistency(size: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """PROOF of RFC 6962, 2.1.2."""
    if size == len(leaves):
        return [] if whole else [naive_root(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if size <= split:
        return [*naive_consistency(size, leaves[:split], whole), naive_root(leaves[split:])]
    return [*naive_consistency(size - split, leaves[split:], False), naive_root(leaves[:split])]


def make_leaves(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(count)]


def subtree_of(leaves: list[bytes]):  # type: ignore[no-untyped-def]
    return lambda height, position: root_of(leaves[position << height : (position + 1) << height])


SIZES = st.integers(1, 200)


def test_the_roots_of_certificate_transparency_are_reproduced() -> None:
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [leaf_hash(bytes.fromhex(text)) for text in inputs]
    assert root_of(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert root_of(leaves[:7]).hex() == "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@settings(max_examples=40, deadline=None)
@given(SIZES)
def test_roots_paths_and_ranges_are_those_of_the_definition(size: int) -> None:
    leaves = make_leaves(size)
    paths = paths_in(levels_of(leaves))
    assert root_of(leaves) == naive_root(leaves) == range_root(0, size, subtree_of(leaves))
    for index in range(0, size, 7):
        expected = tuple(naive_path(index, leaves))
        assert paths[index] == expected
        assert inclusion_proof(index, size, subtree_of(leaves)) == expected
        assert root_from_path(leaves[index], index, size, expected) == naive_root(leaves)


@settings(max_examples=60, deadline=None)
@given(SIZES, st.integers(0, 199), st.integers(0, 7), st.sampled_from(("alter", "drop", "add")))
def test_a_changed_inclusion_proof_never_leads_to_the_root(size: int, index: int, at: int, change: str) -> None:
    leaves = make_leaves(size)
    index %= size
    path = list(naive_path(index, leaves))
    wrong = list(path)
    if path and change == "alter":
        wrong[at % len(path)] = bytes(32)
    elif path and change == "drop":
        wrong.pop()
    else:
        wrong.append(bytes(32))
    try:
        root = root_from_path(leaves[index], index, size, wrong)
    except Inconsistent:
        return
    assert root != root_of(leaves)


@settings(max_examples=60, deadline=None)
@given(SIZES, st.data())
def test_consistency_proofs_verify_and_changed_ones_do_not(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size))
    leaves = make_leaves(size)
    proof = consistency_proof(old, size, subtree_of(leaves))
    assert list(proof) == naive_consistency(old, leaves)
    old_root, root = naive_root(leaves[:old]), naive_root(leaves)
    check_consistency(old, old_root, size, root, proof)
    wrongs = [(old_root, bytes(32), proof), (old_root, root, (*proof, bytes(32)))]
    if old < size:
        wrongs += [(bytes(32), root, proof), (old_root, root, proof[:-1]), (old_root, root, (bytes(32), *proof[1:]))]
    for wrong_old, wrong_root, wrong_proof in wrongs:
        with pytest.raises(Inconsistent):
            check_consistency(old, wrong_old, size, wrong_root, wrong_proof)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 300), max_size=12), st.integers(0, 255))
def test_the_growing_edge_has_the_root_of_all_leaves(steps: list[int], extra: int) -> None:
    edge = TreeEdge()
    leaves = make_leaves(sum(steps) + 255)
    at = 0
    for step in steps:
        edge.take(leaves[at : at + step])
        at += step
        assert edge.root() == root_of(leaves[:at])
    more = leaves[at : at + min(extra, 255 - len(edge.levels[0]))]
    assert edge.root(more) == root_of(leaves[: at + len(more)])
    assert edge.size == at


def test_the_edge_gives_every_full_tile_once_also_on_higher_levels() -> None:
    edge = TreeEdge()
    leaves = make_leaves(256 * 256 + 5)
    tiles = edge.take(leaves)
    assert [tile[:2] for tile in tiles] == [*((0, number) for number in range(256)), (1, 0)]
    assert tiles[3][2] == b"".join(leaves[768:1024])
    assert edge.root() == root_of(leaves)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 3)])
def test_leaves_outside_the_tree_have_no_proof(index: int, size: int) -> None:
    with pytest.raises(Inconsistent):
        root_from_path(bytes(32), index, size, ())
    with pytest.raises(Inconsistent):
        inclusion_proof(index, size, lambda height, position: bytes(32))
