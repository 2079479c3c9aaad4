"""The keyed permutation is one: whatever the key, nothing is lost and nothing collides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seed.permutation import permute, ranks

KEYS = st.integers(min_value=0, max_value=2**64 - 1)
HALVES = st.integers(min_value=2, max_value=60)


@settings(max_examples=60, deadline=None)
@given(key=KEYS, tweak=st.integers(0, 10**6), left=HALVES, right=HALVES)
def test_every_value_of_the_range_is_hit_exactly_once(key: int, tweak: int, left: int, right: int) -> None:
    serials = np.arange(left * right)
    out = permute(serials, np.full_like(serials, tweak), key=key, left=left, right=right)
    assert np.array_equal(np.sort(out), serials)


@settings(max_examples=5, deadline=None)
@given(key=KEYS, tweak=st.integers(0, 10**6))
def test_the_suffixes_of_a_personal_number_are_all_reached(key: int, tweak: int) -> None:
    serials = np.arange(1_000_000)
    out = permute(serials, np.full_like(serials, tweak), key=key, left=1000, right=1000)
    assert np.bincount(out, minlength=1_000_000).max() == 1


@settings(max_examples=20, deadline=None)
@given(key=KEYS)
def test_consecutive_serials_look_scattered(key: int) -> None:
    serials = np.arange(1000)
    out = permute(serials, np.zeros_like(serials), key=key, left=1000, right=1000)
    steps = np.abs(np.diff(out))
    assert np.median(steps) > 50_000
    assert abs(out.mean() - 500_000) < 60_000


def test_a_serial_outside_the_range_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the permuted range"):
        permute(np.array([100]), np.array([0]), key=1, left=10, right=10)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 5), max_size=50))
def test_ranks_number_the_members_of_each_cell_from_zero(cells: list[int]) -> None:
    found = ranks(np.array(cells, dtype=np.int64))
    for place, cell in enumerate(cells):
        assert found[place] == cells[:place].count(cell)
