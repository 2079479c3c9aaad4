"""How well a person matches: each rule of names and births, and who is no match at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.api.v1 import finding_pb2
from gateway.lookup.older import is_tax_code, kinds_of
from gateway.lookup.ranking import SCORE_MIN, Wanted, birth_grade, match, name_grade, rank
from registry.searching import Candidate, NumberKind

KNOWN = Candidate(7, "Nguyễn", "Văn", "Hòa", 1990, 4, 30, 1, "00001", "00004", "01", 5, 6)
WANTED = Wanted("Nguyễn Văn Hòa", (1990, 1990), (1990, 4, 30))


def _reason(number: int) -> str:
    return finding_pb2.MatchReason.Name(number).removeprefix("MATCH_REASON_")


@pytest.mark.parametrize(
    ("stated", "known", "reason"),
    [
        ("Nguyễn Văn Hòa", "Nguyễn Văn Hoà", "NAME"),
        ("NGUYỄN VĂN HÒA", "Nguyễn Văn Hòa", "NAME"),
        ("Lý Thị Mỹ", "Lí Thị Mĩ", "NAME"),
        ("Nguyen Van Hoa", "Nguyễn Văn Hòa", "NAME_UNMARKED"),
        ("Do Thi Dao", "Đỗ Thị Đào", "NAME_UNMARKED"),
        ("Nguyễn Văn Hoa", "Nguyễn Văn Hòa", "NAME_MARKS"),
        ("Hòa Văn Nguyễn", "Nguyễn Văn Hòa", "NAME_ORDER"),
        ("Nguyễn Hòa", "Nguyễn Văn Hòa", "NAME_MIDDLE"),
        ("Nguyễn V. Hòa", "Nguyễn Văn Hòa", "NAME_MIDDLE"),
        ("Nguyễn T H Hòa", "Nguyễn Thị Hồng Hòa", "NAME_MIDDLE"),
        ("Nguyên Văn Hao", "Nguyễn Văn Hòa", "NAME_SIMILAR"),
        ("Nguyễn Vn Hòa", "Nguyễn Văn Hòa", "NAME_SIMILAR"),
        ("Nguyễn Văn Hải", "Nguyễn Văn Hòa", "UNSPECIFIED"),
        ("Nguyễn Thị Hòa", "Nguyễn Văn Hòa", "UNSPECIFIED"),
        ("Trần Văn Hòa", "Nguyễn Văn Hòa", "UNSPECIFIED"),
        ("Nguyễn Minh Hòa", "Nguyễn Văn Hòa", "UNSPECIFIED"),
        ("😀 😀", "Nguyễn Văn Hòa", "UNSPECIFIED"),
    ],
)
def test_names_are_near_by_a_rule_or_not_at_all(stated: str, known: str, reason: str) -> None:
    grade, number = name_grade(stated, known)
    assert _reason(number) == reason
    assert (grade > 0) is (reason != "UNSPECIFIED")


@pytest.mark.parametrize(
    ("born", "reason"),
    [
        ((1990, 4, 30), "BIRTH"),
        ((1990, 4, 0), "BIRTH_PARTIAL"),
        ((1990, 0, 0), "BIRTH_PARTIAL"),
        ((1990, 4, 3), "BIRTH_NEAR"),
        ((1990, 5, 30), "BIRTH_NEAR"),
        ((1990, 7, 1), "BIRTH_YEAR"),
        ((1991, 4, 30), "UNSPECIFIED"),
    ],
)
def test_births_are_near_by_a_rule_or_not_at_all(born: tuple[int, int, int], reason: str) -> None:
    assert _reason(birth_grade(replace(WANTED, birth=born), KNOWN)[1]) == reason


def test_day_and_month_may_be_exchanged() -> None:
    known = replace(KNOWN, birth_month=3, birth_day=4)
    assert _reason(birth_grade(replace(WANTED, birth=(1990, 4, 3)), known)[1]) == "BIRTH_EXCHANGED"


def test_a_birth_that_is_known_in_part_fits_what_it_does_not_contradict() -> None:
    assert _reason(birth_grade(WANTED, replace(KNOWN, birth_day=0))[1]) == "BIRTH_PARTIAL"
    assert _reason(birth_grade(WANTED, replace(KNOWN, birth_month=5, birth_day=0))[1]) == "BIRTH_YEAR"


def test_years_fit_whoever_was_born_in_them() -> None:
    years = replace(WANTED, birth=None, years=(1988, 1990))
    assert birth_grade(years, KNOWN)[0] == 100
    assert birth_grade(years, replace(KNOWN, birth_year=1991))[0] == 0


def test_everything_the_same_scores_a_hundred_and_another_name_is_no_match_whatever_else_is_the_same() -> None:
    found = match(replace(WANTED, father="Nguyễn Văn Bách"), KNOWN, {5: "Nguyễn Văn Bách"})
    assert found is not None
    assert (found.score, list(map(_reason, found.reasons))) == (100, ["NAME", "BIRTH", "FATHER"])
    assert match(replace(WANTED, name="Trần Văn Hải"), KNOWN, {}) is None


def test_a_parent_of_another_name_lowers_the_score_and_one_who_is_not_linked_says_nothing() -> None:
    wanted = replace(WANTED, father="Phạm Đình Tùng")
    other, unlinked = match(wanted, KNOWN, {5: "Nguyễn Văn Bách"}), match(wanted, replace(KNOWN, father_id=None), {})
    assert other is not None
    assert unlinked is not None
    assert SCORE_MIN <= other.score < unlinked.score == 100


def test_who_matches_stands_by_score_and_then_always_in_the_same_order() -> None:
    near = replace(KNOWN, person_id=3, given_name="Hoa")
    people = [replace(KNOWN, person_id=9), near, KNOWN, replace(KNOWN, person_id=1, given_name="Hải")]
    assert [each.person_id for each in rank(WANTED, {each.person_id: each for each in people}, {})] == [7, 9, 3]


def test_ten_digits_are_a_tax_code_only_with_their_check_digit() -> None:
    assert is_tax_code("8012345677")
    assert not is_tax_code("8012345678")
    assert kinds_of("8012345677", 0) == (NumberKind.SOCIAL_INSURANCE, NumberKind.TAX)
    assert kinds_of("8012345678", 0) == (NumberKind.SOCIAL_INSURANCE,)
    assert kinds_of("8012345678", NumberKind.TAX) == (NumberKind.TAX,)
