"""The published and modelled figures the synthetic country is drawn from, as arrays. Reads seed/data, draws nothing."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Texts: TypeAlias = npt.NDArray[np.object_]

BASE_DATE = np.datetime64("2024-04-01", "D")
AGES = 107  # single years 0..106; the last published group is 100 and over
SEXES = ("male", "female")


@cache
def read_rows(name: str) -> list[dict[str, str]]:
    """All rows of one CSV file of seed/data, by column name; read once a process, so leave them as they are."""
    text = resources.files("seed").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def column(rows: list[dict[str, str]], name: str) -> Floats:
    """One column as numbers."""
    return np.array([float(row[name]) for row in rows])


def texts(values: list[str]) -> Texts:
    """Strings as an object array, whatever their lengths."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def cumulative(weights: Floats) -> Floats:
    """Running shares that end at exactly 1; a draw u in [0, 1) falls into cell `searchsorted(.., u, "right")`."""
    running = np.cumsum(weights, dtype=np.float64)
    running /= running[-1]
    running[-1] = 1.0
    return running


@dataclass(frozen=True, slots=True)
class Demography:
    """Who lives at the base date, who died in the year before, who is married, who bears children.

    `living` and `dead` are weights by [sex, single year of age]; `dead` sums to the deaths of one year on the
    scale of `living`. `marital` holds running shares by [sex, age, status], statuses in the registry's order.
    `mother_age` are the edges of the running shares `fertility` by [year of `fertility_years`, edge].
    """

    living: Floats
    dead: Floats
    marital: Floats
    mother_age: Floats
    fertility_years: Floats
    fertility: Floats
    gap_edges: Floats
    gap_running: Floats
    household_sizes: Floats

    @property
    def household_size_mean(self) -> float:
        """Members of a household on average; the last class, ten and over, counts as ten."""
        return float(self.household_sizes @ np.arange(1, len(self.household_sizes) + 1))


@cache
def demography() -> Demography:
    """The figures, read once a process."""
    population = read_rows("population_2024.csv")
    living = np.array([_single_years(column(population, f"{sex}_thousands")) for sex in SEXES])
    rates = read_rows("death_rates_2020_2025.csv")
    starts = column(rates, "age_from")
    rate_of_age = np.searchsorted(starts, np.arange(AGES), side="right") - 1
    per_1000 = np.array([column(rates, f"{sex}_per_1000")[rate_of_age] for sex in SEXES])
    fertility = read_rows("fertility_by_age.csv")
    shares = [column(fertility, f"share_{year}_pct") for year in (1990, 2010, 2023)]
    gaps = read_rows("couple_age_gap.csv")
    sizes = column(read_rows("household_size_model_2019.csv"), "share_pct")
    return Demography(
        living=living,
        dead=living * per_1000 / 1000,
        marital=_marital(living),
        mother_age=np.append(column(fertility, "mother_age_from"), 55.0),
        fertility_years=np.array([1990.0, 2010.0, 2023.0]),
        fertility=np.array([np.append(0.0, cumulative(share)) for share in shares]),
        gap_edges=np.append(column(gaps, "husband_older_years_from"), float(gaps[-1]["husband_older_years_to"])),
        gap_running=np.append(0.0, cumulative(column(gaps, "share_pct"))),
        household_sizes=sizes / sizes.sum(),
    )


def _single_years(groups: Floats) -> Floats:
    """Five-year groups spread over single years along the slope to their neighbours; group totals stay exact."""
    density = groups[:-1] / 5
    before = np.append(density[0], density[:-1])
    after = np.append(density[1:], groups[-1] / 5)
    slope = (after - before) / 10
    # A slope may not push a year below zero: at two years from the middle at most half the density is moved.
    slope = np.clip(slope, -density / 4, density / 4)
    spread = (density[:, None] + slope[:, None] * np.arange(-2, 3)).ravel()
    oldest = 0.5 ** np.arange(1, AGES - len(spread) + 1)
    return np.append(spread, groups[-1] * oldest / oldest.sum())


def _marital(living: Floats) -> Floats:
    """Running shares of the five statuses by [sex, age]; under 15 everybody is unmarried."""
    rows = read_rows("marital_status_by_age.csv")
    names = ("never_married_pct", "married_pct", "widowed_pct", "divorced_pct")
    shares = np.zeros((2, AGES, 5))
    shares[:, :15, 0] = 1
    for code, sex in enumerate(SEXES):
        own = [row for row in rows if row["sex"] == sex]
        starts = column(own, "age_from").astype(int)
        table = np.array([column(own, name) for name in names]).T / 100
        separated = np.clip(1 - table.sum(axis=1, keepdims=True), 0, None)
        table = np.hstack([table, separated])
        smooth = np.array([np.interp(np.arange(AGES) + 0.5, starts + 2.5, status) for status in table.T]).T
        for group, start in enumerate(starts):
            ages = np.arange(start, starts[group + 1] if group + 1 < len(starts) else AGES)
            weights = living[code, ages]
            mean = weights @ smooth[ages] / weights.sum()
            # Interpolation bends the group's mean; the published mean is put back.
            shares[code, ages] = np.clip(smooth[ages] + table[group] - mean, 0, 1)
        # Nobody marries at 15 and few at 16, so the group's few marriages stand at 17 to 19.
        married_young = 1 - table[0, 0]
        for age, factor in zip(range(15, 20), (0.0, 0.0, 0.6, 1.6, 2.8), strict=True):
            shares[code, age] = 0
            shares[code, age, 1] = married_young * factor
            shares[code, age, 0] = 1 - married_young * factor
    running = np.cumsum(shares, axis=2)
    running /= running[:, :, -1:]
    running[:, :, -1] = 1.0
    return running
