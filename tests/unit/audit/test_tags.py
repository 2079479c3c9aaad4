"""Tags: months as in Viet Nam, people and numbers in domains of their own, keys that do not link months."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.audit.errors import Malformed
from gateway.audit.tags import TagKey, month_end_us, month_of, months_between

# 2024-06-30T17:00:00Z is midnight of 1 July in Viet Nam.
JULY_US = 1_719_766_800_000_000


def test_a_month_begins_at_vietnamese_midnight() -> None:
    assert month_of(JULY_US - 1) == "202406"
    assert month_of(JULY_US) == "202407"
    assert month_end_us(JULY_US - 1) == JULY_US
    assert month_of(month_end_us(JULY_US)) == "202408"


def test_a_search_near_a_months_end_uses_both_months() -> None:
    assert months_between(JULY_US + 1, JULY_US + 2) == ["202406", "202407"]
    assert months_between(JULY_US + 10**9, JULY_US + 2 * 10**9) == ["202407"]
    assert months_between(JULY_US - 10**9, JULY_US + 10**9) == ["202406", "202407"]
    assert len(months_between(0, JULY_US)) > 600


def test_many_tags_are_the_single_ones_in_order() -> None:
    key = TagKey("202407", bytes(32))
    assert key.people([1, 2]) == key.person(1) + key.person(2)
    assert key.numbers(["001099000001"]) == key.number("001099000001")
    assert len(key.person(1)) == 16


def test_people_numbers_and_months_do_not_share_tags() -> None:
    key = TagKey("202407", bytes(32))
    other = TagKey("202408", bytes(31) + b"\x01")
    number = "00000001"
    tags = {key.person(int.from_bytes(number.encode(), "big")), key.number(number), other.person(1), key.person(1)}
    assert len(tags) == 4


def test_a_short_key_is_refused() -> None:
    with pytest.raises(Malformed):
        TagKey("202407", b"short")


def test_guess_tags_are_those_of_each_subject_and_of_nothing_else() -> None:
    key, other = TagKey("202407", bytes(32)), TagKey("202408", bytes(31) + b"\x01")
    subjects: list[int | str] = [1, 2, (1 << 63) - 1, "001099000001", "001099000002", "123456789"]
    tags = key.guesses(subjects)
    each = [key.guesses([subject]) for subject in subjects]
    assert b"".join(each) == tags
    assert key.guesses([]) == b""
    assert len({*each, key.person(1), key.number("001099000001"), other.guesses([1])}) == len(subjects) + 3
    with pytest.raises(Malformed):
        key.guesses(["00109900000100000"])


def test_threads_that_tag_at_once_get_the_tags_of_one_alone() -> None:
    key, other = TagKey("202611", bytes(32)), TagKey("202611", bytes(32))
    expected = [other.people(range(at, at + 2000)) for at in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda at: key.people(range(at, at + 2000)), [*range(8)] * 8)) == expected * 8
