"""Joins units into households so that their sizes follow the published shares: elders with a grown child, siblings
and lodgers with a family. Changes who lives together and the elders' parent links, nothing else.
"""

from dataclasses import dataclass

import numpy as np

from registry.datasets import MaritalStatus
from seed.drawing import match
from seed.families import CHILD, NOBODY, Families, mother_ages, reference_age
from seed.figures import Demography, Flags, Floats, Ints
from seed.people import BASE_DAY, DAYS_A_YEAR, People
from seed.plan import Random

ALONE, ELDERS, GUEST = range(3)  # how a pair of units is joined

FATHER_AGE_MIN = 17.0
BIRTH_GAP_DAYS_MIN = 280
PATRILOCAL_SHARE = 0.87  # elders live with a son rather than a daughter (modelled)
ELDER_AGE_MIN = 40.0
GUEST_AGE_GAP_CLASS = 8.0
PAIRED_GUEST_SHARE = 0.5  # single adults offered to each other; the rest to families
JOIN_STEPS = 160
_SIZE_LIMIT = 16


@dataclass(frozen=True, slots=True)
class Joins:
    """Accepted pairs: unit `guest` lives with unit `host`. For ELDERS the host is the elder unit and `link` the
    person of the guest unit who is their child; otherwise `link` is -1.
    """

    kind: Ints
    host: Ints
    guest: Ints
    link: Ints


def join_units(random: Random, people: People, families: Families, figures: Demography) -> Joins:
    """Choose which candidate pairs live together, and enter the elders as parents of the link person."""
    elders = _elder_pairs(random, people, families, figures)
    guests = _guest_pairs(random, people, families, np.append(elders.host, elders.guest))
    candidates = Joins(
        *(np.append(a, b) for a, b in zip(_columns(elders), _columns(guests), strict=True)),
    )
    size = families.size
    chosen = _choose(random, size, candidates.host, candidates.guest, figures)
    joins = Joins(*(values[chosen] for values in _columns(candidates)))
    link, host = joins.link[joins.kind == ELDERS], joins.host[joins.kind == ELDERS]
    families.father[link] = families.man[host]
    families.mother[link] = families.woman[host]
    return joins


def _columns(joins: Joins) -> tuple[Ints, Ints, Ints, Ints]:
    return joins.kind, joins.host, joins.guest, joins.link


def _elder_pairs(random: Random, people: People, families: Families, figures: Demography) -> Joins:
    """Elder units with the unit of a grown child, by the mother's age at the child's birth."""
    age = reference_age(people, families)
    adult = np.where(families.man >= 0, families.man, families.woman)
    ever_married = people.marital[adult] != MaritalStatus.NEVER_MARRIED
    is_elder = ever_married & (random.random(len(age)) < (age - ELDER_AGE_MIN) / 15)
    elder = np.flatnonzero(is_elder)
    young = np.flatnonzero(ever_married & ~is_elder)
    by_man = (families.man[young] >= 0) & ((families.woman[young] < 0) | (random.random(len(young)) < PATRILOCAL_SHARE))
    link = np.where(by_man, families.man[young], families.woman[young])
    # Their children were born about 27 years after them, which chooses the fertility pattern.
    about = BASE_DAY - ((age[elder] - 27.0) * DAYS_A_YEAR).astype(np.int64)
    wanted = (age[elder] - mother_ages(random, figures, about)).astype(np.int64)
    found = match(random, wanted, people.age[link].astype(np.int64))
    host = elder[found >= 0]
    guest, link = young[found[found >= 0]], link[found[found >= 0]]
    father = families.man[host]
    possible = (father < 0) | (people.age[father] - people.age[link] >= FATHER_AGE_MIN)
    possible &= ~_too_close(people, families, host, link)
    return Joins(np.full(possible.sum(), ELDERS), host[possible], guest[possible], link[possible])


def _too_close(people: People, families: Families, host: Ints, link: Ints) -> Flags:
    """Whether the link person was born within months of a child of the elder unit."""
    pair_of_unit = np.full(len(families.man), NOBODY)
    pair_of_unit[host] = np.arange(len(host))
    children = np.flatnonzero((families.role == CHILD) & (families.unit >= 0))
    pair = pair_of_unit[families.unit[children]]
    children, pair = children[pair >= 0], pair[pair >= 0]
    near = np.abs(people.birth[children] - people.birth[link[pair]]) < BIRTH_GAP_DAYS_MIN
    close = np.zeros(len(host), dtype=bool)
    close[pair[near]] = True
    return close


def _guest_pairs(random: Random, people: People, families: Families, used: Ints) -> Joins:
    """Single adults with each other, or with a family of about their age."""
    size = families.size
    age = reference_age(people, families)
    free = np.ones(len(size), dtype=bool)
    free[used] = False
    alone = random.permutation(np.flatnonzero(free & (size == 1) & (age < 60)))
    paired = alone[: int(len(alone) * PAIRED_GUEST_SHARE) // 2 * 2]
    classes = (age / GUEST_AGE_GAP_CLASS).astype(np.int64)
    ordered = paired[np.argsort(age[paired], kind="stable")]
    hosts, others = ordered[0::2], ordered[1::2]
    rest = alone[len(paired) :]
    families_free = np.flatnonzero(free & (size > 1))
    found = match(random, classes[rest], classes[families_free])
    host = np.append(hosts, families_free[found[found >= 0]])
    guest = np.append(others, rest[found >= 0])
    return Joins(np.full(len(host), GUEST), host, guest, np.full(len(host), NOBODY))


def _choose(random: Random, size: Ints, host: Ints, guest: Ints, figures: Demography) -> Ints:
    """Candidate pairs to accept, so that household sizes come as near their shares as the pairs allow."""
    people = int(size.sum())
    households = people / figures.household_size_mean
    target = np.full(_SIZE_LIMIT, 0.02)
    target[1 : len(figures.household_sizes) + 1] = figures.household_sizes * households
    histogram = np.bincount(np.minimum(size, _SIZE_LIMIT - 1), minlength=_SIZE_LIMIT).astype(float)
    fits = size[host] + size[guest] <= len(figures.household_sizes)
    usable = np.flatnonzero(fits)
    code = size[host] * _SIZE_LIMIT + size[guest]
    classes, offered = np.unique(code[usable], return_counts=True)
    wanted = max(round(len(size) - households), 0)
    accepted = _descend(histogram, target, classes, offered, wanted)
    order = random.permutation(usable)
    serial = np.empty(len(order), dtype=np.int64)
    by_class = np.argsort(code[order], kind="stable")
    ordered = code[order][by_class]
    serial[by_class] = np.arange(len(order)) - np.searchsorted(ordered, ordered, side="left")
    quota = dict(zip(classes.tolist(), accepted.tolist(), strict=True))
    limit = np.array([quota[value] for value in code[order].tolist()], dtype=np.int64)
    return np.sort(order[serial < limit])


def _descend(histogram: Floats, target: Floats, classes: Ints, offered: Ints, wanted: int) -> Ints:
    """How many pairs of each size class to join: steepest descent on the squared distance, `wanted` in all."""
    host, guest = np.divmod(classes, _SIZE_LIMIT)
    accepted = np.zeros(len(classes), dtype=np.int64)
    step = max(1, wanted // JOIN_STEPS)
    while wanted > 0 and (accepted < offered).any():
        slope = (histogram - target) / target
        change = slope[host + guest] - slope[host] - slope[guest]
        change[accepted >= offered] = np.inf
        best = int(np.argmin(change))
        amount = min(step, wanted, int(offered[best] - accepted[best]))
        accepted[best] += amount
        histogram[host[best]] -= amount
        histogram[guest[best]] -= amount
        histogram[host[best] + guest[best]] += amount
        wanted -= amount
    return accepted
