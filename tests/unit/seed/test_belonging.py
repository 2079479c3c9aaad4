"""Ethnic groups and religions keep their national shares and live where they are at home."""

import numpy as np

from seed.belonging import KINH, belonging
from seed.places import places


def test_provincial_shares_add_up_to_the_national_ones() -> None:
    table = belonging()
    weights = places().population / places().population.sum()
    for running, national in (
        (table.ethnic_running, table.ethnic_share),
        (table.religion_running, table.religion_share),
    ):
        shares = np.diff(running, axis=1, prepend=0)
        assert np.abs(weights @ shares - national).max() < 0.002


def test_groups_live_in_their_homelands() -> None:
    table, names = belonging(), places().province_name.tolist()
    shares = np.diff(table.ethnic_running, axis=1, prepend=0)
    code = table.ethnic_code.tolist()
    assert shares[names.index("Trà Vinh"), code.index("05")] > 0.15
    assert shares[names.index("Sơn La"), code.index("03")] > 0.2
    assert shares[names.index("Hà Nội"), KINH] > 0.95
