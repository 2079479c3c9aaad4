"""Draws who lives and who died lately: sex, birth, marital status. Knows nothing of families or places."""

from dataclasses import dataclass

import numpy as np

from registry.datasets import MaritalStatus, Sex
from seed.calendar import birthday
from seed.drawing import spread
from seed.figures import AGES, BASE_DATE, Demography, Flags, Floats, Ints, cumulative
from seed.plan import Random

DAYS_A_YEAR = 365.25
BASE_DAY = int(BASE_DATE.astype(np.int64))
ADULT_AGE = 18


@dataclass(slots=True)
class People:
    """The people of one block, one element each; days count from 1970-01-01, `death` is 0 for the living."""

    sex: Ints
    birth: Ints
    marital: Ints
    death: Ints

    @property
    def age(self) -> Floats:
        """Age in years at the base date; of the dead, what it would be."""
        return (BASE_DAY - self.birth) / DAYS_A_YEAR

    @property
    def alive(self) -> Flags:
        """Who lives at the base date."""
        return np.equal(self.death, 0)

    def __len__(self) -> int:
        return len(self.sex)


def draw_people(random: Random, count: int, figures: Demography) -> People:
    """`count` people, the living first: their pyramid is met within one person a cell, with at least one adult."""
    dead_share = figures.dead.sum() / (figures.dead.sum() + figures.living.sum())
    dead_count = min(int(count * dead_share + random.random()), count - 1)
    sex, age = _cells(random, figures.living, count - dead_count)
    if not (age >= ADULT_AGE).any():
        sex[0], age[0] = 0, 30
    marital = _marital(random, figures, sex, age)
    birth = birth_days(random, age, np.full(len(age), BASE_DAY))
    dead_sex, dead_age = _cells(random, figures.dead, dead_count)
    death = BASE_DAY - random.integers(1, 366, dead_count)
    dead_birth = birth_days(random, dead_age, death)
    dead_marital = _marital(random, figures, dead_sex, dead_age)
    return People(
        sex=np.append(sex, dead_sex) + int(Sex.MALE),
        birth=np.append(birth, dead_birth),
        marital=np.append(marital, dead_marital),
        death=np.append(np.zeros(len(sex), dtype=np.int64), death),
    )


def _cells(random: Random, weights: Floats, count: int) -> tuple[Ints, Ints]:
    sex, age = np.divmod(spread(random, cumulative(weights.ravel()), count), AGES)
    return sex, age


def _marital(random: Random, figures: Demography, sex: Ints, age: Ints) -> Ints:
    running = figures.marital[sex, age]
    status = (random.random(len(sex))[:, None] >= running).sum(axis=1)
    return np.asarray(status + int(MaritalStatus.NEVER_MARRIED), dtype=np.int64)


def birth_days(random: Random, age: Ints, on: Ints) -> Ints:
    """A birth day that makes the person `age` full years old on the day `on`."""
    latest = birthday(on, -age)
    earliest = birthday(on, -age - 1) + 1
    return latest - (random.random(len(age)) * (latest - earliest + 1)).astype(np.int64)
