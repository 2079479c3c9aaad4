"""Writes the results of a batch as bytes: a person's bytes are copied, not built and serialised once more. Pure."""

from __future__ import annotations

from collections.abc import Sequence

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


def person_result(body: bytes, version: int, superseded: bool, reference: str) -> tuple[bytes, ...]:
    """The parts of a result with a person, `body` serialised."""
    if not superseded and not reference and len(body) < _SMALL_BYTES and 0 < version < _SMALL_VERSIONS:
        return _HEADS[len(body)], body, _VERSIONS[version]
    parts = [_PERSON, varint(len(body)), body, _VERSION, varint(version)]
    if superseded:
        parts.append(_SUPERSEDED)
    return _framed(parts, reference)


def copied_results(bodies: Sequence[bytes], versions: Sequence[int]) -> list[bytes]:
    """The parts of many results with a person and nothing else told; empty where one needs `person_result`."""
    if max(map(len, bodies)) >= _SMALL_BYTES or not 0 < min(versions) <= max(versions) < _SMALL_VERSIONS:
        return []
    parts = [b""] * (3 * len(bodies))
    parts[::3] = [_HEADS[len(body)] for body in bodies]
    parts[1::3] = bodies
    parts[2::3] = [_VERSIONS[version] for version in versions]
    return parts


def no_result(reason: int, reference: str) -> tuple[bytes, ...]:
    """The parts of a result without a person."""
    return _framed([_REASON, varint(reason)], reference)


def _framed(parts: list[bytes], reference: str) -> tuple[bytes, ...]:
    if reference:
        text = reference.encode()
        parts += (_REFERENCE, varint(len(text)), text)
    return _RESULT, varint(sum(map(len, parts))), *parts
