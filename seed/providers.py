"""A Faker provider for Vietnamese people, drawing from the same tables as the population. Single values, for tests
and demonstrations; nothing it makes is unique or consistent with a registry.
"""

from typing import Any

import numpy as np
from faker.providers import BaseProvider

from registry.datasets import Sex
from seed.belonging import KINH
from seed.drawing import pick
from seed.figures import AGES, BASE_DATE, cumulative, demography
from seed.naming import names
from seed.papers import PHONE_SUFFIXES, phone_prefixes
from seed.people import BASE_DAY, birth_days
from seed.places import CENTRE, NORTH, SOUTH, places
from seed.plan import Random

_BITS = 63
PHONE_AGE_MIN = 16
_PARTS = {"north": NORTH, "centre": CENTRE, "south": SOUTH}
BIRTH_YEAR_MIN = 1900
BIRTH_YEAR_MAX = 2099


class VietnamProvider(BaseProvider):
    """Vietnamese names in the official order, personal numbers that decode, addresses, mobile numbers.

    Register with `fake.add_provider(VietnamProvider)`; `fake.seed_instance(n)` makes the values repeatable.
    All methods raise `ValueError` for an argument that names nothing; the message lists what there is.
    """

    def vn_full_name(self, sex: int | None = None, birth_year: int | None = None, region: str | None = None) -> str:
        """Surname, middle name, given name. `sex` 1 male, 2 female; `region` north, centre or south."""
        return " ".join(part for part in self._name(sex, birth_year, region) if part)

    def vn_person(self, region: str | None = None) -> dict[str, Any]:
        """A living person's facts that agree with each other: name, sex, birth date, number, address, phone."""
        random, land = self._random(), places()
        living = demography().living
        sex_index, age = divmod(int(pick(random, cumulative(living.ravel()), 1)[0]), AGES)
        sex = sex_index + int(Sex.MALE)
        birth = birth_days(random, np.array([age]), np.array([BASE_DAY])).astype("datetime64[D]")[0].astype(object)
        commune = self._commune(random, region)
        province = int(land.commune_province[commune])
        part = next(name for name, value in _PARTS.items() if value == land.part[province])
        surname, middle, given = self._name(sex, birth.year, part)
        return {
            "surname": surname,
            "middle_name": middle,
            "given_name": given,
            "sex": sex,
            "birth_date": birth,
            "number": self.vn_personal_number(sex, birth.year, str(land.province_code[province])),
            "address": self._address(random, commune),
            "phone": self.vn_phone() if age >= PHONE_AGE_MIN else None,
        }

    def vn_personal_number(
        self, sex: int | None = None, birth_year: int | None = None, province: str | None = None
    ) -> str:
        """Twelve digits that decode to these facts; `province` is the two-digit code of one of the 63."""
        random = self._random()
        land = places()
        known = land.province_code.tolist()
        if province is not None and province not in known:
            raise ValueError("province must be one of " + ", ".join(known))
        chosen = known.index(province) if province is not None else int(land.draw_province(random, 1)[0])
        sex = self._sex(random, sex)
        year = self._year(random, birth_year)
        gender = sex - int(Sex.MALE) + 2 * (year // 100 - 19)
        return f"{land.birth_code[chosen]:03d}{gender}{year % 100:02d}{random.integers(0, 1_000_000):06d}"

    def vn_address(self, region: str | None = None) -> str:
        """A line, the commune since 1/7/2025 and its province."""
        random = self._random()
        return self._address(random, self._commune(random, region))

    def vn_phone(self) -> str:
        """Ten digits behind a mobile prefix in use."""
        random = self._random()
        prefix, running = phone_prefixes()
        chosen = prefix[np.searchsorted(running, random.random(), side="right")]
        return f"{chosen:03d}{random.integers(0, PHONE_SUFFIXES):07d}"

    def _random(self) -> Random:
        return np.random.Generator(np.random.PCG64(self.generator.random.getrandbits(_BITS)))

    def _name(self, sex: int | None, birth_year: int | None, region: str | None) -> tuple[str, str, str]:
        random = self._random()
        vocabulary = names()
        part = np.array([self._part(random, region)])
        surname = vocabulary.draw_surnames(random, np.array([KINH]), part)
        one, two, given = vocabulary.draw_given(
            random,
            np.array([self._sex(random, sex)]),
            np.array([self._year(random, birth_year)]),
            np.zeros(1, dtype=np.int64),
        )
        words = vocabulary.words
        middle = f"{words[one[0]]} {words[two[0]]}".strip()
        return str(words[surname[0]]), middle, str(words[given[0]])

    def _commune(self, random: Random, region: str | None) -> int:
        land = places()
        weights = np.where(land.part == self._part(random, region), land.population, 0.0)
        province = np.searchsorted(np.cumsum(weights), random.random() * weights.sum(), side="right")
        return int(land.draw_commune(random, np.array([province]))[0])

    def _address(self, random: Random, commune: int) -> str:
        land = places()
        line = land.draw_line(random, np.array([commune]))[0]
        return f"{line}, {land.commune_new_name[commune]}, {land.province_new_name[commune]}"

    @staticmethod
    def _part(random: Random, region: str | None) -> int:
        if region is not None and region not in _PARTS:
            raise ValueError("region must be one of " + ", ".join(_PARTS))
        land = places()
        return _PARTS[region] if region else int(land.part[land.draw_province(random, 1)[0]])

    @staticmethod
    def _sex(random: Random, sex: int | None) -> int:
        if sex is not None and sex not in tuple(Sex):
            raise ValueError("sex must be 1 (male) or 2 (female)")
        return int(sex or random.integers(1, 3))

    @staticmethod
    def _year(random: Random, birth_year: int | None) -> int:
        if birth_year is not None and not BIRTH_YEAR_MIN <= birth_year <= BIRTH_YEAR_MAX:
            raise ValueError(f"birth_year must be from {BIRTH_YEAR_MIN} to {BIRTH_YEAR_MAX}")
        latest = BASE_DATE.astype(object).year
        return birth_year or int(random.integers(latest - 90, latest))
