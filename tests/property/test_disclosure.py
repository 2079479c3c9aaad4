"""Masks and grants: nothing beyond the grant is disclosed, and what is asked is disclosed or named as withheld."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agency.grants import Right
from gateway.api.v1 import person_pb2
from gateway.catalogue import Catalogue
from gateway.errors import FieldNotGranted, FieldUnknown
from gateway.lookup.disclosure import Disclosures
from gateway.lookup.people import Found, People, UnitNames
from registry.engine import open_engine
from registry.people import PeopleStore
from registry.units import Units
from tests.world import FULL, number_of

CATALOGUE = Catalogue.compile()
PARTS = [f"{leaf.path}.{part}" for leaf in CATALOGUE.leaves.values() for part in sorted(leaf.parts)]
TOPS = sorted({path.partition(".")[0] for path in CATALOGUE.leaves})
ASKED = st.lists(st.sampled_from([*CATALOGUE.leaves, *PARTS, *TOPS]), min_size=1, max_size=12)
GRANTED = st.lists(st.sampled_from([*CATALOGUE.leaves, *PARTS, *TOPS]), max_size=12).map(CATALOGUE.resolve)


@settings(max_examples=300, deadline=None)
@given(ASKED, GRANTED)
def test_what_is_disclosed_is_granted_and_asked(asked: list[str], granted: frozenset[str]) -> None:
    mask = CATALOGUE.resolve(asked)
    disclosed, _ = CATALOGUE.trim(mask, granted)
    for path in disclosed:
        assert path in granted or CATALOGUE.leaf_of(path) in granted
        assert path in mask or CATALOGUE.leaf_of(path) in mask


@settings(max_examples=300, deadline=None)
@given(ASKED, GRANTED)
def test_what_is_asked_is_disclosed_or_withheld_and_never_both(asked: list[str], granted: frozenset[str]) -> None:
    mask = CATALOGUE.resolve(asked)
    disclosed, withheld = CATALOGUE.trim(mask, granted)
    assert mask <= disclosed | set(withheld)
    assert disclosed.isdisjoint(withheld)
    assert set(withheld) <= mask
    assert list(withheld) == sorted(withheld)


@settings(max_examples=200, deadline=None)
@given(ASKED, GRANTED, GRANTED)
def test_a_wider_grant_withholds_no_more(asked: list[str], granted: frozenset[str], more: frozenset[str]) -> None:
    mask = CATALOGUE.resolve(asked)
    assert set(CATALOGUE.trim(mask, granted | more)[1]) <= set(CATALOGUE.trim(mask, granted)[1])


@settings(max_examples=200, deadline=None)
@given(ASKED)
def test_a_resolved_mask_resolves_to_itself(asked: list[str]) -> None:
    resolved = CATALOGUE.resolve(asked)
    assert CATALOGUE.resolve(resolved) == resolved
    assert CATALOGUE.resolve(reversed(asked)) == resolved
    assert all(CATALOGUE.leaf_of(path) == path or CATALOGUE.leaf_of(path) not in resolved for path in resolved)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_a_path_is_of_the_contract_or_unknown(path: str) -> None:
    if path in {*CATALOGUE.leaves, *PARTS, *TOPS}:
        return
    with pytest.raises(FieldUnknown) as refused:
        CATALOGUE.resolve([path])
    (violation,) = refused.value.violations
    assert violation.field == "field_mask.paths[0]"


@pytest.fixture(scope="module")
def everything(registry: Path) -> tuple[People, UnitNames]:
    """Reads the person of whom everything is registered."""
    engine = open_engine(registry, read_only=True)
    return People(PeopleStore(engine)), UnitNames(Units.from_engine(engine))


@settings(max_examples=150, deadline=None)
@given(asked=ASKED, granted=GRANTED)
def test_an_answer_holds_nothing_beyond_the_grant(
    everything: tuple[People, UnitNames], asked: list[str], granted: frozenset[str]
) -> None:
    people, places = everything
    try:
        disclosure = Disclosures(CATALOGUE).of(Right(1, granted, frozenset()), asked)
    except FieldNotGranted:
        return
    found: Found | None
    (found,) = people.by_number(disclosure, [number_of(FULL)])
    assert found is not None
    person = person_pb2.Person()
    disclosure.fill(person, found.row, found.related, places)
    for path, value in _leaves(person):
        if path not in granted:
            parts = {f"{path}.{part.name}" for part, _ in value.ListFields()}
            assert parts <= granted, path


def _leaves(person: person_pb2.Person) -> Iterator[tuple[str, Any]]:
    for field, value in person.ListFields():
        if field.name in CATALOGUE.leaves:
            yield field.name, value
        else:
            yield from ((f"{field.name}.{part.name}", below) for part, below in value.ListFields())
