"""Pairwise tokens: one for each person and agency, readable by nobody else, and every identifier has an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agency.grants import Right
from gateway.api.v1 import options_pb2, person_pb2, reason_pb2
from gateway.catalogue import Catalogue
from gateway.lookup.disclosure import TOKENED_LEAVES, Disclosures
from gateway.lookup.errors import IdentifierWithheld
from gateway.lookup.pairwise import TOKEN_CHARACTERS, AgencyTokens, PairwiseKey, TokenMalformed
from gateway.lookup.people import People, UnitNames
from registry.engine import open_engine
from registry.people import PeopleStore
from registry.units import Units
from tests.world import CHILD, FULL, SON, WARD, WIFE, number_of

KEY = PairwiseKey(bytes(range(32)))
CATALOGUE = Catalogue.compile()
IDS = st.integers(0, (1 << 64) - 1)
HOSPITAL, BANK = KEY.tokens("hospital"), KEY.tokens("bank")


@given(IDS)
def test_a_token_is_always_the_same_and_of_fixed_form_and_leads_back(person_id: int) -> None:
    token = HOSPITAL.person(person_id)
    assert token == PairwiseKey(bytes(range(32))).tokens("hospital").person(person_id)
    assert re.fullmatch(r"p1\.[A-Za-z0-9_-]{32}", token)
    assert len(token) == TOKEN_CHARACTERS
    assert HOSPITAL.person_id(token) == person_id
    assert HOSPITAL.household_id(HOSPITAL.household(person_id)) == person_id


@given(IDS, IDS)
def test_two_people_two_agencies_two_kinds_or_two_keys_never_share_a_token(one: int, other: int) -> None:
    agencies = (HOSPITAL, BANK, PairwiseKey(bytes(32)).tokens("hospital"))
    made = {agency.person(each) for agency in agencies for each in {one, other}}
    bodies = {token[3:] for token in made} | {HOSPITAL.household(one)[3:]}
    assert len(bodies) == 3 * len({one, other}) + 1


@given(IDS)
def test_nobody_reads_anothers_token(person_id: int) -> None:
    for token in (BANK.person(person_id), HOSPITAL.household(person_id)):
        with pytest.raises(TokenMalformed):
            HOSPITAL.person_id(token)
    with pytest.raises(TokenMalformed):
        HOSPITAL.household_id("h1." + HOSPITAL.person(person_id)[3:])


@given(IDS, st.integers(3, TOKEN_CHARACTERS - 1), st.sampled_from("ABab09-_=. é\n"))
def test_a_token_with_another_letter_is_no_token(person_id: int, at: int, letter: str) -> None:
    token = HOSPITAL.person(person_id)
    altered = token[:at] + letter + token[at + 1 :]
    if altered != token:
        with pytest.raises(TokenMalformed):
            HOSPITAL.person_id(altered)


@given(st.text(max_size=40))
def test_other_texts_are_no_tokens(text: str) -> None:
    for read in (HOSPITAL.person_id, HOSPITAL.household_id):
        with pytest.raises(TokenMalformed):
            read(text)


def test_the_form_of_tokens_does_not_change() -> None:
    assert HOSPITAL.person(1) == "p1.u4dvZt7FQAdPQZehHRZKWI50qyLzOWX5"
    assert HOSPITAL.household(1) == "h1.5ep7sxcSfl5FWBiAQgsqlfuXVKJ9_k5i"


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        PairwiseKey(bytes(31))
    assert isinstance(HOSPITAL, AgencyTokens)


# What looks like an identifier and names no person: places, bodies, lots, grades.
_NO_IDENTIFIERS = re.compile(
    r"(.*_)?(commune_code|province_code|facility_code|school_code|body_code|grade_code|object_code|lot)|employer_unit"
)
_LOOKS_LIKE_ONE = re.compile(r"(.*_)?(number|code|serial|plate|email|card|id|token|lot|unit)")


def _texts(message: Any, prefix: str = "", leaf: str = "") -> Iterator[tuple[str, str]]:
    """Leaf of the catalogue and name of each text below a message."""
    for field in message.fields:
        path = prefix + field.name
        here = path if path in CATALOGUE.leaves else leaf
        if field.message_type is not None and field.message_type.full_name.startswith("gateway."):
            yield from _texts(field.message_type, f"{path}.", here)
        elif field.type == field.TYPE_STRING:
            yield here, field.name


def test_every_field_that_looks_like_an_identifier_is_one_in_the_catalogue() -> None:
    looking = {
        leaf
        for leaf, name in _texts(person_pb2.Person.DESCRIPTOR)
        if _LOOKS_LIKE_ONE.fullmatch(name) and not _NO_IDENTIFIERS.fullmatch(name)
    }
    marked = {path for path, leaf in CATALOGUE.leaves.items() if leaf.identifier}
    assert looking <= marked
    assert marked - looking == set()
    assert options_pb2.FieldCatalogue.DESCRIPTOR.fields_by_name["identifier"].number == 5


def test_an_identifier_is_told_as_a_token_or_withheld_with_its_own_reason() -> None:
    right = Right(1, frozenset(CATALOGUE.leaves), frozenset(), pairwise=True, agency="hospital")
    disclosures = Disclosures(CATALOGUE, KEY)
    marked = {path for path, leaf in CATALOGUE.leaves.items() if leaf.identifier}
    disclosure = disclosures.of(right, sorted(CATALOGUE.leaves))
    assert set(disclosure.paths) & marked == TOKENED_LEAVES
    assert {each.path for each in disclosure.withheld} == marked - TOKENED_LEAVES
    assert {each.reason for each in disclosure.withheld} == {reason_pb2.ERROR_REASON_IDENTIFIER_WITHHELD}
    for path in marked - TOKENED_LEAVES:
        with pytest.raises(IdentifierWithheld):
            disclosures.of(right, [path])


@pytest.fixture(scope="module")
def people(registry: Path) -> tuple[People, UnitNames]:
    """Everybody of the tests' world."""
    engine = open_engine(registry, read_only=True)
    return People(PeopleStore(engine)), UnitNames(Units.from_engine(engine))


_MARKED = {path for path, leaf in CATALOGUE.leaves.items() if leaf.identifier}
MASKS = sorted({*CATALOGUE.leaves, *(path.partition(".")[0] for path in CATALOGUE.leaves)})


def _is_identifier(name: str) -> bool:
    return bool(_LOOKS_LIKE_ONE.fullmatch(name)) and not _NO_IDENTIFIERS.fullmatch(name)


def _identifiers(message: Any, leaf: str = "", prefix: str = "") -> Iterator[str]:
    """Every text of an identifying leaf in a message."""
    for field, value in message.ListFields():
        path = prefix + field.name
        here = path if path in CATALOGUE.leaves else leaf
        for each in value if field.is_repeated else [value]:
            if field.message_type is not None:
                yield from _identifiers(each, here, f"{path}.")
            elif here in _MARKED and isinstance(each, str) and _is_identifier(field.name):
                yield each


@settings(max_examples=80, deadline=None)
@given(
    position=st.one_of(st.sampled_from([FULL, CHILD, WIFE, SON, WARD]), st.integers(1, 1000)),
    mask=st.lists(
        st.sampled_from([*CATALOGUE.leaves, *{path.partition(".")[0] for path in CATALOGUE.leaves}]), min_size=1
    ),
)
def test_what_two_agencies_are_told_of_anybody_has_no_identifier_in_common(
    people: tuple[People, UnitNames], position: int, mask: list[str]
) -> None:
    everything = Right(1, frozenset(CATALOGUE.leaves), frozenset())
    rights = [replace(everything, pairwise=True, agency=agency) for agency in ("hospital", "bank")]
    told = []
    for right in (everything, *rights):
        try:
            disclosure = Disclosures(CATALOGUE, KEY).of(right, mask)
        except IdentifierWithheld:
            continue
        (found,) = people[0].by_number(disclosure, [number_of(position)])
        assert found is not None
        person = person_pb2.Person()
        disclosure.fill(person, found.row, found.related, people[1])
        assert disclosure.encoded(found.row, found.related, people[1]) == person.SerializeToString()
        told.append(set(_identifiers(person)) - {""})
    plain, *tokened = told
    for at, one in enumerate(tokened):
        assert all(text[:3] in ("p1.", "h1.") for text in one)
        assert one.isdisjoint(plain)
        assert all(one.isdisjoint(other) for other in tokened[at + 1 :])
