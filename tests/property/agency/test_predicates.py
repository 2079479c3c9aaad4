"""Predicates have one spelling each, and any other text is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agency.predicates import AGE_AT_LEAST, Predicate, parse_predicate


@settings(max_examples=100)
@given(st.one_of(st.text(max_size=20), st.from_regex(r"age_at_least:[0-9]{1,4}"), st.sampled_from(["alive", "alive "])))
def test_any_text_is_one_spelling_of_a_predicate_or_refused(text: str) -> None:
    try:
        predicate = parse_predicate(text)
    except ValueError:
        return
    assert str(predicate) == text


@pytest.mark.parametrize("text", ["", "age_at_least", "age_at_least:", "age_at_least:151", "age_at_least:018", "Alive"])
def test_what_is_no_predicate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not one of"):
        parse_predicate(text)


def test_every_age_up_to_150_years_can_be_asked() -> None:
    assert [parse_predicate(f"age_at_least:{years}") for years in (0, 18, 150)] == [
        Predicate(AGE_AT_LEAST, 0),
        Predicate(AGE_AT_LEAST, 18),
        Predicate(AGE_AT_LEAST, 150),
    ]
