"""How values are shown to people: dates dd/mm/yyyy in Vietnam's time, names in their order, tables, no mark-up.

Text from the registry or an agency never reaches the terminal with control characters in it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from gateway.audit.receipt import Receipt
    from gateway.client import Withheld

VIETNAM: Final = timezone(timedelta(hours=7))
WIDTH_WITHOUT_TERMINAL: Final = 200
_INDENT = "  "


def plain(text: object) -> str:
    """`text` with whatever a terminal would obey made visible."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(text))


def moment(time: datetime, *, zone: bool = True) -> str:
    """An aware time, as dd/mm/yyyy hh:mm:ss +07:00, or without the offset where a heading says it."""
    return time.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S" + (" +07:00" if zone else ""))


def print_json(value: object) -> None:
    """One JSON value, on one line, in UTF-8."""
    print(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: frozenset[str]) -> None:
    """A table; the columns named by `numbers` are set to the right. Long cells are folded, never cut.

    A cell that is a tuple has a line for each member. Without rows it says so.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, highlight=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_lines(cell)) for cell in row))
    if not table.row_count:
        print("none")
        return
    width = None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL
    Console(width=width, highlight=False, markup=False).print(table)


def _lines(cell: object) -> str:
    return "\n".join(plain(line) for line in cell) if isinstance(cell, tuple) else plain(cell)


def print_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Names and values, one a line, values aligned."""
    lines = list(pairs)
    width = max((len(name) for name, _ in lines), default=0)
    for name, value in lines:
        print(f"{name:<{width}}  {plain(value)}".rstrip())


def print_withheld(withheld: Sequence[Withheld]) -> None:
    """The fields that were asked for and not given, if any."""
    if withheld:
        print("withheld: " + ", ".join(f"{plain(each.path)} ({each.reason})" for each in withheld))


def message_json(person: Message) -> dict[str, Any]:
    """A message as the contract's JSON, fields named as in the contract."""
    from google.protobuf.json_format import MessageToDict

    value: dict[str, Any] = MessageToDict(person, preserving_proto_field_name=True)
    return value


def receipt_json(receipt: Receipt) -> dict[str, object]:
    """Which entry of which log an answer stands under."""
    return {"origin": receipt.origin, "index": receipt.index, "leaf_hash": receipt.leaf_hash.hex()}


def print_person(person: Message, withheld: Sequence[Withheld], indent: str = "") -> None:
    """A person's set fields. Of one that is withheld as a whole, what stands there is a part."""
    parted = {f"{indent}{each.path}" for each in withheld}
    pairs = person_pairs(person, indent)
    print_pairs((name, f"{value} (in part)".lstrip() if name in parted else value) for name, value in pairs)


def person_pairs(message: Message, indent: str = "") -> Iterator[tuple[str, str]]:
    """The set fields of a message as names and values; members of a message are indented below its name."""
    for field, value in message.ListFields():
        name = f"{indent}{field.name}"
        members = list(value) if field.is_repeated else [value]
        for position, member in enumerate(members, 1):
            label = f"{name} {position}" if field.is_repeated else name
            short = _short(field, member)
            if short is not None:
                yield label, short
            else:
                yield label, ""
                yield from person_pairs(member, indent + _INDENT)


def _short(field: Any, value: Any) -> str | None:
    """A value on one line; None for a message that needs several."""
    if field.message_type is not None:
        kind = field.message_type.name
        if kind == "Date":
            return date_text(value.year, value.month, value.day)
        if kind == "PersonName":
            return " ".join(part for part in (value.surname, value.middle_name, value.given_name) if part)
        return None
    if field.enum_type is not None:
        return enum_text(field.enum_type.name, field.enum_type.values_by_number, value)
    return str(value)


def date_text(year: int, month: int, day: int) -> str:
    """dd/mm/yyyy, with the parts that are not known (0) left out."""
    parts = [f"{day:02}"] if day else []
    parts += [f"{month:02}"] if month else []
    return "/".join([*parts, f"{year:04}"])


def enum_text(enum: str, values: Mapping[int, Any], number: int) -> str:
    """A value's name without the name of its enum, in small letters."""
    if number not in values:
        return str(number)
    prefix = "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in enum).lstrip("_") + "_"
    name: str = values[number].name
    return name.removeprefix(prefix).replace("_", " ").lower()
