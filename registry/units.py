"""Administrative units in both maps, 63 provinces until 30/6/2025 and 34 since; by code, never by name.

Trust: the database is trusted; see registry/tables.py. A wrong successor sends people to the wrong province.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, select

from registry.datasets import UnitLevel, UnitVersion
from registry.engine import DRIVER_ERRORS, store_error
from registry.tables import unit, unit_successor


@dataclass(frozen=True, slots=True)
class Unit:
    """One administrative unit of one map. `parent_code` is None for a province."""

    version: UnitVersion
    level: UnitLevel
    code: str
    name: str
    kind: str
    parent_code: str | None


@dataclass(frozen=True, slots=True)
class Successor:
    """A commune of the map of 63 and a commune it went into; a commune that was split has one default."""

    commune_code_old: str
    commune_code: str
    is_default: bool


class Units:
    """All units of a store, read once and kept: some 14,000 rows that change by law, not by day."""

    def __init__(self, units: Iterable[Unit], successors: Iterable[Successor]) -> None:
        self._units: Mapping[tuple[int, int, str], Unit] = {
            (unit.version, unit.level, unit.code): unit for unit in units
        }
        self._default: dict[str, str] = {}
        self._successors: dict[str, tuple[str, ...]] = {}
        for row in successors:
            self._successors[row.commune_code_old] = *self._successors.get(row.commune_code_old, ()), row.commune_code
            if row.is_default:
                self._default[row.commune_code_old] = row.commune_code

    @classmethod
    def from_engine(cls, engine: Engine) -> "Units":
        """Read the units the store holds."""
        try:
            with engine.connect() as connection:
                units = connection.execute(
                    select(
                        unit.c.version,
                        unit.c.level,
                        unit.c.code,
                        unit.c.name,
                        unit.c.kind,
                        unit.c.parent_code,
                    )
                ).all()
                successors = connection.execute(
                    select(
                        unit_successor.c.commune_code_old,
                        unit_successor.c.commune_code,
                        unit_successor.c.is_default,
                    )
                ).all()
        except DRIVER_ERRORS as error:
            raise store_error(error) from None
        return cls(
            (
                Unit(UnitVersion(version), UnitLevel(level), code, name, kind, parent)
                for version, level, code, name, kind, parent in units
            ),
            (Successor(old, new, bool(is_default)) for old, new, is_default in successors),
        )

    def commune(self, version: UnitVersion, code: str) -> Unit:
        """The commune of this 5-digit code in that map. Raises `KeyError` for a code the map lacks."""
        return self._units[version, UnitLevel.COMMUNE, code]

    def district(self, code: str) -> Unit:
        """The district of this 3-digit code; only the map of 63 has districts. Raises `KeyError`."""
        return self._units[UnitVersion.UNTIL_2025_06_30, UnitLevel.DISTRICT, code]

    def province(self, version: UnitVersion, code: str) -> Unit:
        """The province of this 2-digit code in that map. Raises `KeyError`."""
        return self._units[version, UnitLevel.PROVINCE, code]

    def default_successor(self, commune_code_old: str) -> str:
        """Code since 1/7/2025 of a commune of the map of 63; of several, the default. Raises `KeyError`."""
        return self._default[commune_code_old]

    def successors(self, commune_code_old: str) -> tuple[str, ...]:
        """Codes since 1/7/2025 of all communes that a commune of the map of 63 went into. Raises `KeyError`."""
        return self._successors[commune_code_old]

    def province_of(self, version: UnitVersion, commune_code: str) -> Unit:
        """The province a commune lies in, by its district where there are districts. Raises `KeyError`."""
        found = self.commune(version, commune_code)
        while found.parent_code is not None:
            found = self._units[version, self._parent_level(found), found.parent_code]
        return found

    def line(self, version: UnitVersion, commune_code: str) -> str:
        """Commune, district where there is one, and province, in writing order: "Phường Ba Đình, Hà Nội"."""
        found = self.commune(version, commune_code)
        names = [found.name]
        while found.parent_code is not None:
            found = self._units[version, self._parent_level(found), found.parent_code]
            names.append(found.name)
        return ", ".join(names)

    @staticmethod
    def _parent_level(child: Unit) -> UnitLevel:
        if child.version is UnitVersion.SINCE_2025_07_01 or child.level is UnitLevel.DISTRICT:
            return UnitLevel.PROVINCE
        return UnitLevel.DISTRICT
