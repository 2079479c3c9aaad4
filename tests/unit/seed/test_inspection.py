"""The population is near the figures it was drawn from and contradicts itself nowhere; a spoilt one is noticed."""

import numpy as np
import pytest

from seed.inspection import distance, distances, faults
from seed.rows import Rows

BOUNDS = {
    "age and sex": 0.01,
    "province": 0.005,
    "household size": 0.02,
    "surname": 0.02,
    "marital status": 0.02,
    "religion": 0.01,
    "ethnic group": 0.02,
}


@pytest.mark.parametrize("table", BOUNDS)
def test_the_distance_from_the_published_table_is_small(population: dict[str, Rows], table: str) -> None:
    assert distances(population)[table] <= BOUNDS[table]


def test_every_distance_has_a_bound(population: dict[str, Rows]) -> None:
    assert distances(population).keys() == BOUNDS.keys()


def test_no_row_contradicts_another(population: dict[str, Rows]) -> None:
    assert {rule: count for rule, count in faults(population).items() if count} == {}


def test_distance_is_zero_for_equal_and_one_for_disjoint_shares() -> None:
    assert distance(np.array([10.0, 30.0]), np.array([0.25, 0.75])) == 0
    assert distance(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1


@pytest.mark.parametrize(
    ("column", "rule"),
    [
        ("sex", "numbers say something else"),
        ("birth_year", "numbers say something else"),
        ("surname", "children without their father's surname"),
        ("spouse_id", "spouses who are not each other's"),
        ("household_id", "living people without a household"),
        ("relation_to_head", "households without exactly one head"),
    ],
)
def test_shuffled_values_are_noticed(population: dict[str, Rows], column: str, rule: str) -> None:
    person = dict(population["person"])
    values = person[column].copy()
    if column == "household_id":
        values = values + 200_000
    else:
        values[:5000] = values[:5000][::-1]
    assert faults({**population, "person": {**person, column: values}})[rule] > 0
