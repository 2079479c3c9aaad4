"""How each leaf of `Person` is filled from the registry's columns. Pure; one function a leaf.

A filler gets the row and the positions of its columns in it (`at`), and `related`: for each related dataset the
rows of this person, as `registry.related` names their columns. It leaves a field absent where the registry has nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.api.v1 import person_pb2
from gateway.wire import set_date
from registry.datasets import ResidenceKind

Row = Sequence[Any]
Related = Mapping[str, Sequence[Row]]


class Places(Protocol):
    """Names of administrative units."""

    def former(self, commune_code: str) -> tuple[str, str]:
        """Province code and the place in words, under the map until 30/6/2025."""
        ...

    def current(self, commune_code: str) -> tuple[str, str]:
        """Province code and the place in words, under the map since 1/7/2025."""
        ...

    def successor(self, commune_code: str) -> str:
        """Code since 1/7/2025 of a commune of the map before; of several the default, empty for unknown ones."""
        ...


Fill = Callable[[person_pb2.Person, Row, Sequence[int], Related, Places], None]


@dataclass(frozen=True, slots=True)
class Filler:
    """How a leaf is filled: from which columns of the wide row, or from which related dataset."""

    fill: Fill
    columns: tuple[str, ...] = ()
    related: str = ""


def _plain(field: str) -> Fill:
    def fill(person: person_pb2.Person, row: Row, at: Sequence[int], _r: Related, _p: Places) -> None:
        value = row[at[0]]
        if value is not None:
            setattr(person, field, value)

    return fill


def _name(person: person_pb2.Person, row: Row, at: Sequence[int], _r: Related, _p: Places) -> None:
    name = person.name
    name.surname = row[at[0]]
    name.middle_name = row[at[1]]
    name.given_name = row[at[2]]


def _birth_date(person: person_pb2.Person, row: Row, at: Sequence[int], _r: Related, _p: Places) -> None:
    date = person.birth_date
    date.year = row[at[0]]
    date.month = row[at[1]]
    date.day = row[at[2]]


def _place(field: str) -> Fill:
    def fill(person: person_pb2.Person, row: Row, at: Sequence[int], _r: Related, places: Places) -> None:
        code = row[at[0]]
        if code is not None:
            province, text = places.former(code)
            place = getattr(person, field)
            place.commune_code = code
            place.province_code = province
            place.text = text

    return fill


def _residence(
    residence: person_pb2.Residence,
    former: str | None,
    code: str | None,
    line: str,
    since: int | None,
    places: Places,
) -> None:
    if line:
        residence.line = line
    if former is not None:
        residence.former_commune_code = former
    if code is not None:
        residence.commune_code = code
        residence.province_code, text = places.current(code)
        residence.text = f"{line}, {text}" if line else text
    if since:
        set_date(residence.since_date, since)


def _permanent(person: person_pb2.Person, row: Row, at: Sequence[int], _r: Related, places: Places) -> None:
    _residence(person.permanent_residence, row[at[0]], row[at[1]], row[at[2]], row[at[3]], places)


def _other_residence(field: str, kind: ResidenceKind) -> Filler:
    def fill(person: person_pb2.Person, _row: Row, _at: Sequence[int], related: Related, places: Places) -> None:
        for _id, row_kind, former, code, line, since, until in related["residences"]:
            if row_kind == kind and until is None:
                _residence(getattr(person, field), former, code, line, since, places)

    return Filler(fill, related="residences")


def _documents(person: person_pb2.Person, _row: Row, _at: Sequence[int], related: Related, _p: Places) -> None:
    for _id, kind, number, issued_on, issued_by, expires_on in reversed(related["documents"]):
        document = person.identity_documents.add(kind=kind, number=number, issued_by=issued_by)
        set_date(document.issued_date, issued_on)
        if expires_on is not None:
            set_date(document.expires_date, expires_on)


def _other_names(person: person_pb2.Person, _row: Row, _at: Sequence[int], related: Related, _p: Places) -> None:
    for _id, kind, surname, middle_name, given_name, _from, _to in related["other_names"]:
        other = person.other_names.add(kind=kind)
        _set_name(other.name, surname, middle_name, given_name)


def _relatives(person: person_pb2.Person, _row: Row, _at: Sequence[int], related: Related, _p: Places) -> None:
    for _id, kinship, _rid, number, surname, middle_name, given_name, _legacy, nationality in related["relatives"]:
        relative = person.relatives.add(kinship=kinship, number=number)
        if nationality is not None:
            relative.nationality = nationality
        _set_name(relative.name, surname, middle_name, given_name)


def _household(person: person_pb2.Person, _row: Row, _at: Sequence[int], related: Related, _p: Places) -> None:
    household = person.household
    for _hid, _pid, relation, _kind, _from, number, surname, middle_name, given_name, _l in related[
        "household_members"
    ]:
        member = household.members.add(number=number, relation=relation)
        _set_name(member.name, surname, middle_name, given_name)
        if relation == person_pb2.RELATION_TO_HEAD_HEAD:
            household.head_number = number
            household.head_name.CopyFrom(member.name)


def _death(person: person_pb2.Person, row: Row, at: Sequence[int], _r: Related, _p: Places) -> None:
    if row[at[0]] is not None:
        set_date(person.death.date, row[at[0]])


def _contact(person: person_pb2.Person, row: Row, at: Sequence[int], _r: Related, _p: Places) -> None:
    phone, email = row[at[0]], row[at[1]]
    if phone is not None:
        person.contact.mobile_number = phone
    if email is not None:
        person.contact.email = email


def _blood_group(person: person_pb2.Person, row: Row, at: Sequence[int], _r: Related, _p: Places) -> None:
    if row[at[0]] is not None:
        person.blood_group = _BLOOD_GROUPS[row[at[0]]]


_BLOOD_GROUPS = {
    "A": person_pb2.BLOOD_GROUP_A,
    "B": person_pb2.BLOOD_GROUP_B,
    "AB": person_pb2.BLOOD_GROUP_AB,
    "O": person_pb2.BLOOD_GROUP_O,
}


def _set_name(name: person_pb2.PersonName, surname: str, middle_name: str, given_name: str) -> None:
    name.surname = surname
    name.middle_name = middle_name
    name.given_name = given_name


def _column(leaf: str, column: str | None = None) -> Filler:
    return Filler(_plain(leaf), (column or leaf,))


FILLERS: dict[str, Filler] = {
    "name": Filler(_name, ("surname", "middle_name", "given_name")),
    "other_names": Filler(_other_names, related="other_names"),
    "number": _column("number"),
    "birth_date": Filler(_birth_date, ("birth_year", "birth_month", "birth_day")),
    "sex": _column("sex"),
    "birth_place": Filler(_place("birth_place"), ("birth_place",)),
    "birth_registration_place": Filler(_place("birth_registration_place"), ("birth_registration",)),
    "native_place": Filler(_place("native_place"), ("native_place",)),
    "ethnic_group": _column("ethnic_group"),
    "religion": _column("religion"),
    "nationality": _column("nationality"),
    "blood_group": Filler(_blood_group, ("blood_group",)),
    "legacy_number": _column("legacy_number"),
    "identity_documents": Filler(_documents, related="documents"),
    "relatives": Filler(_relatives, related="relatives"),
    "permanent_residence": Filler(
        _permanent, ("permanent_commune_old", "permanent_commune", "permanent_line", "permanent_since")
    ),
    "temporary_residence": _other_residence("temporary_residence", ResidenceKind.TEMPORARY),
    "current_residence": _other_residence("current_residence", ResidenceKind.CURRENT),
    "absence_status": _column("absence_status"),
    "residence_dossier_number": _column("residence_dossier_number", "residence_dossier"),
    "marital_status": _column("marital_status"),
    "relation_to_head": _column("relation_to_head"),
    "household": Filler(_household, related="household_members"),
    "death": Filler(_death, ("death_date",)),
    "contact": Filler(_contact, ("phone", "email")),
    "household_number": _column("household_number"),
}
"""Every leaf that the person's own tables hold; `gateway.lookup.linked` has the others."""
