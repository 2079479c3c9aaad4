"""Numbers that no person can have are refused by rule, without being repeated."""

from __future__ import annotations

import pytest

from gateway.errors import ArgumentInvalid
from gateway.lookup.number import check_number


@pytest.mark.parametrize("number", ["001090000001", "079399123456"])
def test_a_number_that_breaks_no_rule_passes(number: str) -> None:
    check_number(number)


@pytest.mark.parametrize("number", ["", "1", "001090000001 ", "00109000000a", "003090000001", "001490000001", "٠" * 12])
def test_a_number_that_breaks_a_rule_is_named_by_its_field(number: str) -> None:
    with pytest.raises(ArgumentInvalid) as refused:
        check_number(number, "items[3].person.number")
    (violation,) = refused.value.violations
    assert violation.field == "items[3].person.number"
    assert len(number) < 2 or number not in violation.description
