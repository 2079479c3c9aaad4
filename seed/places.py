"""The map the synthetic country lives on: provinces, communes in both versions, and address lines. Reads, never draws
more than a place.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from seed.drawing import pick
from seed.figures import Floats, Ints, Texts, column, cumulative, read_rows, texts
from seed.permutation import permute
from seed.plan import Random

URBAN_WEIGHT, RURAL_WEIGHT = 12.5, 8.1  # mean thousands of people in a commune of either kind (modelled)
COMMUNE_SPREAD = 0.5  # how much communes of a kind differ: weights from 1-s to 1+s, fixed by code (modelled)
SETTLED_FROM_ELSEWHERE_PCT = 5.0  # where migration.csv says nothing (modelled)
TEMPORARY_WEIGHT = 0.35
STREET_NUMBERS = 280
SETTLEMENTS = 14
NORTH, CENTRE, SOUTH = range(3)

_URBAN_KINDS = ("Phường", "Thị trấn")
_REGION_PART = {
    "Đồng bằng sông Hồng": NORTH,
    "Trung du và miền núi phía Bắc": NORTH,
    "Bắc Trung Bộ và Duyên hải miền Trung": CENTRE,
    "Tây Nguyên": CENTRE,
    "Đông Nam Bộ": SOUTH,
    "Đồng bằng sông Cửu Long": SOUTH,
}


@dataclass(frozen=True, slots=True)
class Places:
    """Provinces (of 63) and old communes, each numbered from 0 in order of code; communes of a province adjoin.

    `commune_running` rises by 1 a province: a draw u in [0, 1) in province p is the commune at p + u.
    `line_first` and `line_count` delimit the address lines of a commune in `lines`.
    """

    province_code: Texts
    province_name: Texts
    population: Floats
    part: Ints
    birth_code: Ints
    settled_from_elsewhere: Floats
    temporary_running: Floats
    commune_code: Texts
    commune_province: Ints
    commune_new: Texts
    commune_new_name: Texts
    province_new_name: Texts
    commune_scope: Texts
    commune_running: Floats
    urban: Ints
    lines: Texts
    line_first: Ints
    line_count: Ints

    def draw_commune(self, random: Random, province: Ints) -> Ints:
        """A commune in each of the provinces, by weight."""
        return np.searchsorted(self.commune_running, province + random.random(len(province)), side="right")

    def draw_line(self, random: Random, commune: Ints) -> Texts:
        """A line in each of the communes: a house in a street of a town, a village or hamlet elsewhere."""
        offset = (random.random(len(commune)) * self.line_count[commune]).astype(np.int64)
        line: Texts = self.lines[self.line_first[commune] + offset]
        return line

    def draw_province(self, random: Random, count: int) -> Ints:
        """Provinces by population."""
        return pick(random, cumulative(self.population), count)


@cache
def places() -> Places:
    """The map, read once a process."""
    provinces = read_rows("provinces_63.csv")
    index = {row["gso_code"]: number for number, row in enumerate(provinces)}
    regions = sorted({row["region_2019"] for row in provinces})
    new_communes = {row["commune_code"]: row for row in read_rows("communes_from_2025-07-01.csv")}
    new_provinces = {row["gso_code"]: row["name_vi"] for row in read_rows("provinces_34_from_2025-07-01.csv")}
    communes = sorted(
        (row for row in read_rows("communes_until_2025-06-30.csv") if row["commune_code"]),
        key=lambda row: (row["province_code"], row["commune_code"]),
    )
    province = np.array([index[row["province_code"]] for row in communes])
    urban = np.array([row["name_vi"].startswith(_URBAN_KINDS) for row in communes]).astype(np.int64)
    successor = [row["successor_codes_default_first"].split(";")[0] for row in communes]
    migration = {row["province_gso_code"]: row for row in read_rows("migration.csv")}
    lines, first, count = _lines(regions)
    region = np.array([regions.index(row["region_2019"]) for row in provinces])
    line_class = np.where(urban == 1, 0, 1 + region[province])
    return Places(
        province_code=texts([row["gso_code"] for row in provinces]),
        province_name=texts([row["name_vi"] for row in provinces]),
        population=column(provinces, "population_census_2019"),
        part=np.array([_REGION_PART[row["region_2019"]] for row in provinces]),
        birth_code=column(provinces, "birth_province_code").astype(np.int64),
        settled_from_elsewhere=_migration(provinces, migration, 0) / 100,
        temporary_running=cumulative(_migration(provinces, migration, 1)),
        commune_code=texts([row["commune_code"] for row in communes]),
        commune_province=province,
        commune_new=texts(successor),
        commune_new_name=texts([new_communes[code]["name_vi"] for code in successor]),
        province_new_name=texts([new_provinces[new_communes[code]["province_code"]] for code in successor]),
        commune_scope=texts([new_communes[code]["province_code"] for code in successor]),
        commune_running=_commune_running(communes, province, urban),
        urban=urban,
        lines=lines,
        line_first=first[line_class],
        line_count=count[line_class],
    )


def _migration(provinces: list[dict[str, str]], migration: dict[str, dict[str, str]], which: int) -> Floats:
    name = ("settled_from_elsewhere_pct", "temporary_weight")[which]
    default = (SETTLED_FROM_ELSEWHERE_PCT, TEMPORARY_WEIGHT)[which]
    values = []
    for row in provinces:
        known = migration.get(row["gso_code"])
        values.append(float(known[name]) if known else default)
    return np.array(values)


def _commune_running(communes: list[dict[str, str]], province: Ints, urban: Ints) -> Floats:
    code = np.array([int(row["commune_code"]) for row in communes])
    # A fixed size for each commune whatever the seed, so that two populations live in the same country.
    scattered = permute(code, np.zeros_like(code), key=2024, left=1000, right=1000) / 1_000_000
    weight = np.where(urban == 1, URBAN_WEIGHT, RURAL_WEIGHT) * (1 + COMMUNE_SPREAD * (2 * scattered - 1))
    running = np.empty(len(weight))
    for number in np.unique(province):
        own = province == number
        running[own] = number + cumulative(weight[own])
    return running


def _lines(regions: list[str]) -> tuple[Texts, Ints, Ints]:
    """All address lines, towns first, then each region; where each class begins, and how many lines it has."""
    classes: list[list[str]] = [[]]
    for row in read_rows("streets.csv"):
        for number in range(1, STREET_NUMBERS, 4 if row["weight"] == "1" else 2):
            classes[0].append(f"Số {number} đường {row['name_vi']}")
    settlements = read_rows("rural_settlements.csv")
    for region in regions:
        own = [row for row in settlements if row["region"] == region]
        classes.append(
            [
                f"{row['kind']} {number}"
                for row in own
                for number in range(1, SETTLEMENTS + 1)
                for _ in range(int(row["weight"]))
            ]
        )
    sizes = np.array([len(lines) for lines in classes])
    return texts([line for lines in classes for line in lines]), np.cumsum(sizes) - sizes, sizes
