"""Reads people to push from JSON lines or CSV. Columns and keys are paths of `Person`."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from gateway.cli.output import enum_text

if TYPE_CHECKING:
    from gateway.client import PushItem

ITEMS_MAX: Final = 1000
BYTES_MAX: Final = 900_000  # a request holds at most 1 MiB; the rest of it needs room
HEADER_LENGTH_MAX: Final = 64_000  # characters
REFERENCE: Final = "reference"
NUMBER: Final = "number"
_NUMBER: Final = re.compile(r"0[0-9]{11}")  # else the gateway refuses the whole request that holds it


class ItemsUnreadable(ValueError):
    """A line of the file cannot be pushed; the text names it and never shows its values."""


class _NotOneOf(ValueError):
    """A value that its enumeration does not have; the text names those that it has."""


def read_items(path: Path) -> Iterator[PushItem]:
    """The items of a file, CSV when its name ends so, otherwise JSON lines.

    Without a reference an item is called by its line. Raises OSError, ItemsUnreadable.
    """
    read = _csv_items if path.suffix.lower() == ".csv" else _json_items
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            yield from read(path, file)
        except (UnicodeDecodeError, csv.Error):
            raise ItemsUnreadable(f"{path}: not text in UTF-8") from None


def _csv_items(path: Path, file: TextIO) -> Iterator[PushItem]:
    for row in (rows := csv.DictReader(file, delimiter=_delimiter(file))):
        yield _item(path, rows.line_num, {key: value for key, value in row.items() if value})


def _json_items(path: Path, file: TextIO) -> Iterator[PushItem]:
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                value = json.loads(line)
            except ValueError:
                raise ItemsUnreadable(f"{path}, line {number}: not JSON") from None
            if not isinstance(value, dict):
                raise ItemsUnreadable(f"{path}, line {number}: not a JSON object")
            yield _item(path, number, value)


def _delimiter(file: TextIO) -> str:
    """Comma, semicolon or tab, whichever the first line has most of; the file is at its beginning then."""
    header = file.readline(HEADER_LENGTH_MAX)
    file.seek(0)
    return max(",;\t", key=header.count)


def columns_of(path: Path) -> tuple[str, ...]:
    """The paths that a CSV file writes: its columns but number and reference. Empty for JSON lines.

    Raises OSError, ItemsUnreadable.
    """
    if path.suffix.lower() != ".csv":
        return ()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            columns = next(csv.reader(file, delimiter=_delimiter(file)), [])
    except (UnicodeDecodeError, csv.Error):
        raise ItemsUnreadable(f"{path}: not text in UTF-8") from None
    return tuple(column for column in columns if column not in (NUMBER, REFERENCE))


def batches(items: Iterable[PushItem]) -> Iterator[list[PushItem]]:
    """Items in lists that fit a request. What stands before an unreadable item is given before that is raised."""
    batch: list[PushItem] = []
    size = 0
    remaining = iter(items)
    while True:
        try:
            item = next(remaining, None)
        except ItemsUnreadable:
            if batch:
                yield batch
            raise
        if item is None:
            break
        weight = item.person.ByteSize() + len(item.reference.encode()) + 16
        if batch and (len(batch) == ITEMS_MAX or size + weight > BYTES_MAX):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += weight
    if batch:
        yield batch


def _item(path: Path, line: int, value: dict[Any, Any]) -> PushItem:
    from google.protobuf.json_format import ParseDict, ParseError

    from gateway.api.v1 import person_pb2
    from gateway.client import PushItem

    if None in value:
        raise ItemsUnreadable(f"{path}, line {line}: more cells than columns")
    reference = str(value.pop(REFERENCE, f"line {line}"))
    person = person_pb2.Person()
    try:
        ParseDict(_nested(value, person_pb2.Person.DESCRIPTOR), person)
    except (ParseError, KeyError, TypeError, ValueError) as error:
        # The parser's text quotes the value, which may be personal: the path is enough to find it.
        raise ItemsUnreadable(f"{path}, line {line}: {_problem(error)}") from None
    if not person.number:
        raise ItemsUnreadable(f"{path}, line {line}: `number` is missing")
    if not _NUMBER.fullmatch(person.number):
        raise ItemsUnreadable(f"{path}, line {line}: `number` is not 12 digits with 0 first")
    return PushItem(reference, person)


def _problem(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"Person has no field `{error.args[0]}`; the names are `{NUMBER}`, `{REFERENCE}` and paths of Person"
    if isinstance(error, _NotOneOf):
        return str(error)
    words = str(error).replace('"', " ").split()
    known = [word for word in words if word.replace("_", "").replace(".", "").isalpha() and "_" in word]
    return f"{known[0] if known else 'a field'} does not fit the contract; see person.proto"


def _nested(value: dict[str, Any], descriptor: Any) -> dict[str, Any]:
    """Dotted paths as nested objects, short names of enums as the contract's."""
    nested: dict[str, Any] = {}
    for key, member in value.items():
        top, _, rest = key.partition(".")
        field = descriptor.fields_by_name[top]
        if rest:
            member = {rest: member}
        if field.message_type is not None and isinstance(member, dict) and not field.is_repeated:
            held = nested.setdefault(top, {})
            held.update(_nested(member, field.message_type))
            continue
        nested[top] = _enum(field, member) if field.enum_type is not None else member
    return nested


def _enum(field: Any, value: Any) -> Any:
    if isinstance(value, str) and value not in field.enum_type.values_by_name:
        wanted = "_" + value.strip().upper().replace(" ", "_")
        fitting = [name for name in field.enum_type.values_by_name if name.endswith(wanted)]
        if not fitting:
            values = field.enum_type.values_by_number
            known = ", ".join(enum_text(field.enum_type.name, values, number) for number in values if number)
            raise _NotOneOf(f"`{field.name}` is not one of {known}")
        return min(fitting, key=len)
    return value
