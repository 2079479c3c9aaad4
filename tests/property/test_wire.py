"""A receipt that is appended to a serialised answer is the receipt of the parsed answer."""

from __future__ import annotations

from google.type.date_pb2 import Date
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.api.v1 import lookup_service_pb2
from gateway.audit.receipt import Receipt
from gateway.wire import (
    receipt_from_wire,
    receipt_to_wire,
    set_date,
    time_to_wire,
    with_receipt,
)

HASH = st.binary(min_size=32, max_size=32)
RECEIPTS = st.builds(
    Receipt,
    origin=st.text(st.characters(codec="ascii"), max_size=200),
    index=st.integers(0, 2**64 - 1),
    leaf_hash=HASH,
    commit_first=st.integers(0, 2**64 - 1),
    commit_count=st.integers(1, 2**32 - 1),
    path=st.lists(HASH, max_size=32).map(tuple),
    signature=st.binary(min_size=64, max_size=64),
    key_id=st.integers(0, 2**32 - 1),
)
ANSWERS = st.builds(
    lookup_service_pb2.LookUpPersonResponse,
    version=st.integers(0, 2**64 - 1),
    number_superseded=st.booleans(),
    person=st.builds(dict, number=st.text(st.characters(exclude_categories=["Cs"]), max_size=300)),
)


@settings(max_examples=200, deadline=None)
@given(RECEIPTS)
def test_a_receipt_round_trips(receipt: Receipt) -> None:
    assert receipt_from_wire(receipt_to_wire(receipt)) == receipt


@settings(max_examples=200, deadline=None)
@given(ANSWERS, RECEIPTS)
def test_appending_is_setting(answer: lookup_service_pb2.LookUpPersonResponse, receipt: Receipt) -> None:
    body = answer.SerializeToString()
    field = answer.DESCRIPTOR.fields_by_name["receipt"].number
    appended = with_receipt(body, field, receipt)
    assert appended.startswith(body)
    answer.receipt.CopyFrom(receipt_to_wire(receipt))
    assert lookup_service_pb2.LookUpPersonResponse.FromString(appended) == answer


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 9999), st.integers(0, 12), st.integers(0, 31))
def test_a_date_keeps_what_is_not_known_as_zero(year: int, month: int, day: int) -> None:
    date = Date()
    set_date(date, year * 10_000 + month * 100 + day)
    assert (date.year, date.month, date.day) == (year, month, day)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 4_000_000_000_000_000))
def test_a_moment_is_exact_to_the_microsecond(microseconds: int) -> None:
    assert abs(time_to_wire(microseconds / 1_000_000).ToMicroseconds() - microseconds) < 2
