"""Refuses numbers that no person can have, by the registry's own rules, without repeating them."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.errors import ArgumentInvalid, FieldViolation
from registry.errors import MalformedNumber
from registry.numbers import PersonalNumber, all_break_no_rule, breaks_no_rule


def is_number(number: str) -> bool:
    """Whether somebody could have the number: for items that are answered in their place and not refused."""
    return breaks_no_rule(number)


def possible(numbers: Sequence[str]) -> list[str]:
    """Those that somebody could have, in order: of items that are answered in their place and not refused."""
    if all_break_no_rule(numbers):
        return list(numbers)
    return [number for number in numbers if breaks_no_rule(number)]


def check_number(number: str, field: str = "number") -> None:
    """Raises ArgumentInvalid when the digits break a rule (length, province, century). Public knowledge only."""
    try:
        PersonalNumber.from_text(number)
    except MalformedNumber as error:
        raise ArgumentInvalid(violations=[FieldViolation(field, str(error))]) from None
