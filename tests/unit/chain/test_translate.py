"""The catalogue of refusals: the contract, the error classes, the table and the client's table are one set."""

from __future__ import annotations

import re

import pytest
from google.rpc import error_details_pb2, status_pb2

import gateway.lookup.errors  # noqa: F401  its classes are of the tree
from gateway import errors
from gateway.api.v1 import context_pb2, reason_pb2
from gateway.chain.translate import TABLE, Retry, reason_number, rich_status
from gateway.client.retry import RETRIES
from gateway.errors import ArgumentInvalid, CredentialExpired, FieldViolation, GatewayError, QuotaExhausted

CALL_ID = bytes(range(16))
REASONS = {name.removeprefix("ERROR_REASON_") for name in reason_pb2.ErrorReason.keys()} - {"UNSPECIFIED"}  # noqa: SIM118


def _classes(root: type[GatewayError] = GatewayError) -> list[type[GatewayError]]:
    below = [each for child in root.__subclasses__() for each in _classes(child)]
    return [*below, *([root] if root.reason else [])]


def test_contract_classes_and_both_tables_hold_the_same_reasons() -> None:
    assert {each.reason for each in _classes()} == REASONS
    assert set(TABLE) == REASONS
    assert set(RETRIES) == REASONS


def test_every_reason_has_one_class() -> None:
    reasons = [each.reason for each in _classes()]
    assert len(reasons) == len(set(reasons))


def test_every_class_is_in_one_of_the_five_branches() -> None:
    branches = (errors.CallerMistake, errors.NotIdentified, errors.Refused, errors.NotNow, errors.OurFault)
    assert all(sum(issubclass(each, branch) for branch in branches) == 1 for each in _classes())


def test_only_what_may_succeed_later_is_retried_later() -> None:
    later = {reason for reason, (_, retry) in TABLE.items() if retry is Retry.LATER}
    assert later == {each.reason for each in _classes() if issubclass(each, errors.NotNow)}


@pytest.mark.parametrize("error", _classes(), ids=lambda each: each.reason)
def test_a_sentence_is_one_sentence_without_digits_that_could_be_a_number(error: type[GatewayError]) -> None:
    assert re.fullmatch(r"[A-Z][^.]*(\.[a-z]+[^.]*)*\.", error.sentence), error.sentence
    assert not re.search(r"\d{6}", error.sentence)
    assert error.__doc__


@pytest.mark.parametrize("error", _classes(), ids=lambda each: each.reason)
def test_a_status_names_the_reason_and_the_call(error: type[GatewayError]) -> None:
    status = rich_status(error(), CALL_ID, None)
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain, dict(info.metadata)) == (error.reason, "popgate", {"call_id": CALL_ID.hex()})
    code, retry = TABLE[error.reason]
    assert (status.code, status.message) == (code.value[0], error.sentence)
    assert len(status.details) == (2 if retry is Retry.LATER else 1)


def _detail(status: status_pb2.Status, into: object) -> bool:
    return any(detail.Unpack(into) for detail in status.details)


def test_a_malformed_field_is_named() -> None:
    bad = error_details_pb2.BadRequest()
    status = rich_status(ArgumentInvalid(violations=[FieldViolation("number", "is required")]), CALL_ID, None)
    assert _detail(status, bad)
    assert [(each.field, each.description) for each in bad.field_violations] == [("number", "is required")]


def test_when_to_retry_is_half_a_second_unless_the_refusal_says_otherwise() -> None:
    for error, seconds in ((QuotaExhausted(), 0.5), (QuotaExhausted(retry_seconds=7), 7.0)):
        retry = error_details_pb2.RetryInfo()
        assert _detail(rich_status(error, CALL_ID, None), retry)
        assert retry.retry_delay.ToTimedelta().total_seconds() == seconds


def test_a_refusal_that_was_recorded_carries_its_receipt() -> None:
    receipt = context_pb2.Receipt()
    assert _detail(rich_status(CredentialExpired(), CALL_ID, context_pb2.Receipt(index=7)), receipt)
    assert receipt.index == 7


def test_metadata_of_a_refusal_travels_beside_the_call_id() -> None:
    info = error_details_pb2.ErrorInfo()
    assert _detail(rich_status(CredentialExpired(metadata={"fields": "name"}), CALL_ID, None), info)
    assert dict(info.metadata) == {"call_id": CALL_ID.hex(), "fields": "name"}


def test_reasons_have_the_numbers_of_the_contract() -> None:
    assert reason_number("PERSON_UNAVAILABLE") == reason_pb2.ERROR_REASON_PERSON_UNAVAILABLE
