"""Communes lie in their provinces and have addresses of their kind."""

import numpy as np

from seed.places import places
from seed.plan import Plan


def test_a_drawn_commune_lies_in_its_province_and_its_line_fits_it() -> None:
    land, random = places(), Plan(10, 1).random(0)
    province = np.arange(63).repeat(50)
    commune = land.draw_commune(random, province)
    assert np.array_equal(land.commune_province[commune], province)
    for line, urban in zip(land.draw_line(random, commune), land.urban[commune], strict=True):
        assert line.startswith("Số ") == bool(urban)
