"""The field rules of the contract, compiled."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.message import Message

from gateway.api.v1 import (
    agency_service_pb2,
    context_pb2,
    enrolment_service_pb2,
    finding_pb2,
    lookup_service_pb2,
    options_pb2,
    sync_service_pb2,
    verification_pb2,
)
from gateway.chain.rules import VIOLATIONS_MAX, compile_check
from gateway.errors import ArgumentInvalid, FieldViolation

NUMBER = "must be 12 digits, the first of them 0, or a pairwise token"
CONTEXT = {"purpose": "a.b", "legal_basis": "law:1", "case_reference": "c", "officer": "o"}


def _violations(message: Message) -> list[tuple[str, str]]:
    descriptor: Any = message.DESCRIPTOR
    try:
        compile_check(descriptor)(message)
    except ArgumentInvalid as error:
        return [(violation.field, violation.description) for violation in error.violations]
    return []


def _look_up(number: str, **context: str) -> lookup_service_pb2.LookUpPersonRequest:
    return lookup_service_pb2.LookUpPersonRequest(number=number, context=CONTEXT | context)


def test_a_message_that_keeps_the_rules_passes() -> None:
    assert _violations(_look_up("001090000001")) == []


def test_a_pattern_must_match_as_a_whole() -> None:
    assert _violations(_look_up("001090000001\n")) == [("number", NUMBER)]
    assert _violations(_look_up("00109000001\n")) == [("number", NUMBER)]


@pytest.mark.parametrize("module", [agency_service_pb2, context_pb2, finding_pb2, lookup_service_pb2, verification_pb2])
def test_what_callers_write_by_hand_is_described_in_words(module: Any) -> None:
    fields = [field for message in module.DESCRIPTOR.message_types_by_name.values() for field in message.fields]
    rules = {field.full_name: field.GetOptions().Extensions[options_pb2.rule] for field in fields}
    assert [name for name, rule in rules.items() if bool(rule.pattern) != bool(rule.form)] == []


def test_lengths_are_counted_in_bytes() -> None:
    assert _violations(_look_up("001090000001", case_reference="đ" * 64)) == []
    assert _violations(_look_up("001090000001", case_reference="đ" * 65)) == [
        ("context.case_reference", "is longer than 128 bytes")
    ]


@pytest.mark.parametrize("letter", ["\x00", "\n", "\x7f", "\x9b", "\u061c", "\u2028", "\u202e", "\u2066"])
def test_text_without_a_pattern_holds_no_control_characters(letter: str) -> None:
    assert _violations(_look_up("001090000001", officer=f"a{letter}b")) == [
        ("context.officer", "must not contain control characters")
    ]


def test_what_is_required_is_named() -> None:
    assert _violations(lookup_service_pb2.LookUpPersonRequest()) == [
        ("context.purpose", "is required"),
        ("context.legal_basis", "is required"),
        ("context.case_reference", "is required"),
        ("context.officer", "is required"),
        ("number", "is required"),
        ("context", "is required"),
    ]
    assert _violations(enrolment_service_pb2.EnrolRequest(code="A")) == [("csr", "is required")]


def test_items_are_checked_one_by_one() -> None:
    request = sync_service_pb2.PushRequest(context=CONTEXT)
    request.items.add(reference="1").person.social_insurance.code = "12"
    request.items.add().person.number = "x"
    assert _violations(request) == [
        ("items[0].person.social_insurance.code", "must match [0-9]{10}"),
        ("items[1].reference", "is required"),
        ("items[1].person.number", "must match 0[0-9]{11}|p1\\.[A-Za-z0-9_-]{32}"),
    ]


def test_too_many_items_are_one_violation() -> None:
    request = sync_service_pb2.PushRequest(context=CONTEXT)
    for _ in range(1001):
        request.items.add()
    assert _violations(request) == [("items", "has 1001 items, at most 1000 are allowed")]


def test_violations_are_bounded() -> None:
    request = sync_service_pb2.PushRequest(context=CONTEXT)
    for _ in range(1000):
        request.items.add()
    assert len(_violations(request)) == VIOLATIONS_MAX


def test_a_list_of_text_is_checked_item_by_item() -> None:
    request = agency_service_pb2.CreateGrantRequest(context=CONTEXT, agency="a")
    request.grant.methods.extend(["LookUpPerson", "look"])
    request.grant.purposes.add(purpose="a", legal_bases=["x"])
    request.grant.provinces.append("7")
    fields = [field for field, _ in _violations(request)]
    assert fields == ["grant.methods[1]", "grant.provinces[0]"]


def test_a_violation_has_no_place_for_a_value() -> None:
    assert FieldViolation.__slots__ == ("field", "description")
