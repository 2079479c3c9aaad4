"""The contract's field rules, compiled once into checks that name what is wrong, never the value."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from gateway.api.v1 import options_pb2
from gateway.errors import ArgumentInvalid, FieldViolation

Check = Callable[[Message], None]
_Wrong = tuple[tuple[str, str], ...]
_Rule = Callable[[Any], _Wrong]
"""Says what is wrong with a value: where in it (`.name`, `[position]`, nothing: the value itself), and what."""
_FINE: _Wrong = ()

_TEXT = re.compile(r"[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]*")
"""Any text but control characters, line breaks of any kind and characters that turn the reading direction: what
callers write is shown on auditors' terminals."""

VIOLATIONS_MAX = 16
FIELDS_WIDE_MIN = 8
_BYTES_UNBOUNDED = 1 << 62


def compile_check(message: Descriptor) -> Check:
    """A check of a request message; raises ArgumentInvalid with at most 16 violations."""
    within = _nested(message)
    messages = [
        field.name
        for field in message.fields
        if field.message_type is not None and not field.is_repeated and _rule_of(field).required
    ]

    def check(request: Message) -> None:
        wrong = within(request)
        wrong += tuple((f".{name}", "is required") for name in messages if not request.HasField(name))
        if wrong:
            raise ArgumentInvalid(violations=[FieldViolation(path[1:], what) for path, what in wrong[:VIOLATIONS_MAX]])

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
    if rule.by_item:
        return None
    if field.message_type is not None:
        if not field.message_type.full_name.startswith("gateway."):
            return None
        inner = _nested(field.message_type)
        return _each(inner, rule, _plainly_fine(field.message_type)) if field.is_repeated else inner
    if field.type == FieldDescriptor.TYPE_STRING:
        single = _text(rule, required=rule.required or field.is_repeated)
        return _each(single, rule) if field.is_repeated else single
    if field.type == FieldDescriptor.TYPE_BYTES and rule.ByteSize():
        return _octets(rule)
    if field.is_repeated and rule.ByteSize():
        return _each(lambda _value: _FINE, rule)
    return None


def _nested(message: Descriptor) -> _Rule:
    rules = _message_rules(message)

    def check(value: Message) -> _Wrong:
        wrong = _FINE
        for name, rule in rules:
            inside = rule(getattr(value, name))
            if inside:
                wrong += tuple((f".{name}{path}", what) for path, what in inside)
        return wrong

    absent = GetMessageClass(message)()
    if len(rules) < FIELDS_WIDE_MIN or check(absent):
        return check
    wide = dict(rules)

    def check_wide(value: Message) -> _Wrong:
        # Of many fields few are there, and nothing is wrong with one that is not: looks only at those.
        wrong = _FINE
        for field, each in value.ListFields():
            inside = wide[field.name](each) if field.name in wide else _FINE
            if inside:
                wrong += tuple((f".{field.name}{path}", what) for path, what in inside)
        return wrong

    return check_wide


def _plainly_fine(message: Descriptor) -> Callable[[Any], bool] | None:
    """Whether nothing is wrong with any of many messages, by one look at each of their columns; it may say no to what
    is fine. None: they have rules that cannot be looked at so."""
    columns: list[tuple[Callable[[Any], str], int]] = []
    for field in message.fields:
        rule = _rule_of(field)
        if _field_rule(field) is None:
            continue
        if field.type != FieldDescriptor.TYPE_STRING or field.is_repeated or rule.required or rule.pattern:
            return None
        columns.append((attrgetter(field.name), rule.bytes_max or _BYTES_UNBOUNDED))

    def fine(values: Any) -> bool:
        for get, bytes_max in columns:
            column = list(map(get, values))
            # No text has more than four bytes a character.
            if any(column) and (max(map(len, column)) * 4 > bytes_max or _TEXT.fullmatch("".join(column)) is None):
                return False
        return True

    return fine


def _each(inner: _Rule, rule: Any, fine: Callable[[Any], bool] | None = None) -> _Rule:
    items_max, required = rule.items_max, rule.required

    def check(values: Any) -> _Wrong:
        if required and not values:
            return (("", "must not be empty"),)
        if items_max and len(values) > items_max:
            return (("", f"has {len(values)} items, at most {items_max} are allowed"),)
        if fine is not None and fine(values):
            return _FINE
        wrong = _FINE
        for position, value in enumerate(values):
            inside = inner(value)
            if inside:
                wrong += tuple((f"[{position}]{path}", what) for path, what in inside)
                if len(wrong) >= VIOLATIONS_MAX:
                    break
        return wrong

    return check


def _text(rule: Any, *, required: bool) -> _Rule:
    matches = (re.compile(rule.pattern) if rule.pattern else _TEXT).fullmatch
    bytes_max = rule.bytes_max
    is_required, is_longer = _is_required(required), _is_longer(bytes_max)
    differs = (("", _differs(rule)),)

    def check(value: str) -> _Wrong:
        if not value:
            return is_required
        if bytes_max and len(value.encode()) > bytes_max:
            return is_longer
        return differs if matches(value) is None else _FINE

    return check


def _differs(rule: Any) -> str:
    if rule.form:
        return f"must be {rule.form}"
    return f"must match {rule.pattern}" if rule.pattern else "must not contain control characters"


def _octets(rule: Any) -> _Rule:
    bytes_max = rule.bytes_max
    is_required, is_longer = _is_required(rule.required), _is_longer(bytes_max)

    def check(value: bytes) -> _Wrong:
        if not value:
            return is_required
        return is_longer if bytes_max and len(value) > bytes_max else _FINE

    return check


def _is_required(required: bool) -> _Wrong:
    return (("", "is required"),) if required else _FINE


def _is_longer(bytes_max: int) -> _Wrong:
    return (("", f"is longer than {bytes_max} bytes"),)
