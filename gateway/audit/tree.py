"""The RFC 6962 Merkle tree: hashes, roots, proofs of inclusion and consistency, the growing right edge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from gateway.audit.errors import Inconsistent

HASH_BYTES = 32
TILE_WIDTH = 256
EMPTY_ROOT = sha256(b"").digest()

_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(data: bytes) -> bytes:
    """Hash of one entry (RFC 6962, 2.1)."""
    return sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node (RFC 6962, 2.1)."""
    return sha256(_NODE + left + right).digest()


def levels_of(nodes: Sequence[bytes]) -> list[list[bytes]]:
    """All levels from the given nodes up to the single root.

    An odd last node moves up unhashed, which gives the same tree as RFC 6962's split at the largest power
    of two. The nodes may be roots of equally large complete subtrees, the last one of a smaller one. At
    least one node.
    """
    level = list(nodes)
    levels = [level]
    while len(level) > 1:
        above = [sha256(_NODE + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
        if len(level) % 2:
            above.append(level[-1])
        levels.append(above)
        level = above
    return levels


def root_of(nodes: Sequence[bytes]) -> bytes:
    """Root over leaf hashes or subtree roots; the hash of nothing for an empty tree."""
    if not nodes:
        return EMPTY_ROOT
    return levels_of(nodes)[-1][0]


def paths_in(levels: Sequence[Sequence[bytes]]) -> list[tuple[bytes, ...]]:
    """Inclusion paths of all leaves in the tree given by `levels_of`, each leaf to root; 0.3 us a leaf."""
    paths: list[tuple[bytes, ...]] = [()]
    for level in reversed(levels[:-1]):
        below: list[tuple[bytes, ...]] = []
        for left, right, above in zip(level[::2], level[1::2], paths, strict=False):
            below += ((right, *above), (left, *above))
        if len(level) % 2:
            below.append(paths[-1])
        paths = below
    return paths


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root an inclusion path leads to (RFC 9162, 2.1.3.2). Raises Inconsistent when it cannot fit."""
    if not 0 <= index < size:
        raise Inconsistent(f"leaf {index} lies outside a tree of {size}")
    node, last, result, used = index, size - 1, leaf, 0
    while last:
        if node & 1 or node < last:
            if used == len(path):
                raise Inconsistent("the inclusion path is too short")
            beside = path[used]
            used += 1
            result = node_hash(beside, result) if node & 1 else node_hash(result, beside)
        node >>= 1
        last >>= 1
    if used != len(path):
        raise Inconsistent("the inclusion path is too long")
    return result


def check_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the older tree is a prefix of the newer (RFC 9162, 2.1.4.2). Raises Inconsistent."""
    if not 0 < old_size <= new_size:
        raise Inconsistent(f"a tree of {old_size} is not a non-empty prefix of one of {new_size}")
    if old_size == new_size:
        if proof or old_root != new_root:
            raise Inconsistent("two trees of one size have different roots")
        return
    hashes = list(proof)
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise Inconsistent("the consistency proof is empty")
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node >>= 1
        last >>= 1
    old = new = hashes[0]
    for beside in hashes[1:]:
        if last == 0:
            raise Inconsistent("the consistency proof is too long")
        if node & 1 or node == last:
            old, new = node_hash(beside, old), node_hash(beside, new)
            while node and not node & 1:
                node >>= 1
                last >>= 1
        else:
            new = node_hash(new, beside)
        node >>= 1
        last >>= 1
    if last or old != old_root or new != new_root:
        raise Inconsistent(f"the tree of {new_size} does not extend the tree of {old_size}")


SubtreeRoot = Callable[[int, int], bytes]
"""(height, position) -> root of the complete subtree number `position` of those with 2**height leaves."""


def range_root(start: int, end: int, subtree: SubtreeRoot) -> bytes:
    """Root over leaves start..end-1; start is a multiple of a power of two no smaller than the range."""
    count = end - start
    height = (count - 1).bit_length()
    if count == 1 << height:
        return subtree(height, start >> height)
    middle = start + (1 << (height - 1))
    return node_hash(range_root(start, middle, subtree), range_root(middle, end, subtree))


def inclusion_proof(index: int, size: int, subtree: SubtreeRoot) -> tuple[bytes, ...]:
    """Inclusion path of a leaf in the tree of `size` leaves, leaf to root (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise Inconsistent(f"leaf {index} lies outside a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if index < middle:
            path.append(range_root(middle, end, subtree))
            end = middle
        else:
            path.append(range_root(start, middle, subtree))
            start = middle
    return tuple(reversed(path))


def consistency_proof(old_size: int, new_size: int, subtree: SubtreeRoot) -> tuple[bytes, ...]:
    """Proof that the tree of `old_size` is a prefix of that of `new_size` (RFC 6962, 2.1.2)."""
    if not 0 < old_size <= new_size:
        raise Inconsistent(f"a tree of {old_size} is not a non-empty prefix of one of {new_size}")
    proof: list[bytes] = []
    start, end = 0, new_size
    whole = True
    while old_size != end:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if old_size <= middle:
            proof.append(range_root(middle, end, subtree))
            end = middle
        else:
            proof.append(range_root(start, middle, subtree))
            start = middle
            whole = False
    if not whole:
        proof.append(range_root(start, end, subtree))
    return tuple(reversed(proof))


class TreeEdge:
    """The right edge of a growing tree: per tile level, the hashes of the tile that is not full yet.

    `take` adds leaf hashes and returns the tiles that became full as (level, number, hashes joined).
    About 1 us a leaf; a root costs at most 255 hashes a level.
    """

    __slots__ = ("levels", "size")

    def __init__(self, size: int = 0, levels: list[list[bytes]] | None = None) -> None:
        self.size = size
        self.levels: list[list[bytes]] = levels if levels is not None else [[]]

    def take(self, leaves: Sequence[bytes]) -> list[tuple[int, int, bytes]]:
        """Append leaf hashes; the tiles filled by them, lower levels first."""
        full: list[tuple[int, int, bytes]] = []
        at = 0
        while at < len(leaves):
            room = TILE_WIDTH - len(self.levels[0])
            part = leaves[at : at + room]
            self.levels[0].extend(part)
            self.size += len(part)
            at += len(part)
            self._carry(full)
        return full

    def root(self, extra: Sequence[bytes] = ()) -> bytes:
        """Root of the tree, as if the `extra` leaf hashes (fewer than fill the tile) had been appended."""
        result: bytes | None = None
        for number, level in enumerate(self.levels):
            nodes = [*level, *extra] if number == 0 else list(level)
            if result is not None:
                nodes.append(result)
            if nodes:
                result = root_of(nodes)
        return EMPTY_ROOT if result is None else result

    def _carry(self, full: list[tuple[int, int, bytes]]) -> None:
        level, span = 0, TILE_WIDTH
        while len(self.levels[level]) == TILE_WIDTH:
            hashes = self.levels[level]
            full.append((level, self.size // span - 1, b"".join(hashes)))
            self.levels[level] = []
            if level + 1 == len(self.levels):
                self.levels.append([])
            self.levels[level + 1].append(root_of(hashes))
            level += 1
            span *= TILE_WIDTH
