"""From bytes to a message that keeps the contract's rules."""

from __future__ import annotations

import pytest

from gateway.api.v1 import lookup_service_pb2
from gateway.chain.base import Call
from gateway.chain.decode import decode
from gateway.chain.methods import REQUEST_BYTES_MAX, compile_methods
from gateway.errors import ArgumentInvalid, ContextMissing, MessageTooLarge

METHODS = compile_methods()
CONTEXT = {"purpose": "a.b", "legal_basis": "law:1", "case_reference": "Hồ sơ 1", "officer": "o-1"}


def _call(request: bytes, method: str = "LookUpPerson") -> Call:
    return Call(METHODS[method], bytes(16), request)


def _request(**context: str) -> bytes:
    request = lookup_service_pb2.LookUpPersonRequest(number="001090000001")
    for name, value in (CONTEXT | context).items():
        setattr(request.context, name, value)
    return request.SerializeToString()


def test_a_right_request_sets_message_and_context() -> None:
    call = _call(_request())
    decode(call)
    assert call.message.number == "001090000001"
    assert (call.purpose, call.legal_basis, call.case_reference, call.officer) == tuple(CONTEXT.values())


def test_a_request_at_the_bound_is_read_and_one_above_is_not() -> None:
    filler = _request()
    # An unknown field of the right length, which protobuf skips: tag 2000, length-delimited.
    room = REQUEST_BYTES_MAX - len(filler) - 5
    padded = filler + b"\x82\x7d" + bytes([room & 127 | 128, room >> 7 & 127 | 128, room >> 14]) + bytes(room)
    assert len(padded) == REQUEST_BYTES_MAX
    decode(_call(padded))
    with pytest.raises(MessageTooLarge):
        decode(_call(padded + b"\x00"))


@pytest.mark.parametrize("request_bytes", [b"\xff", b"\x0a\x05", b"\x12\x02\xff\xfe"])
def test_bytes_that_are_no_message_are_refused(request_bytes: bytes) -> None:
    with pytest.raises(ArgumentInvalid):
        decode(_call(request_bytes))


@pytest.mark.parametrize("missing", CONTEXT)
def test_each_missing_part_of_the_context_is_named(missing: str) -> None:
    with pytest.raises(ContextMissing) as refused:
        decode(_call(_request(**{missing: ""})))
    assert [violation.field for violation in refused.value.violations] == [f"context.{missing}"]


def test_a_context_is_not_believed_before_it_kept_the_rules() -> None:
    call = _call(_request(purpose="Not A Code"))
    with pytest.raises(ArgumentInvalid):
        decode(call)
    assert (call.purpose, call.case_reference) == ("", "")


def test_a_method_without_a_context_needs_none() -> None:
    decode(_call(b"", "IssueToken"))
