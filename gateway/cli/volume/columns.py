"""People as rows of text: the columns of a field mask, compiled once from the contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gateway.api.v1 import person_pb2
from gateway.cli.output import enum_text, message_json

Fill = Callable[[Any, list[str]], None]
"""Appends the cells of a message to a row."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns, and what fills them."""

    names: tuple[str, ...]
    fills: tuple[Fill, ...]

    def cells(self, person: Any, row: list[str]) -> None:
        """Append a person's cells to a row; None: a person who is not there."""
        if person is None:
            row.extend([""] * len(self.names))
            return
        for fill in self.fills:
            fill(person, row)


def columns_of(paths: Iterable[str]) -> Columns:
    """The columns of a mask's paths, in their order. Paths that the contract does not have have none: the gateway
    refuses them, and says so better.

    A name, address or dataset has a column for each of its members, a date is `yyyy-mm-dd` as far as it is known,
    a list is JSON.
    """
    names: list[str] = []
    fills: list[Fill] = []
    for path in paths:
        found = _at(person_pb2.Person.DESCRIPTOR, path, path)
        if found is not None:
            names.extend(found.names)
            fills.extend(found.fills)
    return Columns(tuple(names), tuple(fills))


def _at(message: Any, path: str, prefix: str) -> Columns | None:
    first, _, rest = path.partition(".")
    field = message.fields_by_name.get(first)
    if field is None:
        return None
    if not rest:
        return _field(field, prefix)
    if field.message_type is None or field.is_repeated:
        return None
    inner = _at(field.message_type, rest, prefix)
    return _within(first, inner) if inner is not None else None


def _within(name: str, inner: Columns) -> Columns:
    """The columns of a member message; empty cells where it is absent."""
    absent, fills = [""] * len(inner.names), inner.fills

    def fill(message: Any, row: list[str]) -> None:
        if not message.HasField(name):
            row.extend(absent)
            return
        member = getattr(message, name)
        for each in fills:
            each(member, row)

    return Columns(inner.names, (fill,))


def _field(field: Any, prefix: str) -> Columns:
    if field.is_repeated:
        return Columns((prefix,), (_list(field),))
    if field.message_type is None:
        return Columns((prefix,), (_plain(field),))
    if field.message_type.full_name == "google.type.Date":
        return _within(field.name, Columns((prefix,), (_date,)))
    members = [_field(member, f"{prefix}.{member.name}") for member in field.message_type.fields]
    names = tuple(name for member in members for name in member.names)
    return _within(field.name, Columns(names, tuple(fill for member in members for fill in member.fills)))


def _date(date: Any, row: list[str]) -> None:
    year, month, day = date.year, date.month, date.day
    row.append(f"{year:04}-{month:02}-{day:02}" if day else f"{year:04}-{month:02}" if month else f"{year:04}")


def _plain(field: Any) -> Fill:
    name, has_presence = field.name, field.has_presence
    enum = field.enum_type

    def fill(message: Any, row: list[str]) -> None:
        if has_presence and not message.HasField(name):
            row.append("")
            return
        value = getattr(message, name)
        if not value and not has_presence:
            row.append("")  # a part of a date that is not known, a name without a middle name
        elif enum is not None:
            row.append(enum_text(enum.name, enum.values_by_number, value))
        else:
            row.append(value if isinstance(value, str) else str(value))

    return fill


def _list(field: Any) -> Fill:
    name, plain = field.name, field.message_type is None

    def fill(message: Any, row: list[str]) -> None:
        values = getattr(message, name)
        if not values:
            row.append("")
            return
        shown = list(values) if plain else [message_json(value) for value in values]
        row.append(json.dumps(shown, ensure_ascii=False, separators=(",", ":")))

    return fill
