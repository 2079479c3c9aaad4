"""Administrative units are read back as loaded, and found by code in either map."""

from collections.abc import Callable

from sqlalchemy import Engine

from registry.datasets import UnitVersion
from registry.units import Units
from tests.store.small_population import CAO_BANG, COMMUNE_CAO_BANG, COMMUNE_HANOI, COMMUNE_HANOI_OLD, units


def test_units_survive_the_store(url: str, opened: Callable[..., Engine]) -> None:
    found = Units.from_engine(opened(url, read_only=True))
    given = Units(*units())
    old, new = UnitVersion.UNTIL_2025_06_30, UnitVersion.SINCE_2025_07_01
    assert found.commune(new, COMMUNE_CAO_BANG) == given.commune(new, COMMUNE_CAO_BANG)
    assert found.province(new, CAO_BANG) == given.province(new, CAO_BANG)
    assert found.line(old, COMMUNE_HANOI_OLD) == given.line(old, COMMUNE_HANOI_OLD)
    assert found.default_successor(COMMUNE_HANOI_OLD) == COMMUNE_HANOI
