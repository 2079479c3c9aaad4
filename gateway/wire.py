"""Turns receipts, dates and times into messages of the contract and back; what one role alone knows is in the role."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from gateway.api.v1 import context_pb2
from gateway.audit.receipt import Receipt


def receipt_to_wire(receipt: Receipt) -> context_pb2.Receipt:
    """The receipt as the contract has it."""
    return context_pb2.Receipt(
        origin=receipt.origin,
        index=receipt.index,
        leaf_hash=receipt.leaf_hash,
        commit_first=receipt.commit_first,
        commit_count=receipt.commit_count,
        path=receipt.path,
        signature=receipt.signature,
        key_id=receipt.key_id,
    )


def receipt_from_wire(receipt: context_pb2.Receipt) -> Receipt:
    """Our own value of a received receipt; nothing is verified here."""
    return Receipt(
        origin=receipt.origin,
        index=receipt.index,
        leaf_hash=receipt.leaf_hash,
        commit_first=receipt.commit_first,
        commit_count=receipt.commit_count,
        path=tuple(receipt.path),
        signature=receipt.signature,
        key_id=receipt.key_id,
    )


def with_receipt(body: bytes, field: int, receipt: Receipt) -> bytes:
    """The serialised response `body` with its receipt appended as field number `field` (at most 15).

    Serialised messages that are joined merge, so the body that was digested for the log stays as it is.
    """
    raw = receipt_to_wire(receipt).SerializeToString()
    return b"".join((body, bytes((field << 3 | 2,)), varint(len(raw)), raw))


def varint(number: int) -> bytes:
    """A length or number as protobuf writes it; not negative."""
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def set_date(date: Date, day: int) -> None:
    """Fill an empty date that stands in a message with `yyyymmdd`, month and day 00 where not known.

    A third of the cost of copying one there.
    """
    date.SetInParent()
    date.year = day // 10_000
    date.month = day // 100 % 100
    date.day = day % 100


def time_to_wire(seconds: float) -> Timestamp:
    """Seconds since 1970 as a Timestamp, to the microsecond."""
    stamp = Timestamp()
    stamp.FromMicroseconds(round(seconds * 1_000_000))
    return stamp


def time_from_wire(stamp: Timestamp) -> datetime:
    """The moment, in UTC."""
    return stamp.ToDatetime(tzinfo=UTC)
