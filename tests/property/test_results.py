"""Results written as bytes are those that the contract's messages serialise to."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.api.v1 import lookup_service_pb2, person_pb2, reason_pb2
from gateway.lookup.number import possible
from gateway.lookup.results import check_contract, no_result, person_result, referenced
from registry.numbers import all_break_no_rule, breaks_no_rule

PEOPLE = st.builds(
    person_pb2.Person, number=st.text(max_size=12), household_number=st.text(max_size=40) | st.text("ab", max_size=1100)
)
VERSIONS = st.integers(0, 130) | st.integers(0, 2**64 - 1)
REFERENCES = st.just("") | st.text(max_size=64)
NUMBERS = st.from_regex(r"0[0-9]{11}", fullmatch=True) | st.sampled_from(
    ["", "001090000004", "001090000004\n079190000007", "00109000000", "00109000000x", "٠٠١٠٩٠٠٠٠٠٠٤"]
)


@settings(max_examples=200, deadline=None)
@given(PEOPLE, VERSIONS, st.booleans(), REFERENCES)
def test_a_result_with_a_person(person: person_pb2.Person, version: int, superseded: bool, reference: str) -> None:
    check_contract()
    raw = person_result(person.SerializeToString(), version, superseded, reference)
    (read,) = lookup_service_pb2.BatchLookUpPersonsResponse.FromString(raw).results
    assert read == lookup_service_pb2.LookUpResult(
        person=person, version=version, number_superseded=superseded, reference=reference
    )
    assert read.HasField("person")


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(reason_pb2.ErrorReason.values()), REFERENCES)
def test_a_result_without_a_person(reason: reason_pb2.ErrorReason, reference: str) -> None:
    (read,) = lookup_service_pb2.BatchLookUpPersonsResponse.FromString(no_result(reason, reference)).results
    assert read == lookup_service_pb2.LookUpResult(reason=reason, reference=reference)


@settings(max_examples=200, deadline=None)
@given(st.lists(NUMBERS, max_size=6))
def test_numbers_are_looked_at_together_as_they_are_one_by_one(numbers: list[str]) -> None:
    assert all_break_no_rule(numbers) == all(map(breaks_no_rule, numbers))
    assert possible(numbers) == [number for number in numbers if breaks_no_rule(number)]


@settings(max_examples=100, deadline=None)
@given(PEOPLE, VERSIONS, REFERENCES)
def test_a_reference_may_be_put_in_later(person: person_pb2.Person, version: int, reference: str) -> None:
    body = person.SerializeToString()
    assert referenced(person_result(body, version, False, ""), reference) == person_result(
        body, version, False, reference
    )
