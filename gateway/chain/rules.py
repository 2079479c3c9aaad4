"""The contract's field rules, compiled once into checks that name what is wrong, never the value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.api.v1 import options_pb2
from gateway.errors import ArgumentInvalid, FieldViolation

Check = Callable[[Message], None]
_Rule = Callable[[Any, str], Iterator[FieldViolation]]

_TEXT = re.compile(r"[^\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]*")
"""Any text but control characters and those that reverse the reading direction."""

VIOLATIONS_MAX = 16


def compile_check(message: Descriptor) -> Check:
    """A check of a request message; raises ArgumentInvalid with at most 16 violations."""
    rules = _message_rules(message)
    messages = [
        field.name
        for field in message.fields
        if field.message_type is not None and not field.is_repeated and _rule_of(field).required
    ]

    def check(request: Message) -> None:
        violations: list[FieldViolation] = []
        for name, rule in rules:
            for violation in rule(getattr(request, name), name):
                violations.append(violation)
                if len(violations) == VIOLATIONS_MAX:
                    raise ArgumentInvalid(violations=violations)
        violations.extend(FieldViolation(name, "is required") for name in messages if not request.HasField(name))
        if violations:
            raise ArgumentInvalid(violations=violations)

    return check


def _rule_of(field: FieldDescriptor) -> Any:
    options: Any = field.GetOptions()
    return options.Extensions[options_pb2.rule]


def _message_rules(message: Descriptor) -> list[tuple[str, _Rule]]:
    rules: list[tuple[str, _Rule]] = []
    for field in message.fields:
        rule = _field_rule(field)
        if rule is not None:
            rules.append((field.name, rule))
    return rules


def _field_rule(field: FieldDescriptor) -> _Rule | None:
    rule = _rule_of(field)
    if field.message_type is not None:
        if not field.message_type.full_name.startswith("gateway."):
            return None
        inner = _nested(field.message_type)
        return _each(inner, rule) if field.is_repeated else inner
    if field.type == FieldDescriptor.TYPE_STRING:
        single = _text(rule, required=rule.required or field.is_repeated)
        return _each(single, rule) if field.is_repeated else single
    if field.type == FieldDescriptor.TYPE_BYTES and rule.ByteSize():
        return _octets(rule)
    return None


def _nested(message: Descriptor) -> _Rule:
    rules = _message_rules(message)

    def check(value: Message, path: str) -> Iterator[FieldViolation]:
        for name, rule in rules:
            yield from rule(getattr(value, name), f"{path}.{name}")

    return check


def _each(inner: _Rule, rule: Any) -> _Rule:
    items_max, required = rule.items_max, rule.required

    def check(values: Any, path: str) -> Iterator[FieldViolation]:
        if required and not values:
            yield FieldViolation(path, "must not be empty")
        if items_max and len(values) > items_max:
            yield FieldViolation(path, f"has {len(values)} items, at most {items_max} are allowed")
            return
        for position, value in enumerate(values):
            yield from inner(value, f"{path}[{position}]")

    return check


def _text(rule: Any, *, required: bool) -> _Rule:
    pattern = re.compile(rule.pattern) if rule.pattern else _TEXT
    bytes_max = rule.bytes_max
    described = f"must match {rule.pattern}" if rule.pattern else "must not contain control characters"

    def check(value: str, path: str) -> Iterator[FieldViolation]:
        if not value:
            if required:
                yield FieldViolation(path, "is required")
        elif bytes_max and len(value.encode()) > bytes_max:
            yield FieldViolation(path, f"is longer than {bytes_max} bytes")
        elif pattern.fullmatch(value) is None:
            yield FieldViolation(path, described)

    return check


def _octets(rule: Any) -> _Rule:
    bytes_max, required = rule.bytes_max, rule.required

    def check(value: bytes, path: str) -> Iterator[FieldViolation]:
        if required and not value:
            yield FieldViolation(path, "is required")
        elif bytes_max and len(value) > bytes_max:
            yield FieldViolation(path, f"is longer than {bytes_max} bytes")

    return check
