"""Numbers of other agencies are given once, however large the country; registries fit people of any number."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from seed.block import make_block
from seed.papers import more_phone_numbers, phone_numbers
from seed.plan import PEOPLE_MAX, Plan
from seed.registries import REGISTRIES
from seed.registries.serials import check_digit_codes

WEIGHTS = np.array([31, 29, 23, 19, 17, 13, 7, 5, 3])
NATIONAL = (
    ("social_insurance", "code"),
    ("tax_registration", "former_code"),
    ("passport", "number"),
    ("mobile_subscription", "number"),
    ("portal_dossier", "code"),
    ("driver_licence", "number"),
    ("vehicle", "plate"),
    ("enrolment", "sector_code"),
    ("land_certificate", "serial"),
)


@settings(max_examples=60, deadline=None)
@given(prefix=st.integers(0, 99), serial=st.lists(st.integers(0, 8_999_999), min_size=1, max_size=50, unique=True))
def test_serials_become_codes_with_their_check_digit_and_no_two_the_same(prefix: int, serial: list[int]) -> None:
    codes = check_digit_codes(np.full(len(serial), prefix), np.array(serial))
    assert len(set(codes.tolist())) == len(serial)
    for code in codes.tolist():
        assert int(code[:2]) == prefix
        digit = np.array(list(code)) - ord("0")
        assert 10 - WEIGHTS @ digit[:9] % 11 == digit[9]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**63 - 1), first=st.integers(0, 400), more=st.lists(st.sampled_from([32, 86, 55])))
def test_further_telephones_are_none_of_the_first(seed: int, first: int, more: list[int]) -> None:
    plan = Plan(100_000, seed)
    held = phone_numbers(plan, 1, plan.random(1), first)
    added = more_phone_numbers(plan, 1, held, np.array(more, dtype=np.int64))
    assert len({*held.tolist(), *added.tolist()}) == first + len(more)
    assert [int(number[:3]) for number in added.tolist()] == more


@settings(max_examples=40, deadline=None)
@given(people=st.integers(1, 60), seed=st.integers(0, 2**63 - 1))
def test_a_handful_of_people_has_registries_too(people: int, seed: int) -> None:
    tables = make_block(Plan(people, seed), 0).tables
    for name in REGISTRIES:
        rows = tables[name]
        assert {len(values) for values in rows.values()} == {len(rows["person_id"])}
        assert set(rows["person_id"].tolist()) <= set(range(1, people + 1))


def test_the_largest_country_has_numbers_for_everybody_and_none_twice() -> None:
    plan = Plan(PEOPLE_MAX, 11)
    blocks = [make_block(plan, block).tables for block in (0, 1, plan.blocks - 1)]
    for table, column in NATIONAL:
        parts = [tables[table][column] for tables in blocks]
        values = np.concatenate([np.ma.getdata(part)[~np.ma.getmaskarray(part)] for part in parts])
        assert len(np.unique(values)) == len(values), (table, column)
