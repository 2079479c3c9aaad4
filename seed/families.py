"""Makes couples and gives children to parents, by age patterns. Forms the units that households are made of."""

from dataclasses import dataclass

import numpy as np

from registry.datasets import MaritalStatus, Sex
from seed.drawing import match
from seed.figures import Demography, Flags, Floats, Ints
from seed.people import ADULT_AGE, DAYS_A_YEAR, People
from seed.plan import Random

MAN, WOMAN, CHILD, WARD = range(4)  # role of a person in a unit; a ward is a minor without a parent there

NOBODY = -1
MOTHER_AGE_MIN = 16.0  # at a birth
FATHER_AGE_MIN = 17.0
WARD_ELDER_AGE_MIN = 50.0
BIRTH_GAP_DAYS_MIN = 280
TWIN_GAP_DAYS_MAX = 40
CHILD_ROUNDS = 6
CHILDREN_OF_COUPLE_MAX = 3
CHILDREN_OF_OLDER_COUPLE_MAX = 4
LEFT_BEHIND_SHARE = 0.02  # minors who grow up with grandparents (modelled)
UNMARRIED_MOTHER_SHARE = 0.05  # of never-married women aged 22 to 45 (modelled)
# Never-married adults who live with their parents, by age (modelled).
_HOME_AGES = np.array([18.0, 22.0, 27.0, 35.0, 45.0, 60.0])
_HOME_SHARES = np.array([0.92, 0.82, 0.72, 0.58, 0.40, 0.05])


@dataclass(slots=True)
class Families:
    """People in units: a couple or one adult, with children. Persons and units are numbered from 0 in the block.

    By person: `unit`, `role`, `father`, `mother`, `spouse`; -1 is nobody in the block. By unit: `man`, `woman`.
    The dead stand outside: their unit is -1.
    """

    unit: Ints
    role: Ints
    father: Ints
    mother: Ints
    spouse: Ints
    man: Ints
    woman: Ints

    @property
    def size(self) -> Ints:
        """Members of each unit."""
        return np.bincount(self.unit[self.unit >= 0], minlength=len(self.man))


def form_families(random: Random, people: People, figures: Demography) -> Families:
    """Couples by age gap, children by the mother's age at birth; everybody living ends in exactly one unit."""
    count = len(people)
    unit, role, father, mother, spouse = (np.full(count, NOBODY, dtype=np.int64) for _ in range(5))
    none = np.empty(0, dtype=np.int64)
    families = Families(unit, role, father, mother, spouse, man=none, woman=none)
    husbands, wives = _couples(random, people, figures)
    families.spouse[husbands], families.spouse[wives] = wives, husbands
    at_home = _children_at_home(random, people)
    single = people.alive & ~at_home & (families.spouse == NOBODY)
    lone = np.flatnonzero(single)
    lone_men = people.sex[lone] == Sex.MALE
    families.man = np.append(husbands, np.where(lone_men, lone, NOBODY))
    families.woman = np.append(wives, np.where(lone_men, NOBODY, lone))
    _give_parents(random, people, figures, families, np.flatnonzero(at_home))
    _enter_adults(families)
    _house_the_rest(random, people, families, np.flatnonzero(at_home & (families.unit == NOBODY)))
    return families


def reference_age(people: People, families: Families) -> Floats:
    """The woman's age in each unit; without a woman, the man's less three years, the usual gap."""
    age = people.age
    return np.where(families.woman >= 0, age[families.woman], age[families.man] - 3.0)


def mother_ages(random: Random, figures: Demography, birth: Ints) -> Floats:
    """The mother's age at each birth, by the fertility pattern of the birth year."""
    year = 1970 + birth / DAYS_A_YEAR
    known = figures.fertility_years
    position = np.interp(year, known, np.arange(len(known)))
    pattern = np.minimum((position + random.random(len(birth))).astype(int), len(known) - 1)
    draw = random.random(len(birth))
    ages = np.empty(len(birth))
    for index, running in enumerate(figures.fertility):
        own = pattern == index
        ages[own] = np.interp(draw[own], running, figures.mother_age)
    return np.clip(ages, MOTHER_AGE_MIN, 50.0)


def _couples(random: Random, people: People, figures: Demography) -> tuple[Ints, Ints]:
    """Married men and women paired by rank of age, the woman's moved by a drawn gap; the surplus stays unpaired."""
    married = people.alive & (people.marital == MaritalStatus.MARRIED)
    men = random.permutation(np.flatnonzero(married & (people.sex == Sex.MALE)))
    women = random.permutation(np.flatnonzero(married & (people.sex == Sex.FEMALE)))
    count = min(len(men), len(women))
    men, women = men[:count], women[:count]
    gap = np.interp(random.random(count), figures.gap_running, figures.gap_edges)
    age = people.age
    return men[np.argsort(age[men], kind="stable")], women[np.argsort(age[women] + gap, kind="stable")]


def _children_at_home(random: Random, people: People) -> Flags:
    age = people.age
    share = np.where(age < ADULT_AGE, 1.0, np.interp(age, _HOME_AGES, _HOME_SHARES))
    single = people.marital == MaritalStatus.NEVER_MARRIED
    stays = random.random(len(people)) < share
    return np.asarray(people.alive & single & stays, dtype=np.bool_)


def _give_parents(random: Random, people: People, figures: Demography, families: Families, children: Ints) -> None:
    """Match children to free places in units by the mother's age today, in rounds; who fits nowhere stays out."""
    age = people.age
    left_behind = (age[children] < 15) & (random.random(len(children)) < LEFT_BEHIND_SHARE)
    open_children = children[~left_behind]
    place_unit = _places(random, people, families)
    place_class = reference_age(people, families)[place_unit].astype(np.int64)
    free = np.ones(len(place_unit), dtype=bool)
    taken = np.full(len(people), NOBODY)  # place of each person
    for _ in range(CHILD_ROUNDS):
        wanted = (age[open_children] + mother_ages(random, figures, people.birth[open_children])).astype(np.int64)
        offers = np.flatnonzero(free)
        found = match(random, wanted, place_class[offers])
        placed = open_children[found >= 0]
        taken[placed] = offers[found[found >= 0]]
        settled = children[taken[children] >= 0]
        clash = _clashes(people, families, settled, place_unit[taken[settled]])
        taken[settled[clash]] = NOBODY
        free[:] = True
        free[taken[children[taken[children] >= 0]]] = False
        open_children = children[(taken[children] == NOBODY) & ~left_behind]
    settled = children[taken[children] >= 0]
    unit = place_unit[taken[settled]]
    families.unit[settled] = unit
    families.role[settled] = CHILD
    families.father[settled] = families.man[unit]
    families.mother[settled] = families.woman[unit]


def _places(random: Random, people: People, families: Families) -> Ints:
    """One element for each child a unit may have: couples three or four, lone adults fewer or none."""
    man, woman = families.man, families.woman
    age = reference_age(people, families)
    lone = np.where(man >= 0, man, woman)
    never = people.marital[lone] == MaritalStatus.NEVER_MARRIED
    couples = np.where(age >= 55, CHILDREN_OF_OLDER_COUPLE_MAX, CHILDREN_OF_COUPLE_MAX)
    unmarried_mother = (man < 0) & (age >= 22) & (age < 45) & (random.random(len(man)) < UNMARRIED_MOTHER_SHARE)
    alone = np.where(man < 0, 2, 1)
    alone = np.where(never, np.where(unmarried_mother, 1, 0), alone)
    places = np.where((man >= 0) & (woman >= 0), couples, alone)
    return np.repeat(np.arange(len(man)), places)


def _clashes(people: People, families: Families, children: Ints, unit: Ints) -> Flags:
    """Children whose place cannot be theirs: the father was too young, or a sibling was born months before.

    Births a few weeks apart become twins: the later one gets the elder one's birth day.
    """
    man = families.man[unit]
    father_age = people.age[man] - people.age[children]
    clash = (man >= 0) & (father_age < FATHER_AGE_MIN)
    order = np.lexsort((people.birth[children], unit))
    ordered = children[order]
    same = unit[order][1:] == unit[order][:-1]
    gap = people.birth[ordered][1:] - people.birth[ordered][:-1]
    twins = same & (gap > 0) & (gap <= TWIN_GAP_DAYS_MAX)
    people.birth[ordered[1:][twins]] = people.birth[ordered[:-1][twins]]
    clash[order[1:][same & (gap > TWIN_GAP_DAYS_MAX) & (gap < BIRTH_GAP_DAYS_MIN)]] = True
    return clash


def _enter_adults(families: Families) -> None:
    units = np.arange(len(families.man))
    for role, adult in ((MAN, families.man), (WOMAN, families.woman)):
        present = adult >= 0
        families.unit[adult[present]] = units[present]
        families.role[adult[present]] = role


def _house_the_rest(random: Random, people: People, families: Families, rest: Ints) -> None:
    """Children who found no parents: minors become wards of elder units, adults live on their own."""
    minors = rest[people.age[rest] < ADULT_AGE]
    adults = rest[people.age[rest] >= ADULT_AGE]
    first = len(families.man)
    male = people.sex[adults] == Sex.MALE
    families.man = np.append(families.man, np.where(male, adults, NOBODY))
    families.woman = np.append(families.woman, np.where(male, NOBODY, adults))
    families.unit[adults] = first + np.arange(len(adults))
    families.role[adults] = np.where(male, MAN, WOMAN)
    age = reference_age(people, families)
    hosts = np.flatnonzero(age >= WARD_ELDER_AGE_MIN)
    if not len(hosts):
        hosts = np.argsort(age, kind="stable")[-1:]
    families.unit[minors] = random.permutation(hosts)[np.arange(len(minors)) % len(hosts)]
    families.role[minors] = WARD
