"""Ethnic groups and religions by province: published national shares spread over modelled homelands."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from seed.figures import Floats, Ints, Texts, column, read_rows, texts
from seed.places import places
from seed.plan import Random

KINH = 0
ELSEWHERE_WEIGHT = 0.003  # of a group outside its homelands, against 1 inside (modelled)
FITTING_ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Belonging:
    """Running shares by [province, group]; groups are numbered in order of code, Kinh first."""

    ethnic_code: Texts
    ethnic_share: Floats
    ethnic_running: Floats
    religion_code: Ints
    religion_share: Floats
    religion_running: Floats

    def draw_ethnic(self, random: Random, province: Ints) -> Ints:
        """An ethnic group (index) for each province."""
        return _draw(random, self.ethnic_running, province)

    def draw_religion(self, random: Random, province: Ints) -> Ints:
        """A religion (code of the registry) for each province."""
        return np.take(self.religion_code, _draw(random, self.religion_running, province))


@cache
def belonging() -> Belonging:
    """The shares, fitted once a process."""
    groups = [row for row in read_rows("ethnic_groups_census_2019.csv") if row["official_code"] <= "54"]
    religions = read_rows("religions_2019.csv")
    ethnic_share = column(groups, "population_2019")
    religion_share = column(religions, "share_pct")
    ethnic_codes = [row["official_code"] for row in groups]
    religion_codes = [row["code"] for row in religions]
    return Belonging(
        ethnic_code=texts(ethnic_codes),
        ethnic_share=ethnic_share / ethnic_share.sum(),
        ethnic_running=_fit(ethnic_codes, ethnic_share, read_rows("ethnic_homes.csv"), "official_code"),
        religion_code=np.array([int(code) for code in religion_codes]),
        religion_share=religion_share / religion_share.sum(),
        religion_running=_fit(religion_codes, religion_share, read_rows("religion_homes.csv"), "religion_code"),
    )


def _fit(codes: list[str], share: Floats, homes: list[dict[str, str]], key: str) -> Floats:
    """Running shares by [province, group] that meet both the groups' national shares and the provinces' people.

    Iterative proportional fitting; the first group lives everywhere, the others mostly in their homes.
    """
    land = places()
    position = {code: number for number, code in enumerate(land.province_code)}
    table = np.full((len(land.population), len(codes)), ELSEWHERE_WEIGHT)
    table[:, 0] = 1
    for row in homes:
        table[position[row["province_gso_code"]], codes.index(row[key])] += float(row["weight"])
    people = land.population / land.population.sum()
    share = share / share.sum()
    for _ in range(FITTING_ROUNDS):
        table *= share / table.sum(axis=0)
        table *= (people / table.sum(axis=1))[:, None]
    running = np.cumsum(table, axis=1)
    running /= running[:, -1:]
    running[:, -1] = 1.0
    return running


def _draw(random: Random, running: Floats, province: Ints) -> Ints:
    flat = (running + np.arange(len(running))[:, None]).ravel()
    found = np.searchsorted(flat, province + random.random(len(province)), side="right")
    return np.asarray(found - province * running.shape[1], dtype=np.int64)
