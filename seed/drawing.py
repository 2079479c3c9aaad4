"""Ways to draw that several parts of the generator share: quotas, one-to-one matches, weighted cells."""

import numpy as np

from seed.figures import Floats, Ints
from seed.plan import Random


def spread(random: Random, running: Floats, count: int) -> Ints:
    """`count` cells in ascending order, each cell as often as its share says, to within one.

    `running` are running shares that end at 1. One random start, then equal steps (systematic sampling).
    """
    points = (np.arange(count) + random.random()) / max(count, 1)
    return np.searchsorted(running, np.minimum(points, 1 - 1e-12), side="right")


def shuffled(random: Random, running: Floats, count: int) -> Ints:
    """Like `spread`, in random order."""
    return random.permutation(spread(random, running, count))


def pick(random: Random, running: Floats, count: int) -> Ints:
    """`count` independent draws of a cell."""
    return np.searchsorted(running, random.random(count), side="right")


def match(random: Random, wanted: Ints, offered: Ints) -> Ints:
    """For each wanted class the index of an offer of that class, -1 when they ran out; no offer is used twice."""
    wanted_order = np.argsort(wanted + random.random(len(wanted)), kind="stable")
    offered_order = np.argsort(offered + random.random(len(offered)), kind="stable")
    ordered = wanted[wanted_order]
    supply = offered[offered_order]
    serial = np.arange(len(ordered)) - np.searchsorted(ordered, ordered, side="left")
    place = np.searchsorted(supply, ordered, side="left") + serial
    found = place < np.searchsorted(supply, ordered, side="right")
    result = np.full(len(wanted), -1, dtype=np.int64)
    result[wanted_order[found]] = offered_order[place[found]]
    return result
