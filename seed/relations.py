"""Numbers the households, chooses their heads and says how each member is related to the head, and which family
line everybody belongs to. A line is what surname, ethnic group and native place are handed down by.
"""

from dataclasses import dataclass

import numpy as np

from registry.datasets import MaritalStatus, Relation, Sex
from seed.families import CHILD, MAN, NOBODY, WARD, WOMAN, Families, reference_age
from seed.figures import Flags, Ints
from seed.households import ALONE, ELDERS, GUEST, Joins
from seed.people import People
from seed.plan import Random

MAN_HEAD_SHARE = 0.82
SIBLING_GUEST_SHARE = 0.6
SIBLING_AGE_GAP_MAX = 15.0
GRANDCHILD_AGE_GAP_MIN = 36.0
ADOPTED_SHARE = 0.004
LODGER_SHARE = 0.4  # of guests who are no siblings


@dataclass(slots=True)
class Homes:
    """Households of a block, numbered from 0. By person: `household`, `relation` and `line`; by household: `head`.

    The dead have relation -1, and household -1 until `seed.departed` places them; `left_as` is their last relation.
    """

    household: Ints
    relation: Ints
    line: Ints
    left_as: Ints
    head: Ints
    lines: int


def relate(random: Random, people: People, families: Families, joins: Joins) -> Homes:
    """Every living person gets one household, one relation and one line; every household exactly one head."""
    units = len(families.man)
    root = np.arange(units)
    root[joins.guest] = joins.host
    used, household_of_unit = np.unique(root, return_inverse=True)
    living = families.unit >= 0
    household = np.where(living, household_of_unit[families.unit], NOBODY)
    head = _heads(random, people, families, joins, used)
    relation = _relations(random, people, families, joins, household, head)
    line = _lines(people, families, joins, household_of_unit, head, relation)
    return Homes(
        household=household,
        relation=np.where(living, relation, NOBODY),
        line=line,
        left_as=np.full(len(people), NOBODY),
        head=head,
        lines=2 * units,
    )


def _heads(random: Random, people: People, families: Families, joins: Joins, roots: Ints) -> Ints:
    """One adult a household: a man more often than his wife, elders until they hand over."""
    unit = roots.copy()
    place = np.searchsorted(roots, joins.host)
    age = reference_age(people, families)[joins.host]
    keeps = random.random(len(joins.host)) < np.interp(age, [55, 65, 75, 85], [0.9, 0.65, 0.3, 0.1])
    hands_over = (joins.kind == ELDERS) & ~keeps
    unit[place[hands_over]] = joins.guest[hands_over]
    man, woman = families.man[unit], families.woman[unit]
    by_man = (woman < 0) | ((man >= 0) & (random.random(len(unit)) < MAN_HEAD_SHARE))
    return np.where(by_man, man, woman)


def _relations(random: Random, people: People, families: Families, joins: Joins, household: Ints, head: Ints) -> Ints:
    units = len(families.man)
    kind, link = np.full(units, ALONE), np.full(units, NOBODY)
    for side in (joins.host, joins.guest):
        kind[side], link[side] = joins.kind, joins.link
    person_head = head[household]
    unit = families.unit
    own = unit == families.unit[person_head]
    male = people.sex == Sex.MALE
    older_than_head = people.birth < people.birth[person_head]
    gap = people.age[person_head] - people.age
    adult = (families.role == MAN) | (families.role == WOMAN)
    child = families.role == CHILD
    ward = families.role == WARD
    joined = kind[unit]
    is_link = np.arange(len(unit)) == link[unit]
    head_is_child = (link[unit] == person_head) & (joined == ELDERS) & ~own
    head_is_elder = (joined == ELDERS) & ~own & (families.unit[person_head] != families.unit[link[unit]])
    sibling = np.where(
        older_than_head,
        np.where(male, Relation.ELDER_BROTHER, Relation.ELDER_SISTER),
        Relation.YOUNGER_SIBLING,
    )
    relation = np.full(len(unit), int(Relation.OTHER))

    def say(where: Flags, value: Ints | int) -> None:
        relation[where] = np.broadcast_to(np.asarray(value), relation.shape)[where]

    say(own & adult, np.where(male, Relation.HUSBAND, Relation.WIFE))
    adopted = random.random(len(unit)) < ADOPTED_SHARE
    say(own & child, np.where(adopted, Relation.ADOPTED_CHILD, Relation.CHILD))
    say(own & ward & (gap >= GRANDCHILD_AGE_GAP_MIN), Relation.GRANDCHILD)
    say(head_is_elder & adult & is_link, Relation.CHILD)
    say(head_is_elder & adult & ~is_link, np.where(male, Relation.SON_IN_LAW, Relation.DAUGHTER_IN_LAW))
    say(head_is_elder & child, Relation.GRANDCHILD)
    in_law = (joined == ELDERS) & ~own & ~head_is_elder & ~head_is_child
    say(head_is_child & adult, np.where(male, Relation.FATHER, Relation.MOTHER))
    say(head_is_child & child, sibling)
    say(in_law & adult, np.where(male, Relation.FATHER_IN_LAW, Relation.MOTHER_IN_LAW))
    guest = (joined == GUEST) & ~own
    akin = random.random(len(unit)) < SIBLING_GUEST_SHARE
    say(guest & (random.random(len(unit)) < LODGER_SHARE), Relation.LODGER)
    say(guest & adult & akin & (np.abs(gap) <= SIBLING_AGE_GAP_MAX), sibling)
    relation[head] = Relation.HEAD
    return relation


def _lines(
    people: People, families: Families, joins: Joins, household_of_unit: Ints, head: Ints, relation: Ints
) -> Ints:
    """Line u is handed down by the men of unit u; line units+u is the one its woman was born into."""
    units = len(families.man)
    same_as = np.arange(2 * units)
    woman = families.woman
    unmarried = (families.man < 0) & (people.marital[woman] == MaritalStatus.NEVER_MARRIED)
    same_as[:units][unmarried] = units + np.flatnonzero(unmarried)
    elders = joins.kind == ELDERS
    guest, host, link = joins.guest[elders], joins.host[elders], joins.link[elders]
    through_son = people.sex[link] == Sex.MALE
    same_as[np.where(through_son, guest, units + guest)] = host
    same_as[_siblings_own_line(people, families, joins, relation)] = _head_line(
        people, families, joins, household_of_unit, head, relation
    )
    line = np.where(families.role == WOMAN, units + families.unit, families.unit)
    return np.where(families.unit >= 0, same_as[line], NOBODY)


def _sibling_joins(families: Families, joins: Joins, relation: Ints) -> tuple[Ints, Ints]:
    """The guests who are siblings of the head: person and unit."""
    unit = joins.guest[joins.kind == GUEST]
    person = np.where(families.man[unit] >= 0, families.man[unit], families.woman[unit])
    kin = np.isin(relation[person], (Relation.ELDER_BROTHER, Relation.ELDER_SISTER, Relation.YOUNGER_SIBLING))
    return person[kin], unit[kin]


def _siblings_own_line(people: People, families: Families, joins: Joins, relation: Ints) -> Ints:
    person, unit = _sibling_joins(families, joins, relation)
    return np.where(people.sex[person] == Sex.MALE, unit, len(families.man) + unit)


def _head_line(
    people: People, families: Families, joins: Joins, household_of_unit: Ints, head: Ints, relation: Ints
) -> Ints:
    _, unit = _sibling_joins(families, joins, relation)
    leader = head[household_of_unit[unit]]
    offset = np.where(people.sex[leader] == Sex.MALE, 0, len(families.man))
    return offset + families.unit[leader]
