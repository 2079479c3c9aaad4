"""Reading a personal number is strict and total: a number back, or the declared error."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registry.errors import MalformedNumber
from registry.numbers import PROVINCES, PersonalNumber

digits = st.text("0123456789", min_size=8, max_size=8)


@settings(max_examples=200)
@given(st.sampled_from(sorted(PROVINCES)), st.sampled_from("0123"), digits)
def test_every_number_of_the_right_form_is_read_and_says_what_it_was_made_of(
    province: str, century_and_sex: str, rest: str
) -> None:
    number = PersonalNumber.from_text(province + century_and_sex + rest)
    assert number.text == province + century_and_sex + rest
    assert number.province == province
    assert number.birth_year % 100 == int(rest[:2])
    assert 1900 <= number.birth_year <= 2099
    assert number.sex == 1 + int(century_and_sex) % 2


@settings(max_examples=200)
@given(st.text(max_size=14) | st.text("0123456789٠１ _+-", min_size=12, max_size=12))
@example("٠٠١٠٨٥٠٠٠٠٠١")
def test_any_other_text_is_refused_without_repeating_it(text: str) -> None:
    form = (
        len(text) == 12
        and all(letter in "0123456789" for letter in text)
        and text[:3] in PROVINCES
        and text[3] in "0123"
    )
    if form:
        assert PersonalNumber.from_text(text).text == text
        return
    with pytest.raises(MalformedNumber) as error:
        PersonalNumber.from_text(text)
    assert len(text) < 5 or text not in str(error.value)
