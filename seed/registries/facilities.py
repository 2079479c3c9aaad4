"""Codes of health facilities, five digits: the province and a serial in it (modelled; the official list is not
public). Every commune has one, its health station. Draws nothing.
"""

from functools import cache

from seed.figures import Texts, texts
from seed.permutation import ranks
from seed.places import places

STATION_FIRST = 100  # serials below are hospitals


@cache
def stations() -> Texts:
    """The code of the health station of each old commune, in the order of `places()`."""
    land = places()
    serial = STATION_FIRST + ranks(land.commune_province)
    assert serial.max() < 1000  # three digits are left after the province
    return texts([land.province_code[p] + f"{s:03d}" for p, s in zip(land.commune_province, serial, strict=True)])
