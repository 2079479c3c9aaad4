"""Builders for tests that need a gateway: a small registry of invented people, settings on free ports, agencies."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from registry.datasets import UnitLevel, UnitVersion
from registry.engine import open_engine
from registry.load import Loader
from registry.units import Successor, Unit

COMMUNE_OLD, COMMUNE = "00001", "00004"
COMMUNE_OLD_SOUTH, COMMUNE_SOUTH = "26734", "26740"
BASIC = ("number", "name", "birth_date", "sex", "permanent_residence", "household_number")


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
    """The number of the person at `position`, from 1: born 1990 in Hà Nội, odd positions male."""
    return f"001{0 if position % 2 else 1}90{position:06d}"


def build_registry(path: Path, people: int = 1000) -> None:
    """A finished SQLite registry: people in households of one, every tenth of them in Hồ Chí Minh City."""
    loader = Loader(open_engine(path))
    loader.begin(people=people, seed=1)
    ids = list(range(1, people + 1))
    south = [position % 10 == 0 for position in ids]
    numbers = [number_of(position) for position in ids]
    communes_old = [COMMUNE_OLD_SOUTH if there else COMMUNE_OLD for there in south]
    communes = [COMMUNE_SOUTH if there else COMMUNE for there in south]
    households = [f"HK{position:09d}" for position in ids]
    loader.insert_units(
        [
            Unit(UnitVersion.UNTIL_2025_06_30, UnitLevel.PROVINCE, "01", "Thành phố Hà Nội", "thành phố", None),
            Unit(UnitVersion.UNTIL_2025_06_30, UnitLevel.DISTRICT, "001", "Quận Ba Đình", "quận", "01"),
            Unit(UnitVersion.UNTIL_2025_06_30, UnitLevel.COMMUNE, COMMUNE_OLD, "Phường Phúc Xá", "phường", "001"),
            Unit(UnitVersion.UNTIL_2025_06_30, UnitLevel.PROVINCE, "79", "Thành phố Hồ Chí Minh", "thành phố", None),
            Unit(UnitVersion.UNTIL_2025_06_30, UnitLevel.DISTRICT, "760", "Quận 1", "quận", "79"),
            Unit(UnitVersion.UNTIL_2025_06_30, UnitLevel.COMMUNE, COMMUNE_OLD_SOUTH, "Phường Tân Định", "phường", "760"),
            Unit(UnitVersion.SINCE_2025_07_01, UnitLevel.PROVINCE, "01", "Thành phố Hà Nội", "thành phố", None),
            Unit(UnitVersion.SINCE_2025_07_01, UnitLevel.COMMUNE, COMMUNE, "Phường Ba Đình", "phường", "01"),
            Unit(UnitVersion.SINCE_2025_07_01, UnitLevel.PROVINCE, "79", "Thành phố Hồ Chí Minh", "thành phố", None),
            Unit(UnitVersion.SINCE_2025_07_01, UnitLevel.COMMUNE, COMMUNE_SOUTH, "Phường Sài Gòn", "phường", "79"),
        ],
        [Successor(COMMUNE_OLD, COMMUNE, True), Successor(COMMUNE_OLD_SOUTH, COMMUNE_SOUTH, True)],
    )
    person: dict[str, Any] = {
        "person_id": ids,
        "number": numbers,
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
        "permanent_commune": communes,
        "permanent_line": [f"Số {position} phố Hàng Than" for position in ids],
        "permanent_since": [20100101] * people,
        "household_id": ids,
        "household_number": households,
        "relation_to_head": [1] * people,
        "marital_status": [1] * people,
        "absence_status": [1] * people,
        "phone": ["0912345678"] * people,
        "scope": ["79" if there else "01" for there in south],
    }
    loader.insert("person", person)
    loader.insert("person_number", {"number": numbers, "person_id": ids, "valid_from": [19900430] * people})
    loader.insert(
        "household",
        {
            "household_id": ids,
            "number": households,
            "head_person_id": ids,
            "commune_old": communes_old,
            "commune": communes,
            "line": person["permanent_line"],
            "kind": [1] * people,
        },
    )
    loader.insert(
        "membership",
        {
            "person_id": ids,
            "household_id": ids,
            "relation": [1] * people,
            "kind": [1] * people,
            "valid_from": [20100101] * people,
        },
    )
    loader.finish(epoch="00112233445566778899aabbccddeeff")
