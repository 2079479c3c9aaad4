"""A personal number is read strictly, and never repeated in an error."""

import pytest

from registry.datasets import Sex
from registry.errors import MalformedNumber
from registry.numbers import PROVINCES, PersonalNumber


@pytest.mark.parametrize(
    ("text", "province", "sex", "birth_year"),
    [
        ("001085000001", "001", Sex.MALE, 1985),
        ("096199999999", "096", Sex.FEMALE, 1999),
        ("079200123456", "079", Sex.MALE, 2000),
        ("048325000000", "048", Sex.FEMALE, 2025),
    ],
)
def test_the_digits_tell_province_sex_and_birth_year(text: str, province: str, sex: Sex, birth_year: int) -> None:
    number = PersonalNumber.from_text(text)
    assert (number.text, number.province, number.sex, number.birth_year) == (text, province, sex, birth_year)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "exactly 12 digits"),
        ("00108500001", "exactly 12 digits"),
        ("0010850000011", "exactly 12 digits"),
        (" 00108500001", "only the digits 0 to 9"),
        ("00108500000\n", "only the digits 0 to 9"),
        ("00108500000１", "only the digits 0 to 9"),
        ("+01085000001", "only the digits 0 to 9"),
        ("0010_5000001", "only the digits 0 to 9"),
        ("003085000001", "no province code"),
        ("101085000001", "no province code"),
        ("000085000001", "no province code"),
        ("001485000001", "digit 4 must be 0 to 3"),
        ("001985000001", "digit 4 must be 0 to 3"),
    ],
)
def test_a_number_that_breaks_a_rule_is_refused_by_naming_the_rule(text: str, rule: str) -> None:
    with pytest.raises(MalformedNumber, match=rule) as error:
        PersonalNumber.from_text(text)
    assert not text or text not in str(error.value)


def test_a_trailing_newline_is_not_ignored() -> None:
    with pytest.raises(MalformedNumber):
        PersonalNumber.from_text("001085000001\n")


def test_there_are_63_provinces() -> None:
    assert len(PROVINCES) == 63
    assert {"001", "096"} <= PROVINCES
    assert not {"000", "003", "097", "100"} & PROVINCES


def test_a_number_does_not_show_itself_in_a_traceback() -> None:
    assert "001085000001" not in repr(PersonalNumber.from_text("001085000001"))
