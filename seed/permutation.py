"""Keyed permutations of 0..n-1: they spread consecutive serials so that they look drawn, and never collide.

Not cryptography: whoever knows the seed can undo them. They hide order, not identity.
"""

import numpy as np
import numpy.typing as npt

from seed.figures import Ints

ROUNDS = 6
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def permute(serials: Ints, tweaks: Ints, *, key: int, left: int, right: int) -> Ints:
    """Map serials in [0, left*right) one-to-one onto that range, another way for each tweak and key.

    A Feistel network over Z_left x Z_right: each round adds a function of one half to the other, which can be
    undone whatever the function is, so the map is a bijection for any `left` and `right` from 2 to 2**31.
    """
    if serials.size and (serials.min() < 0 or serials.max() >= left * right):
        raise ValueError("a serial is outside the permuted range")
    high, low = np.divmod(serials, right)
    base = _mix(tweaks.astype(np.uint64) ^ _mix(np.array([key & (2**64 - 1)], dtype=np.uint64)))
    for turn in range(ROUNDS):
        if turn % 2:
            low = (low + _round(base, turn, high, right)) % right
        else:
            high = (high + _round(base, turn, low, left)) % left
    return np.asarray(high * right + low, dtype=np.int64)


def ranks(cells: Ints) -> Ints:
    """For each element its serial among the elements of the same cell, in order of position."""
    order = np.argsort(cells, kind="stable")
    ordered = cells[order]
    result = np.empty(len(cells), dtype=np.int64)
    result[order] = np.arange(len(cells)) - np.searchsorted(ordered, ordered, side="left")
    return result


def _round(base: npt.NDArray[np.uint64], turn: int, half: Ints, modulus: int) -> Ints:
    mixed = _mix(base + half.astype(np.uint64) * _GOLDEN + np.uint64(turn))
    return ((mixed >> np.uint64(11)) % np.uint64(modulus)).astype(np.int64)


def _mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
