"""The rows of a population contradict each other nowhere; spoilt ones are noticed."""

import pytest

from seed.inspection import faults
from seed.rows import Rows


def test_no_row_contradicts_another(population: dict[str, Rows]) -> None:
    assert {rule: count for rule, count in faults(population).items() if count} == {}


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
