"""The figures are read as published."""

import numpy as np

from registry.datasets import MaritalStatus
from seed.figures import AGES, column, demography, read_rows


def test_single_years_add_up_to_the_published_groups() -> None:
    rows = read_rows("population_2024.csv")
    for code, sex in enumerate(("male", "female")):
        living = demography().living[code]
        assert len(living) == AGES
        assert (living > 0).all()
        groups = np.append(living[:100].reshape(20, 5).sum(axis=1), living[100:].sum())
        assert np.allclose(groups, column(rows, f"{sex}_thousands"))


def test_the_population_of_2024_is_the_census_total() -> None:
    assert abs(demography().living.sum() - 101_112) < 30


def test_nobody_marries_before_seventeen_and_shares_are_complete() -> None:
    marital = demography().marital
    assert (marital[:, :16, int(MaritalStatus.NEVER_MARRIED) - 1] == 1).all()
    assert (marital[:, :, -1] == 1).all()
    assert (np.diff(marital, axis=2) >= 0).all()


def test_households_have_three_and_a_half_members() -> None:
    assert 3.5 < demography().household_size_mean < 3.6
