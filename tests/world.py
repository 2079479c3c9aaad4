"""Builders for tests that need a gateway: a small registry of invented people, settings on free ports, agencies."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from sqlalchemy import Column, String

from registry.datasets import UnitLevel, UnitVersion
from registry.engine import open_engine
from registry.linked import LINKED
from registry.load import Loader
from registry.names import search_key
from registry.units import Successor, Unit

COMMUNE_OLD, COMMUNE = "00001", "00004"
COMMUNE_OLD_SOUTH, COMMUNE_SOUTH = "26734", "26740"
BASIC = ("number", "name", "birth_date", "sex", "permanent_residence", "household_number")
FULL, FATHER, MOTHER, SPOUSE, CHILD = 4, 5, 6, 7, 8
"""Positions of the person of whom everything is registered, and of that person's family."""
WIFE, HUSBAND, SON = 30, 31, 32
"""Positions of a family in the household of WIFE: she is of Hồ Chí Minh City, the others of Hà Nội; SON is a minor."""
GUARDIAN, WARD = 33, 34
"""Positions of an orphan, a minor who heads a household, and of the guardian registered there."""
SHARED_CARD = "011111111"
"""A 9-digit card number that WIFE and HUSBAND were both given, in two provinces."""
SHARED_CODE = "8012345677"
"""A tax code of HUSBAND, and a social insurance code of GUARDIAN."""
FORMER_NUMBER = "001190999999"
"""A number that the person at FULL held before."""


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def number_of(position: int) -> str:
    """The number of the person at `position`, from 1: born 1990 in Hà Nội, odd positions male.

    Every tenth person lives in Hồ Chí Minh City, the others in Hà Nội.
    """
    return f"001{0 if position % 2 else 1}90{position:06d}"


def _registered(column: Column[Any]) -> int | str:
    """A value for a column of a linked dataset: what it means does not matter, that it is there does."""
    if column.name.endswith("_date"):
        return 20230215
    return "12345" if isinstance(column.type, String) else 1


def build_registry(path: Path, people: int = 1000) -> None:
    """A finished SQLite registry: people in households of one, every tenth of them in Hồ Chí Minh City.

    Of the person at FULL everything is registered. At least 34 people.
    """
    loader = Loader(open_engine(path))
    loader.begin(people=people, seed=1)
    _insert_units(loader)
    person = _person_columns(people)
    loader.insert("person", person)
    ids = person["person_id"]
    loader.insert(
        "person_number",
        {
            "number": [*person["number"], FORMER_NUMBER],
            "person_id": [*ids, FULL],
            "valid_from": [19900430] * (people + 1),
            "valid_to": [None] * people + [20200101],
        },
    )
    loader.insert(
        "household",
        {
            "household_id": ids,
            "number": [_household_number(position) for position in ids],
            "head_person_id": ids,
            "commune_old": person["permanent_commune_old"],
            "commune": person["permanent_commune"],
            "line": person["permanent_line"],
            "kind": [1] * people,
        },
    )
    loader.insert(
        "membership",
        {
            "person_id": ids,
            "household_id": person["household_id"],
            "relation": person["relation_to_head"],
            "kind": [1] * people,
            "valid_from": [20100101] * people,
        },
    )
    _insert_everything(loader)
    loader.finish(epoch="00112233445566778899aabbccddeeff")


def _household_number(position: int) -> str:
    return f"HK{position:09d}"


def _insert_units(loader: Loader) -> None:
    before, since = UnitVersion.UNTIL_2025_06_30, UnitVersion.SINCE_2025_07_01
    province, district, commune = UnitLevel.PROVINCE, UnitLevel.DISTRICT, UnitLevel.COMMUNE
    loader.insert_units(
        [
            Unit(before, province, "01", "Thành phố Hà Nội", "thành phố", None),
            Unit(before, district, "001", "Quận Ba Đình", "quận", "01"),
            Unit(before, commune, COMMUNE_OLD, "Phường Phúc Xá", "phường", "001"),
            Unit(before, province, "79", "Thành phố Hồ Chí Minh", "thành phố", None),
            Unit(before, district, "760", "Quận 1", "quận", "79"),
            Unit(before, commune, COMMUNE_OLD_SOUTH, "Phường Tân Định", "phường", "760"),
            Unit(since, province, "01", "Thành phố Hà Nội", "thành phố", None),
            Unit(since, commune, COMMUNE, "Phường Ba Đình", "phường", "01"),
            Unit(since, province, "79", "Thành phố Hồ Chí Minh", "thành phố", None),
            Unit(since, commune, COMMUNE_SOUTH, "Phường Sài Gòn", "phường", "79"),
        ],
        [Successor(COMMUNE_OLD, COMMUNE, True), Successor(COMMUNE_OLD_SOUTH, COMMUNE_SOUTH, True)],
    )


def _person_columns(people: int) -> dict[str, Any]:
    """The columns of the wide rows."""
    ids = list(range(1, people + 1))
    south = [position % 10 == 0 for position in ids]
    communes_old = [COMMUNE_OLD_SOUTH if there else COMMUNE_OLD for there in south]
    columns: dict[str, Any] = {
        "person_id": ids,
        "number": [number_of(position) for position in ids],
        "version": [1] * people,
        "surname": ["Nguyễn"] * people,
        "middle_name": ["Văn" if position % 2 else "Thị" for position in ids],
        "given_name": ["Hòa"] * people,
        "name_key": ["nguyễn hòa"] * people,
        "birth_year": [1990] * people,
        "birth_month": [4] * people,
        "birth_day": [30] * people,
        "sex": [1 if position % 2 else 2 for position in ids],
        "birth_place": communes_old,
        "birth_registration": communes_old,
        "native_place": communes_old,
        "ethnic_group": ["01"] * people,
        "nationality": ["VN"] * people,
        "permanent_commune_old": communes_old,
        "permanent_commune": [COMMUNE_SOUTH if there else COMMUNE for there in south],
        "permanent_line": [f"Số {position} phố Hàng Than" for position in ids],
        "permanent_since": [20100101] * people,
        "household_id": list(ids),
        "household_number": [_household_number(position) for position in ids],
        "relation_to_head": [1] * people,
        "marital_status": [1] * people,
        "absence_status": [1] * people,
        "phone": ["0912345678"] * people,
        "scope": ["79" if there else "01" for there in south],
    }
    everything = {
        "religion": 2,
        "blood_group": "O",
        "legacy_number": "010203040",
        "father_id": FATHER,
        "mother_id": MOTHER,
        "spouse_id": SPOUSE,
        "residence_dossier": "HS-0004",
        "death_date": 20250100,
        "email": "hoa@example.vn",
    }
    for column, value in everything.items():
        columns[column] = [value if position == FULL else None for position in ids]
    child = {
        "mother_id": FULL,
        "household_id": FULL,
        "household_number": _household_number(FULL),
        "relation_to_head": 4,
    }
    _place(columns, CHILD, **child)
    home = {"household_id": WIFE, "household_number": _household_number(WIFE)}
    _place(columns, WIFE, spouse_id=HUSBAND, surname="Trần", given_name="Hằng", legacy_number=SHARED_CARD)
    _place(columns, HUSBAND, spouse_id=WIFE, relation_to_head=3, legacy_number=SHARED_CARD, **home)
    _place(columns, HUSBAND, surname="Lê", middle_name="Đức", given_name="Thủy")
    _place(columns, SON, surname="Lê", middle_name="Minh", given_name="Quý")
    _place(columns, SON, father_id=HUSBAND, mother_id=WIFE, relation_to_head=4, birth_year=2015, **home)
    home = {"household_id": WARD, "household_number": _household_number(WARD)}
    _place(columns, GUARDIAN, relation_to_head=18, surname="Lê", middle_name="Đức", given_name="Thụy", **home)
    _place(columns, WARD, birth_year=2015)
    names = zip(columns["surname"], columns["middle_name"], columns["given_name"], strict=True)
    columns["search_key"] = [search_key(" ".join(parts)) for parts in names]
    return columns


def _place(columns: dict[str, Any], position: int, **values: Any) -> None:
    """Set what distinguishes one person."""
    for column, value in values.items():
        columns[column][position - 1] = value


def _insert_everything(loader: Loader) -> None:
    """What hangs on the person at FULL."""
    place = {"commune_old": [COMMUNE_OLD_SOUTH], "commune": [COMMUNE_SOUTH], "line": ["Số 4 đường Lê Lợi"]}
    for kind in (2, 3):
        loader.insert("residence", {"person_id": [FULL], "kind": [kind], **place, "valid_from": [20200101]})
    loader.insert(
        "person_name",
        {
            "person_id": [FULL],
            "kind": [2],
            "surname": ["Nguyễn"],
            "middle_name": ["Thị"],
            "given_name": ["Lành"],
            "valid_from": [20000101],
        },
    )
    loader.insert(
        "identity_document",
        {
            "person_id": [FULL],
            "kind": [2],
            "number": [number_of(FULL)],
            "issued_on": [20210301],
            "issued_by": ["Cục Cảnh sát quản lý hành chính về trật tự xã hội"],
            "expires_on": [20300430],
        },
    )
    loader.insert(
        "social_insurance",
        {
            "person_id": [FULL],
            "code": ["0123456789"],
            "status": [1],
            "health_card": ["GD4790123456789"],
            "employer_unit": ["TA0001A"],
            "updated_on": [20240401],
        },
    )
    loader.insert(
        "social_insurance", {"person_id": [GUARDIAN], "code": [SHARED_CODE], "status": [1], "updated_on": [20240401]}
    )
    loader.insert("tax_registration", {"person_id": [HUSBAND], "former_code": [SHARED_CODE], "updated_on": [20240401]})
    for linked in LINKED.values():
        if linked.name != "social_insurance":
            values = {column: [_registered(linked.table.c[column])] for column in linked.columns}
            loader.insert(linked.table.name, {"person_id": [FULL], **values, "updated_on": [20240401]})
