"""What a refusal suggests in place of a name that we do not have."""

from __future__ import annotations

import pytest

from gateway.catalogue import Catalogue
from gateway.errors import FieldUnknown
from gateway.nearest import TEXT_LENGTH_MAX, did_you_mean

KNOWN = ("name", "birth_date", "birth_date.year", "LookUpPerson")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("nme", "name"), ("brth_date", "birth_date"), ("birth_date.yer", "birth_date.year"), ("lookupPerson", KNOWN[3])],
)
def test_a_slip_gets_the_name_that_was_meant(written: str, meant: str) -> None:
    assert did_you_mean(written, KNOWN) == f"; did you mean {meant}?"


@pytest.mark.parametrize("written", ["", "001090000001", "shoe_size", "n" * (TEXT_LENGTH_MAX + 1)])
def test_what_is_near_nothing_gets_nothing_and_is_not_repeated(written: str) -> None:
    assert did_you_mean(written, KNOWN) == ""


def test_names_may_be_the_keys_of_something() -> None:
    assert did_you_mean("nme", {"name": frozenset({1})}) == "; did you mean name?"


def test_nothing_known_is_nothing_near() -> None:
    assert did_you_mean("name", ()) == ""


def test_an_unknown_field_is_refused_with_the_nearest_path() -> None:
    with pytest.raises(FieldUnknown) as refused:
        Catalogue.compile().resolve(["name", "social_insurance.helth_card", "birth_date.yer", "shoe_size"])
    assert [violation.description for violation in refused.value.violations] == [
        "no such field of Person; did you mean social_insurance.health_card?",
        "no such field of Person; did you mean birth_date.year?",
        "no such field of Person",
    ]
