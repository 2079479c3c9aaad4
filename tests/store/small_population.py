"""A population small enough to know by heart, for the tests of the store. Everybody is made up."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine

from registry.datasets import UnitLevel, UnitVersion
from registry.load import Loader
from registry.names import search_key
from registry.units import Successor, Unit

EPOCH = "0123456789abcdef0123456789abcdef"
SEED = 7
PEOPLE = 60

HANOI, CAO_BANG = "01", "04"
COMMUNE_HANOI, COMMUNE_CAO_BANG = "00004", "01273"
COMMUNE_HANOI_OLD = "00001"

FATHER, MOTHER, CHILD, WIDOW = 1, 2, 3, 4  # person ids of those with a story; all others are alike
FORMER_NUMBER_OF_CHILD = "001204000099"
HOUSEHOLD, HOUSEHOLD_OF_WIDOW = 1, 2


def number(person_id: int) -> str:
    """The current number of a person: Hanoi, male for odd ids, born in 1990 (2010 for the child)."""
    if person_id == CHILD:
        return "001210000003"
    return f"001{1 - person_id % 2}90{person_id:06d}"


def units() -> tuple[list[Unit], list[Successor]]:
    """Two provinces in both maps, with one commune each where needed."""
    old, new = UnitVersion.UNTIL_2025_06_30, UnitVersion.SINCE_2025_07_01
    province, district, commune = UnitLevel.PROVINCE, UnitLevel.DISTRICT, UnitLevel.COMMUNE
    return [
        Unit(old, province, HANOI, "Hà Nội", "Thành phố", None),
        Unit(old, district, "001", "Ba Đình", "Quận", HANOI),
        Unit(old, commune, COMMUNE_HANOI_OLD, "Phúc Xá", "Phường", "001"),
        Unit(new, province, HANOI, "Hà Nội", "Thành phố", None),
        Unit(new, province, CAO_BANG, "Cao Bằng", "Tỉnh", None),
        Unit(new, commune, COMMUNE_HANOI, "Ba Đình", "Phường", HANOI),
        Unit(new, commune, COMMUNE_CAO_BANG, "Thục Phán", "Phường", CAO_BANG),
    ], [
        Successor(COMMUNE_HANOI_OLD, COMMUNE_HANOI, True),
        Successor(COMMUNE_HANOI_OLD, COMMUNE_CAO_BANG, False),
    ]


def person_columns(people: int = PEOPLE) -> dict[str, list[Any]]:
    """All columns of `person` that this population fills."""
    ids = range(1, people + 1)
    columns: dict[str, list[Any]] = {
        "person_id": list(ids),
        "number": [number(i) for i in ids],
        "version": [1] * people,
        "surname": ["Nguyễn"] * people,
        "middle_name": ["Văn"] * people,
        "given_name": [f"Hòa {i}" for i in ids],
        "name_key": [f"nguyễn văn hoà {i}" for i in ids],
        "search_key": [search_key(f"Nguyễn Văn Hòa {i}") for i in ids],
        "birth_year": [1990] * people,
        "birth_month": [0] * people,
        "birth_day": [0] * people,
        "sex": [1 + (i + 1) % 2 for i in ids],
        "father_id": [None] * people,
        "mother_id": [None] * people,
        "spouse_id": [None] * people,
        "permanent_commune_old": [COMMUNE_HANOI_OLD] * people,
        "permanent_commune": [COMMUNE_HANOI if i % 3 else COMMUNE_CAO_BANG for i in ids],
        "permanent_line": ["Số 1 tổ 5"] * people,
        "permanent_since": [20100101] * people,
        "household_id": [HOUSEHOLD if i < WIDOW else HOUSEHOLD_OF_WIDOW for i in ids],
        "household_number": ["A1" if i < WIDOW else "A2" for i in ids],
        "marital_status": [1] * people,
        "absence_status": [0] * people,
        "scope": [HANOI if i % 3 else CAO_BANG for i in ids],
    }
    changes: Mapping[int, Mapping[str, Any]] = {
        FATHER: {"spouse_id": MOTHER, "legacy_number": "012345678"},
        MOTHER: {"spouse_id": FATHER},
        CHILD: {"father_id": FATHER, "mother_id": MOTHER, "birth_year": 2010},
    }
    columns["legacy_number"] = [None] * people
    for person_id, values in changes.items():
        for name, value in values.items():
            columns[name][person_id - 1] = value
    return columns


def build(engine: Engine) -> None:
    """Load the whole population."""
    loader = Loader(engine)
    loader.begin(people=PEOPLE, seed=SEED)
    loader.insert_units(*units())
    loader.insert("person", person_columns())  # before the households they refer to: order is free in a load
    loader.insert(
        "household",
        {
            "household_id": [HOUSEHOLD, HOUSEHOLD_OF_WIDOW],
            "number": ["A1", "A2"],
            "head_person_id": [FATHER, WIDOW],
            "commune": [COMMUNE_HANOI, COMMUNE_HANOI],
            "kind": [1, 1],
        },
    )
    ids = list(range(1, PEOPLE + 1))
    loader.insert(
        "person_number",
        {
            "number": [*(number(i) for i in ids), FORMER_NUMBER_OF_CHILD],
            "person_id": [*ids, CHILD],
            "valid_from": [20210101] * PEOPLE + [20100401],
            "valid_to": [None] * PEOPLE + [20210101],
        },
    )
    loader.insert(
        "membership",
        {
            "person_id": [CHILD, FATHER, MOTHER, WIDOW, WIDOW],
            "household_id": [HOUSEHOLD, HOUSEHOLD, HOUSEHOLD, HOUSEHOLD_OF_WIDOW, HOUSEHOLD],
            "relation": [4, 1, 2, 1, 19],
            "kind": [1, 1, 1, 1, 1],
            "valid_from": [20100401, 20080101, 20080101, 20150101, 20100101],
            "valid_to": [None, None, None, None, 20150101],
        },
    )
    loader.insert(
        "residence",
        {
            "person_id": [WIDOW, WIDOW, FATHER],
            "kind": [1, 1, 1],
            "commune_old": [None, COMMUNE_HANOI_OLD, COMMUNE_HANOI_OLD],
            "commune": [COMMUNE_HANOI, COMMUNE_CAO_BANG, COMMUNE_HANOI],
            "valid_from": [20150101, 20100101, 20100101],
            "valid_to": [None, 20150101, None],
        },
    )
    _insert_papers(loader)
    loader.finish(epoch=EPOCH)


def _insert_papers(loader: Loader) -> None:
    """Documents, other names and the social insurance of those who have any."""
    loader.insert(
        "identity_document",
        {
            "person_id": [FATHER, FATHER],
            "kind": [1, 3],
            "number": [number(FATHER), number(FATHER)],
            "issued_on": [20240801, 20140801],
            "issued_by": ["Bộ Công an", "Cục CSQLHC"],
        },
    )
    loader.insert(
        "person_name",
        {
            "person_id": [MOTHER],
            "kind": [2],
            "surname": ["Trần"],
            "middle_name": [""],
            "given_name": ["Hương"],
        },
    )
    loader.insert(
        "social_insurance", {"person_id": [FATHER], "code": ["0123456789"], "status": [1], "updated_on": [20240101]}
    )
