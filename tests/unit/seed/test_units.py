"""The two maps: 63 provinces and 34, communes of both, and successors by code."""

from registry.datasets import UnitLevel, UnitVersion
from registry.units import Units
from seed.places import places
from seed.units import units_of_both_maps


def test_both_maps_are_complete() -> None:
    units, successors = units_of_both_maps()
    counts = {
        (version, level): sum(unit.version == version and unit.level == level for unit in units)
        for version in UnitVersion
        for level in UnitLevel
    }
    assert counts[UnitVersion.UNTIL_2025_06_30, UnitLevel.PROVINCE] == 63
    assert counts[UnitVersion.UNTIL_2025_06_30, UnitLevel.COMMUNE] == 10_035
    assert counts[UnitVersion.SINCE_2025_07_01, UnitLevel.PROVINCE] == 34
    assert counts[UnitVersion.SINCE_2025_07_01, UnitLevel.DISTRICT] == 0
    assert counts[UnitVersion.SINCE_2025_07_01, UnitLevel.COMMUNE] == 3_321
    assert sum(successor.is_default for successor in successors) == 10_035


def test_the_new_province_has_the_code_of_its_capital_and_not_of_its_name() -> None:
    units = Units(*units_of_both_maps())
    old, new = UnitVersion.UNTIL_2025_06_30, UnitVersion.SINCE_2025_07_01
    land = places()
    names = {}
    for code, successor in zip(land.commune_code, land.commune_new, strict=True):
        assert units.default_successor(code) == successor
        names[units.province_of(old, code).name] = units.province_of(new, successor)
    assert names["Tỉnh Yên Bái"].name == "Tỉnh Lào Cai"
    assert names["Tỉnh Lào Cai"].code == "15"
    assert len({province.code for province in names.values()}) == 34
