"""Fillers of the linked datasets, made from the contract and the registry's tables: no dataset is a special case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from gateway.api.v1 import person_pb2
from gateway.lookup.fill import Fill, Filler, Places, Related, Row
from gateway.wire import set_date
from registry.linked import LINKED, Linked
from registry.related import RELATED

Setter = Callable[[Any, Any], None]


def linked_fillers() -> Mapping[str, Filler]:
    """A filler for each leaf of each linked dataset. Raises RuntimeError when contract and tables differ."""
    fillers: dict[str, Filler] = {}
    person: Any = person_pb2.Person.DESCRIPTOR
    for linked in LINKED.values():
        field: FieldDescriptor = person.fields_by_name[linked.name]
        message: Any = field.message_type
        setters = {part.name: _setter(part) for part in message.fields}
        if tuple(sorted(setters)) != tuple(sorted(linked.columns)) or field.is_repeated != linked.many:
            raise RuntimeError(f"contract and tables differ in {linked.name}")
        at = RELATED[linked.name].columns.index
        placed = [(setters[column], at(column)) for column in linked.columns]
        if linked.many:
            fillers[linked.name] = Filler(_many(linked.name, placed), related=linked.name)
        else:
            fillers |= _parts(linked, placed)
    return fillers


def _parts(linked: Linked, placed: Sequence[tuple[Setter, int]]) -> dict[str, Filler]:
    return {
        f"{linked.name}.{column}": Filler(_one(linked.name, setter, at), related=linked.name)
        for column, (setter, at) in zip(linked.columns, placed, strict=True)
    }


def _one(name: str, setter: Setter, at: int) -> Fill:
    def fill(person: person_pb2.Person, _row: Row, _at: Sequence[int], related: Related, _p: Places) -> None:
        for row in related[name]:
            if row[at] is not None:
                setter(getattr(person, name), row[at])

    return fill


def _many(name: str, placed: Sequence[tuple[Setter, int]]) -> Fill:
    def fill(person: person_pb2.Person, _row: Row, _at: Sequence[int], related: Related, _p: Places) -> None:
        messages = getattr(person, name)
        for row in related[name]:
            message = messages.add()
            for setter, at in placed:
                if row[at] is not None:
                    setter(message, row[at])

    return fill


def _setter(field: FieldDescriptor) -> Setter:
    name = field.name
    if field.message_type is not None:
        if field.message_type.full_name != "google.type.Date":
            raise RuntimeError(f"{field.full_name} is of a kind that no column holds")
        return lambda message, value: set_date(getattr(message, name), value)
    if field.enum_type is not None:
        # 0 means not registered, which the contract says by leaving the field out.
        return lambda message, value: setattr(message, name, value) if value else None
    return lambda message, value: setattr(message, name, value)
