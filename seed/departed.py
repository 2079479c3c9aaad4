"""Gives those who died in the year before the base date the household they left, and their children their parent."""

import numpy as np

from registry.datasets import MaritalStatus, Relation, Sex
from seed.drawing import match
from seed.families import FATHER_AGE_MIN, MOTHER_AGE_MIN, NOBODY, Families, mother_ages
from seed.figures import Demography, Ints
from seed.people import People
from seed.plan import Random
from seed.relations import Homes

SPOUSE_AGE_CLASS = 4.0
USUAL_GAP = 3.0


def place_departed(random: Random, people: People, families: Families, homes: Homes, figures: Demography) -> None:
    """Late husbands and wives of the widowed, late parents of heads, and for the rest any household.

    Sets `household` and `line` of the dead and may set `father` and `mother` of the living. The dead keep no
    relation to the head, only what it was (`left_as`), and are counted in no household's size.
    """
    dead = np.flatnonzero(~people.alive)
    homes.line[dead] = homes.lines + np.arange(len(dead))
    homes.lines += len(dead)
    for sex, widowed_sex in ((Sex.MALE, Sex.FEMALE), (Sex.FEMALE, Sex.MALE)):
        own = dead[people.sex[dead] == sex]
        _as_spouses(random, people, families, homes, own, widowed_sex)
        left = own[homes.household[own] == NOBODY]
        _as_parents(random, people, families, homes, figures, left, sex)
    left = dead[homes.household[dead] == NOBODY]
    homes.household[left] = random.integers(0, len(homes.head), len(left))
    head = homes.head[homes.household[dead]]
    homes.left_as[dead] = np.select(
        [families.father[head] == dead, families.mother[head] == dead, homes.left_as[dead] == head],
        [Relation.FATHER, Relation.MOTHER, np.where(people.sex[dead] == Sex.MALE, Relation.HUSBAND, Relation.WIFE)],
        Relation.OTHER,
    )


def _as_spouses(random: Random, people: People, families: Families, homes: Homes, dead: Ints, widowed_sex: Sex) -> None:
    dead = dead[people.marital[dead] == MaritalStatus.MARRIED]
    widowed = people.alive & (people.marital == MaritalStatus.WIDOWED) & (people.sex == widowed_sex)
    partner = np.flatnonzero(widowed)
    shift = -USUAL_GAP if widowed_sex == Sex.FEMALE else USUAL_GAP
    wanted = ((people.age[dead] + shift) / SPOUSE_AGE_CLASS).astype(np.int64)
    found = match(random, wanted, (people.age[partner] / SPOUSE_AGE_CLASS).astype(np.int64))
    dead, partner = dead[found >= 0], partner[found[found >= 0]]
    homes.household[dead] = homes.household[partner]
    homes.left_as[dead] = partner
    late = np.full(len(people), NOBODY)
    late[partner] = dead
    if widowed_sex == Sex.FEMALE:
        homes.line[dead] = families.unit[partner]  # a widow's children carry the line of her own unit
        _add_parent(people, families.father, families.mother, late, FATHER_AGE_MIN)
    else:
        _add_parent(people, families.mother, families.father, late, MOTHER_AGE_MIN)


def _add_parent(people: People, missing: Ints, known: Ints, late: Ints, age_min: float) -> None:
    """Fill the missing parent of each child of a widowed person with the late one, where the ages allow it."""
    child = np.flatnonzero((missing == NOBODY) & (known != NOBODY))
    parent = late[known[child]]
    possible = (parent != NOBODY) & (people.age[parent] - people.age[child] >= age_min)
    missing[child[possible]] = parent[possible]


def _as_parents(
    random: Random, people: People, families: Families, homes: Homes, figures: Demography, dead: Ints, sex: Sex
) -> None:
    orphan = homes.head[(families.father[homes.head] == NOBODY) & (families.mother[homes.head] == NOBODY)]
    shift = USUAL_GAP if sex == Sex.MALE else 0.0
    wanted = people.age[dead] - shift - mother_ages(random, figures, people.birth[dead])
    found = match(random, wanted.astype(np.int64), people.age[orphan].astype(np.int64))
    dead, child = dead[found >= 0], orphan[found[found >= 0]]
    homes.household[dead] = homes.household[child]
    if sex == Sex.MALE:
        families.father[child] = dead
        homes.line[dead] = homes.line[child]
    else:
        families.mother[child] = dead
