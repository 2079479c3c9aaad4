"""Personal numbers decode to what they were made from, and no two blocks ever make the same one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.numbers import PROVINCES, PersonalNumber
from seed.papers import household_numbers, legacy_numbers, personal_numbers, phone_numbers
from seed.plan import Plan

FACTS = st.lists(
    st.tuples(st.sampled_from(sorted(PROVINCES)), st.sampled_from([1, 2]), st.integers(1900, 2099)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=80, deadline=None)
@given(facts=FACTS, seed=st.integers(0, 2**63 - 1), blocks=st.integers(1, 40))
def test_a_number_decodes_to_its_province_sex_and_year(
    facts: list[tuple[str, int, int]], seed: int, blocks: int
) -> None:
    plan = Plan(blocks * 32_768, seed)
    province, sex, year = (np.array(values) for values in zip(*facts, strict=True))
    numbers = personal_numbers(plan, blocks - 1, province.astype(np.int64), sex, year)
    for text, (code, gender, birth_year) in zip(numbers.tolist(), facts, strict=True):
        number = PersonalNumber.from_text(text.decode())
        assert (number.province, number.sex, number.birth_year) == (code, gender, birth_year)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**63 - 1), people=st.integers(100_000, 150_000_000))
def test_blocks_share_no_number(seed: int, people: int) -> None:
    plan = Plan(people, seed)
    cells = np.repeat(np.array([1, 79]), 100)
    ones = np.ones(200, dtype=np.int64)
    chosen = sorted({0, 1, plan.blocks // 2, plan.blocks - 1})
    made = np.concatenate([personal_numbers(plan, block, cells, ones, ones * 1990) for block in chosen])
    assert len(np.unique(made)) == len(made)
    legacy = np.concatenate([legacy_numbers(plan, block, cells) for block in chosen])
    assert len(np.unique(legacy)) == len(legacy)
    phones = np.concatenate([phone_numbers(plan, block, plan.random(block), 200) for block in chosen])
    assert len(np.unique(phones)) == len(phones)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**63 - 1), first=st.integers(1, 149_990_000))
def test_household_numbers_differ_and_have_one_form(seed: int, first: int) -> None:
    numbers = household_numbers(Plan(100, seed), first + np.arange(5000))
    assert len(np.unique(numbers)) == 5000
    assert all(text[:2] == b"HS" and text[2:].isdigit() and len(text) == 11 for text in numbers.tolist())
