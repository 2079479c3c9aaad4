"""What the registries of other agencies know of a block's people: arrays in order of person id. Draws occupations,
so that all registries agree on who learns, works or is retired, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from zlib import crc32

import numpy as np

from registry.datasets import Sex
from seed.calendar import days
from seed.figures import Flags, Floats, Ints, Texts, column, read_rows
from seed.papers import Digits
from seed.people import BASE_DAY, DAYS_A_YEAR
from seed.places import places
from seed.plan import Plan, Random
from seed.rows import Column, Facts, Rows

SCHOOL_YEAR = 2023  # the school year 2023-2024 runs at the base date
_URBAN, _RURAL = "urban", "rural"


class Activity(IntEnum):
    """What a person does at the base date, one thing only; the dead do nothing."""

    NONE = 0  # infants, elders without a pension, people who keep house
    PRESCHOOL = 1
    PUPIL = 2  # grades 1 to 12
    VOCATIONAL = 3
    STUDENT = 4
    EMPLOYEE = 5  # of an enterprise, with a contract
    PUBLIC = 6  # teachers, cadres, civil servants, public employees
    OWN_ACCOUNT = 7  # farms, household businesses, work without a contract
    PENSIONER = 8


@dataclass(frozen=True, slots=True)
class Subjects:
    """The people of one block, one element each; element i has the id `first + i`.

    `father`, `mother`, `spouse` and `head` (of the household) are positions in these arrays, -1 is nobody. Days count
    from 1970-01-01, `death` is 0 for the living; `card_issued` is a day too, 0 without a card. Communes and provinces
    are positions in `places()`: `commune` and `province` of the permanent residence, `registered` of the birth
    registration. `grade` is the grade 1 to 12 of pupils, the year of study of students, else 0.
    """

    plan: Plan
    block: int
    person: Rows
    person_id: Ints
    birth: Ints
    birth_year: Ints
    age: Floats
    sex: Ints
    marital: Ints
    alive: Flags
    death: Ints
    father: Ints
    mother: Ints
    spouse: Ints
    head: Ints
    commune: Ints
    province: Ints
    registered: Ints
    urban: Flags
    ethnic: Ints
    card_issued: Ints
    activity: Ints
    grade: Ints

    def __len__(self) -> int:
        return len(self.person_id)

    @property
    def number(self) -> Digits:
        """Personal numbers, 12 digits each."""
        number: Digits = self.person["number"]
        return number

    @property
    def phone(self) -> Column:
        """Ten digits, masked where there is none."""
        return self.person["phone"]

    @property
    def province_code(self) -> Texts:
        """Two digits of one of the 63 provinces: of the permanent residence."""
        code: Texts = places().province_code[self.province]
        return code

    @property
    def province_number(self) -> Ints:
        """The same as a number."""
        return places().birth_code[self.province]

    def random(self, name: str) -> Random:
        """The stream of one registry in this block: whatever others draw, it gives the same."""
        return stream(self.plan, self.block, name)


def stream(plan: Plan, block: int, name: str) -> Random:
    """A source of randomness of its own for one purpose in one block."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([plan.seed, block, crc32(name.encode())])))


def subjects_of(facts: Facts, tables: Mapping[str, Rows]) -> Subjects:
    """The view of a block whose person tables are laid out."""
    at, people, land = facts.order, facts.people, places()
    position = np.full(len(at) + 1, -1, dtype=np.int64)  # the last element stands for nobody
    position[at] = np.arange(len(at))
    commune = facts.settlement.commune[facts.homes.household[at]]
    birth_year = tables["person"]["birth_year"]
    urban, alive, age = land.urban[commune] == 1, people.alive[at], people.age[at]
    activity = _activity(stream(facts.plan, facts.block, "activity"), birth_year, age, people.sex[at], urban)
    activity[~alive] = Activity.NONE
    cards = tables["identity_document"]
    card_issued = np.zeros(len(at), dtype=np.int64)
    card_issued[cards["person_id"] - facts.person_id[at[0]]] = days(cards["issued_on"])
    return Subjects(
        plan=facts.plan,
        block=facts.block,
        person=tables["person"],
        person_id=facts.person_id[at],
        birth=people.birth[at],
        birth_year=birth_year,
        age=age,
        sex=people.sex[at],
        marital=people.marital[at],
        alive=alive,
        death=people.death[at],
        father=position[facts.families.father[at]],
        mother=position[facts.families.mother[at]],
        spouse=position[facts.families.spouse[at]],
        head=position[facts.homes.head[facts.homes.household[at]]],
        commune=commune,
        province=land.commune_province[commune],
        registered=facts.settlement.registered[at],
        urban=urban,
        ethnic=facts.settlement.ethnic[at],
        card_issued=card_issued,
        activity=activity,
        grade=_grade(activity, birth_year),
    )


def _activity(random: Random, birth_year: Ints, age: Floats, sex: Ints, urban: Flags) -> Ints:
    """Learners by the year they were born in, as schools count; everybody else by age, sex and kind of commune."""
    years = np.where(SCHOOL_YEAR - birth_year < 25, SCHOOL_YEAR - birth_year, age).astype(np.int64)
    running = _shares()
    row = ((sex - int(Sex.MALE)) * 2 + urban) * running.shape[1] + np.clip(years, 0, running.shape[1] - 1)
    flat = (running.reshape(-1, running.shape[2]) + np.arange(running.shape[0] * running.shape[1])[:, None]).ravel()
    cell = np.searchsorted(flat, row + random.random(len(row)), side="right")
    return np.asarray(cell - row * running.shape[2], dtype=np.int64)


def _grade(activity: Ints, birth_year: Ints) -> Ints:
    years = SCHOOL_YEAR - birth_year
    learns = [activity == Activity.PUPIL, (activity == Activity.STUDENT) | (activity == Activity.VOCATIONAL)]
    return np.select(learns, [np.clip(years - 5, 1, 12), np.clip(years - 17, 1, 6)], 0)


@cache
def _shares() -> Floats:
    """Running shares by [sex and kind of commune, year of age, activity]; what is missing to 100 is no activity."""
    rows = read_rows("activity_by_age.csv")
    names = [activity.name.lower() + "_pct" for activity in Activity if activity is not Activity.NONE]
    tables = []
    for sex in ("male", "female"):
        for area in (_RURAL, _URBAN):
            own = [row for row in rows if row["sex"] == sex and row["area"] == area]
            start = column(own, "age_from").astype(int)
            at = np.searchsorted(start, np.arange(start[-1] + 1), side="right") - 1
            some = np.array([column(own, name)[at] for name in names]).T / 100
            tables.append(np.hstack([1 - some.sum(axis=1, keepdims=True), some]))
    running = np.cumsum(np.array(tables), axis=2)
    running[:, :, -1] = 1.0
    return running


def day_after(random: Random, start: Ints, *, until: Ints | int = BASE_DAY) -> Ints:
    """A day from `start` to the day before `until`, all equally likely; `start` itself when there is none."""
    return np.asarray(start + (random.random(len(start)) * np.maximum(until - start, 1)).astype(np.int64))


def years_later(birth: Ints, years: float) -> Ints:
    """About the day somebody reached an age; a day or two off, which no registry notices."""
    return birth + int(years * DAYS_A_YEAR) + 1
