"""How each path that may be verified is compared, compiled from the contract: nothing here names a dataset.

A comparator gets the value as stated, the person's row with the positions of its columns (`at`), the rows of the
related datasets, the names of places and the leniency of the grant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from gateway.api.v1 import person_pb2
from gateway.catalogue import Catalogue
from gateway.lookup.fill import FILLERS, Places, Related, Row
from gateway.lookup.verification.addresses import compare_address, compare_unit
from gateway.lookup.verification.dates import Day, UnreadableDate, compare_date, parse_date
from gateway.lookup.verification.names import compare_name, compare_words, same_text
from gateway.lookup.verification.rules import Verdict
from gateway.lookup.verification.texts import compare_email, compare_identifier, compare_phone
from registry.related import RELATED

Compare: TypeAlias = Callable[[str, Row, Sequence[int], Related, Places, int], int]
"""Value, row, `at`, related rows, places, leniency: a number of `Verdict`."""

_SEX_WORDS = {"nam": "male", "nữ": "female", "nu": "female"}


@dataclass(frozen=True, slots=True)
class Comparator:
    """How a path is compared: with which columns of the wide row, or with which related dataset."""

    compare: Compare
    columns: tuple[str, ...] = ()
    related: str = ""


def compile_comparators(catalogue: Catalogue) -> Mapping[str, Comparator]:
    """A comparator for each path that may be verified. Raises RuntimeError for a leaf that cannot be compared."""
    found: dict[str, Comparator] = {}
    for path, leaf in catalogue.leaves.items():
        if leaf.verifiable:
            comparators = _of_leaf(path)
            if not comparators:
                raise RuntimeError(f"the contract lets {path} be verified, and no comparison is known for it")
            found.update(comparators)
    return found


def _of_leaf(path: str) -> dict[str, Comparator]:
    top, _, part = path.partition(".")
    person: Any = person_pb2.Person.DESCRIPTOR
    field: FieldDescriptor = person.fields_by_name[top]
    if field.is_repeated:
        return {}
    if part:
        message: Any = field.message_type
        compare = _scalar(message.fields_by_name[part])
        at = RELATED[top].columns.index(part)
        return {path: Comparator(partial(_linked, top, at, compare), related=top)} if compare is not None else {}
    if field.message_type is not None:
        of_message = _MESSAGES.get(field.message_type.full_name)
        return of_message(path) if of_message is not None else {}
    compare = _scalar(field)
    if compare is None:
        return {}
    return {path: Comparator(partial(_plain, compare), FILLERS[path].columns)}


_Scalar: TypeAlias = Callable[[str, Any, int], int]
"""Value stated, value registered (None: nothing), leniency."""


def _scalar(field: FieldDescriptor) -> _Scalar | None:
    if field.enum_type is not None:
        return partial(_enum, values_of(field.enum_type))
    if field.message_type is not None:
        return _day if field.message_type.full_name == "google.type.Date" else None
    if field.type == FieldDescriptor.TYPE_STRING:
        return _identifier
    return _whole if field.type in (FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_INT32) else None


def _plain(compare: _Scalar, value: str, row: Row, at: Sequence[int], _r: Related, _p: Places, leniency: int) -> int:
    return compare(value, row[at[0]], leniency)


def _linked(
    name: str, at: int, compare: _Scalar, value: str, _row: Row, _at: Any, related: Related, _p: Any, leniency: int
) -> int:
    rows = related[name]
    return compare(value, rows[0][at] if rows else None, leniency)


def _identifier(value: str, registered: Any, _leniency: int) -> int:
    return compare_identifier(value, registered or "")


def _whole(value: str, registered: Any, _leniency: int) -> int:
    text = value.strip()
    if not (text.isascii() and text.isdigit()):
        return Verdict.UNREADABLE if text else Verdict.NOT_CLAIMED
    if registered is None:
        return Verdict.ABSENT
    return Verdict.MATCH if text.lstrip("0") == str(registered).lstrip("0") else Verdict.MISMATCH


def _day(value: str, registered: Any, leniency: int) -> int:
    day = registered or 0
    return _date(value, (day // 10_000, day // 100 % 100, day % 100), leniency)


def _date(value: str, registered: Day, leniency: int) -> int:
    try:
        claimed = parse_date(value)
    except UnreadableDate:
        return Verdict.UNREADABLE if value.strip() else Verdict.NOT_CLAIMED
    return compare_date(claimed, registered, leniency)


def values_of(enum: EnumDescriptor) -> Mapping[str, int]:
    """The numbers of an enumeration by the words that state them."""
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    names = {value.name.removeprefix(prefix).lower(): number for number, value in enum.values_by_number.items()}
    del names["unspecified"]
    if enum.name == "Sex":
        names |= {word: names[name] for word, name in _SEX_WORDS.items()}
    return names


def _enum(values: Mapping[str, int], value: str, registered: Any, _leniency: int) -> int:
    claimed = values.get(value) or values.get(same_text(value).replace(" ", "_"))
    if claimed is None:
        return Verdict.UNREADABLE if value.strip() else Verdict.NOT_CLAIMED
    if not registered:
        return Verdict.ABSENT
    return Verdict.MATCH if claimed == registered else Verdict.MISMATCH


def _full_name(value: str, row: Row, at: Sequence[int], _r: Related, _p: Places, leniency: int) -> int:
    surname, middle, given = row[at[0]], row[at[1]], row[at[2]]
    return compare_name(value, f"{surname} {middle} {given}" if middle else f"{surname} {given}", leniency)


def _word(value: str, row: Row, at: Sequence[int], _r: Related, _p: Places, leniency: int) -> int:
    return compare_words(value, row[at[0]], leniency)


def _birth(value: str, row: Row, at: Sequence[int], _r: Related, _p: Places, leniency: int) -> int:
    return _date(value, (row[at[0]], row[at[1]], row[at[2]]), leniency)


def _phone(value: str, registered: Any, leniency: int) -> int:
    return compare_phone(value, registered or "", leniency)


def _email(value: str, registered: Any, _leniency: int) -> int:
    return compare_email(value, registered or "")


def _address(value: str, row: Row, at: Sequence[int], _r: Related, places: Places, leniency: int) -> int:
    former, code, line = row[at[0]], row[at[1]], row[at[2]]
    units = [places.current(code)[1]] if code is not None else []
    units += [places.former(former)[1]] if former is not None else []
    return compare_address(value, [f"{line}, {unit}" if line else unit for unit in units], leniency)


def _line(value: str, row: Row, at: Sequence[int], _r: Related, _p: Places, leniency: int) -> int:
    return compare_address(value, [row[at[2]] or ""], leniency)


def _commune(value: str, row: Row, at: Sequence[int], _r: Related, _p: Places, leniency: int) -> int:
    return compare_unit(value, row[at[1]] or "", None, leniency)


def _former_commune(value: str, row: Row, at: Sequence[int], _r: Related, places: Places, leniency: int) -> int:
    former, code = row[at[0]], row[at[1]]
    if former is not None or code is None:
        return compare_unit(value, former or "", None, leniency)
    # Registered since 1/7/2025, a residence may lack its commune of before.
    stated = value.strip()
    return compare_unit(value, "", (stated,) if places.successor(stated) == code else (), leniency)


def _province(value: str, row: Row, at: Sequence[int], _r: Related, places: Places, leniency: int) -> int:
    former, code = row[at[0]], row[at[1]]
    registered = places.current(code)[0] if code is not None else ""
    return compare_unit(value, registered, (places.former(former)[0],) if former is not None else None, leniency)


def _names(path: str) -> dict[str, Comparator]:
    columns = FILLERS[path].columns
    return {
        path: Comparator(_full_name, columns),
        **{f"{path}.{column}": Comparator(_word, (column,)) for column in columns},
    }


def _dates(path: str) -> dict[str, Comparator]:
    columns = FILLERS[path].columns
    if len(columns) == 1:
        return {path: Comparator(partial(_plain, _day), columns)}
    return {
        path: Comparator(_birth, columns),
        f"{path}.year": Comparator(partial(_plain, _whole), columns[:1]),
    }


def _residences(path: str) -> dict[str, Comparator]:
    columns = FILLERS[path].columns[:3]
    if not columns:
        return {}
    parts: dict[str, Compare] = {
        "line": _line,
        "commune_code": _commune,
        "former_commune_code": _former_commune,
        "province_code": _province,
        "text": _address,
    }
    return {
        path: Comparator(_address, columns),
        **{f"{path}.{part}": Comparator(compare, columns) for part, compare in parts.items()},
    }


def _contacts(path: str) -> dict[str, Comparator]:
    phone, email = FILLERS[path].columns
    return {
        f"{path}.mobile_number": Comparator(partial(_plain, _phone), (phone,)),
        f"{path}.email": Comparator(partial(_plain, _email), (email,)),
    }


_MESSAGES: Mapping[str, Callable[[str], dict[str, Comparator]]] = {
    "gateway.api.v1.PersonName": _names,
    "google.type.Date": _dates,
    "gateway.api.v1.Residence": _residences,
    "gateway.api.v1.Contact": _contacts,
}
