"""Units are found by code; a province that took another's code is not found by its name."""

import pytest

from registry.datasets import UnitLevel, UnitVersion
from registry.units import Successor, Unit, Units

OLD, NEW = UnitVersion.UNTIL_2025_06_30, UnitVersion.SINCE_2025_07_01


@pytest.fixture
def units() -> Units:
    """Lào Cai: 10 in the map of 63, 15 (Yên Bái's old code) in the map of 34."""
    return Units(
        [
            Unit(OLD, UnitLevel.PROVINCE, "10", "Lào Cai", "tỉnh", None),
            Unit(OLD, UnitLevel.PROVINCE, "15", "Yên Bái", "tỉnh", None),
            Unit(OLD, UnitLevel.DISTRICT, "080", "Thành phố Lào Cai", "thành phố", "10"),
            Unit(OLD, UnitLevel.COMMUNE, "02635", "Phường Cốc Lếu", "phường", "080"),
            Unit(NEW, UnitLevel.PROVINCE, "15", "Lào Cai", "tỉnh", None),
            Unit(NEW, UnitLevel.COMMUNE, "02647", "Phường Lào Cai", "phường", "15"),
            Unit(NEW, UnitLevel.COMMUNE, "02671", "Phường Cam Đường", "phường", "15"),
        ],
        [Successor("02635", "02671", False), Successor("02635", "02647", True)],
    )


def test_one_code_is_two_provinces_in_two_maps(units: Units) -> None:
    assert units.province(OLD, "15").name == "Yên Bái"
    assert units.province(NEW, "15").name == "Lào Cai"


def test_a_commune_lies_in_the_province_of_its_own_map(units: Units) -> None:
    assert units.province_of(OLD, "02635").code == "10"
    assert units.province_of(NEW, "02647").code == "15"


def test_a_split_commune_has_one_default_successor(units: Units) -> None:
    assert units.default_successor("02635") == "02647"


def test_places_are_written_from_small_to_large(units: Units) -> None:
    assert units.line(OLD, "02635") == "Phường Cốc Lếu, Thành phố Lào Cai, Lào Cai"
    assert units.line(NEW, "02647") == "Phường Lào Cai, Lào Cai"
    assert units.district("080").kind == "thành phố"


@pytest.mark.parametrize("code", ["99999", "02647"])
def test_a_code_the_map_lacks_is_an_error(units: Units, code: str) -> None:
    with pytest.raises(KeyError):
        units.commune(OLD, code)
    with pytest.raises(KeyError):
        units.default_successor(code)
