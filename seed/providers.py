"""A Faker provider for Vietnamese people, drawing from the same tables as the population. Single values, for tests
and demonstrations; nothing it makes is unique or consistent with a registry.
"""

from datetime import date
from typing import Any

import numpy as np
from faker.providers import BaseProvider

from registry.datasets import Sex
from seed.belonging import KINH
from seed.drawing import pick
from seed.figures import AGES, BASE_DATE, Ints, cumulative, demography
from seed.naming import names
from seed.papers import PHONE_SUFFIXES, SUFFIXES, Digits, digits, number_cells, phone_prefixes
from seed.people import BASE_DAY, birth_days
from seed.places import CENTRE, NORTH, SOUTH, places
from seed.plan import Random
from seed.registries.identity import PASSPORT_SERIALS, passport_numbers, passport_series
from seed.registries.insurance import INSURANCE_SERIALS, card_numbers, groups, insurance_codes
from seed.registries.traffic import (
    BUS,
    CAR,
    LICENCE_SERIALS,
    MOTORCYCLE,
    PLATES_A_SERIES,
    SERIES_LETTERS,
    TRUCK,
    TWO_WHEEL_SERIES,
    four_wheel_plates,
    plate_codes,
    two_wheel_plates,
)

_BITS = 63
PHONE_AGE_MIN = 16
_PARTS = {"north": NORTH, "centre": CENTRE, "south": SOUTH}
_VEHICLES = {"motorcycle": MOTORCYCLE, "car": CAR, "truck": TRUCK, "bus": BUS}
FIRST_LICENCE_YEAR = 1996  # of numbered licences
PASSPORT_DAYS = 3652
BIRTH_YEAR_MIN = 1900
BIRTH_YEAR_MAX = 2099


class VietnamProvider(BaseProvider):
    """Vietnamese names in the official order, numbers that decode, addresses, telephones, plates, papers.

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
        place = places().birth_code[self._province(random, province)]
        cell = number_cells(place, np.array([self._sex(random, sex)]), np.array([self._year(random, birth_year)]))
        return _text(digits(cell * SUFFIXES + random.integers(SUFFIXES), 12))

    def vn_address(self, region: str | None = None) -> str:
        """A line, the commune since 1/7/2025 and its province."""
        random = self._random()
        return self._address(random, self._commune(random, region))

    def vn_phone(self) -> str:
        """Ten digits behind a mobile prefix in use."""
        random = self._random()
        prefix, running = phone_prefixes()
        chosen = prefix[pick(random, running, 1)]
        return _text(digits(chosen * PHONE_SUFFIXES + random.integers(PHONE_SUFFIXES), 10))

    def vn_health_insurance_number(self, group: str | None = None, province: str | None = None) -> str:
        """Fifteen characters, as on cards until 2021: `group` of insured (TE child under 6, HS pupil, DN employee ...),
        its level of benefit, province, ten digits of social insurance.
        """
        random = self._random()
        codes, levels = groups()
        known = [code.decode() for code in codes.tolist()]
        if group is not None and group not in known:
            raise ValueError("group must be one of " + ", ".join(known))
        chosen = np.array([known.index(group) if group is not None else random.integers(len(known))])
        office = places().birth_code[self._province(random, province)]
        code = insurance_codes(office, random.integers(INSURANCE_SERIALS, size=1))
        return _text(card_numbers(chosen, levels[chosen], office, code))

    def vn_plate(self, kind: str | None = None, province: str | None = None) -> str:
        """A plate of the province: `kind` motorcycle as 29-B1 123.45; car, truck or bus as 30A-123.45."""
        random = self._random()
        if kind is not None and kind not in _VEHICLES:
            raise ValueError("kind must be one of " + ", ".join(_VEHICLES))
        vehicle = _VEHICLES[kind or "motorcycle"]
        code = plate_codes(random, self._province(random, province))
        number = random.integers(PLATES_A_SERIES, size=1)
        if vehicle == MOTORCYCLE:
            return _text(two_wheel_plates(code, random.integers(TWO_WHEEL_SERIES, size=1), number))
        series = random.integers(len(SERIES_LETTERS[vehicle]), size=1)
        return _text(four_wheel_plates(vehicle, code, series, number))

    def vn_driver_licence(
        self, sex: int | None = None, year_passed: int | None = None, province: str | None = None
    ) -> str:
        """Twelve digits: province, sex and century, year of the test, serial."""
        random = self._random()
        latest = BASE_DATE.astype(object).year
        first = FIRST_LICENCE_YEAR
        if year_passed is not None and not first <= year_passed <= BIRTH_YEAR_MAX:
            raise ValueError(f"year_passed must be from {first} to {BIRTH_YEAR_MAX}")
        year = np.array([year_passed or random.integers(first, latest)])
        place = places().province_code[self._province(random, province)].astype(np.int64)
        cell = number_cells(place, np.array([self._sex(random, sex)]), year)
        return _text(digits(cell * LICENCE_SERIALS + random.integers(LICENCE_SERIALS), 12))

    def vn_passport(self, issued: date | None = None) -> str:
        """A letter and seven digits, eight if issued since 1/7/2022; without a day, as issued in the last ten years."""
        random = self._random()
        day = (
            BASE_DAY - random.integers(PASSPORT_DAYS) if issued is None else np.datetime64(issued, "D").astype(np.int64)
        )
        return _text(passport_numbers(passport_series(np.array([day])), random.integers(PASSPORT_SERIALS, size=1)))

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
    def _province(random: Random, province: str | None) -> Ints:
        """Position in `places()`, as an array of one."""
        land = places()
        known = land.province_code.tolist()
        if province is not None and province not in known:
            raise ValueError("province must be one of " + ", ".join(known))
        return land.draw_province(random, 1) if province is None else np.array([known.index(province)])

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


def _text(values: Digits) -> str:
    """The one element of an array of ASCII."""
    text: bytes = values[0]
    return text.decode()
