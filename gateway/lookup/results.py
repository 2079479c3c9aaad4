"""Writes the results of a batch as bytes: a person's bytes are copied, not built and serialised once more. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.api.v1 import lookup_service_pb2
from gateway.wire import varint

FIELDS = {"person": 1, "version": 2, "number_superseded": 3, "reason": 4, "reference": 5}
_RESULT, _PERSON, _VERSION, _SUPERSEDED, _REASON, _REFERENCE = b"\x0a", b"\x0a", b"\x10", b"\x18\x01", b"\x20", b"\x2a"
_SMALL_BYTES = 1024
_SMALL_VERSIONS = 128


def check_contract() -> None:
    """Raises RuntimeError when the contract's messages are not what is written here."""
    result = lookup_service_pb2.LookUpResult.DESCRIPTOR
    answer = lookup_service_pb2.BatchLookUpPersonsResponse.DESCRIPTOR
    if {field.name: field.number for field in result.fields} != FIELDS or answer.fields_by_name["results"].number != 1:
        raise RuntimeError("the contract's LookUpResult is not the one that is written as bytes")


def _head(body_bytes: int) -> bytes:
    """What stands before a person of whom nothing else is told than a small version."""
    person = _PERSON + varint(body_bytes)
    return _RESULT + varint(len(person) + body_bytes + 2) + person


_HEADS = tuple(_head(body_bytes) for body_bytes in range(_SMALL_BYTES))
_VERSIONS = tuple(_VERSION + varint(version) for version in range(_SMALL_VERSIONS))


def person_result(body: bytes, version: int, superseded: bool, reference: str) -> bytes:
    """A result with a person, `body` serialised."""
    if not superseded and not reference and len(body) < _SMALL_BYTES and 0 < version < _SMALL_VERSIONS:
        return _HEADS[len(body)] + body + _VERSIONS[version]
    parts = [_PERSON, varint(len(body)), body, _VERSION, varint(version)]
    if superseded:
        parts.append(_SUPERSEDED)
    return _framed(parts, reference)


def no_result(reason: int, reference: str) -> bytes:
    """A result without a person."""
    return _framed([_REASON, varint(reason)], reference)


def referenced(result: bytes, reference: str) -> bytes:
    """A result that had no reference, with this one; with none, as it is."""
    if not reference:
        return result
    begin = len(_RESULT)
    while result[begin] & 0x80:
        begin += 1
    return _framed([result[begin + 1 :]], reference)


def without(result: bytes, fields: Iterable[str]) -> bytes:
    """A result without some fields of its person."""
    answer = lookup_service_pb2.BatchLookUpPersonsResponse.FromString(result)
    (told,) = answer.results
    for field in fields:
        told.person.ClearField(field)
    return answer.SerializeToString()


def _framed(parts: list[bytes], reference: str) -> bytes:
    if reference:
        text = reference.encode()
        parts += (_REFERENCE, varint(len(text)), text)
    return b"".join((_RESULT, varint(sum(map(len, parts))), *parts))
