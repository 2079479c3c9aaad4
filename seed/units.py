"""The administrative units of both maps, as the registry's table of units wants them. Reads seed/data, nothing else.

Apart from `seed.places` so that processes that only make people need not load SQLAlchemy.
"""

from registry.datasets import UnitLevel, UnitVersion
from registry.units import Successor, Unit
from seed.figures import read_rows


def units_of_both_maps() -> tuple[list[Unit], list[Successor]]:
    """All administrative units before and since 1/7/2025, and what each old commune became."""
    old, new = UnitVersion.UNTIL_2025_06_30, UnitVersion.SINCE_2025_07_01
    units: dict[tuple[int, int, str], Unit] = {}

    def add(version: UnitVersion, level: UnitLevel, code: str, name: str, kind: str, parent: str | None) -> None:
        units[version, level, code] = Unit(version, level, code, name, kind, parent)

    for row in read_rows("provinces_63.csv"):
        kind = "thành phố" if row["level"].startswith("thành phố") else "tỉnh"
        add(old, UnitLevel.PROVINCE, row["gso_code"], f"{kind.capitalize()} {row['name_vi']}", kind, None)
    for row in read_rows("provinces_34_from_2025-07-01.csv"):
        kind = "thành phố" if row["name_vi"].startswith("Thành phố") else "tỉnh"
        add(new, UnitLevel.PROVINCE, row["gso_code"], row["name_vi"], kind, None)
    successors = []
    for row in read_rows("communes_until_2025-06-30.csv"):
        name = row["district_name_vi"]
        district = row["district_code"]
        add(old, UnitLevel.DISTRICT, district, name, _kind(name), row["province_code"])
        if row["commune_code"]:
            code = row["commune_code"]
            add(old, UnitLevel.COMMUNE, code, row["name_vi"], _kind(row["name_vi"]), district)
            for place, successor in enumerate(row["successor_codes_default_first"].split(";")):
                successors.append(Successor(code, successor, place == 0))
    for row in read_rows("communes_from_2025-07-01.csv"):
        add(new, UnitLevel.COMMUNE, row["commune_code"], row["name_vi"], row["type"], row["province_code"])
    return list(units.values()), successors


def _kind(name: str) -> str:
    kinds = ("thành phố", "thị trấn", "thị xã", "phường", "huyện", "quận", "xã")
    return next(kind for kind in kinds if name.lower().startswith(kind))
