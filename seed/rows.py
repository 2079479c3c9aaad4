"""Lays what was decided about a block out as columns of the registry's tables, and draws the small print: names,
numbers, telephones, cards, incomplete birth dates.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from registry.datasets import AbsenceStatus, DocumentKind, MembershipKind, ResidenceKind
from seed.belonging import belonging
from seed.calendar import dates
from seed.drawing import pick
from seed.families import Families
from seed.figures import Flags, Ints, cumulative, texts
from seed.naming import names
from seed.papers import Digits, cards, household_numbers, legacy_numbers, personal_numbers, phone_numbers
from seed.people import BASE_DAY, People
from seed.places import places
from seed.plan import Plan, Random
from seed.relations import Homes
from seed.settlement import Settlement

Column: TypeAlias = npt.NDArray[Any]
Rows: TypeAlias = dict[str, Column]

NATIONALITY = "VN"
CARD_ISSUER = "Cục Cảnh sát quản lý hành chính về trật tự xã hội"
REGISTRATION_DAYS_MAX = 60  # births are registered within 60 days
DELETION_DAYS_MAX = 20  # from a death to the end of the registrations
# Shares below are modelled.
YEAR_ONLY_AGE_MIN = 70.0
YEAR_ONLY_SHARE = 0.12
BLOOD_GROUP_SHARE = 0.04
BLOOD_GROUPS = ("O", "B", "A", "AB")
BLOOD_GROUP_SHARES = (0.42, 0.31, 0.21, 0.06)
LEGACY_BIRTH_YEAR_MAX = 2003
LEGACY_SHARE = 0.86
FORMER_NUMBER_SHARE = 0.0005
_PHONE_AGES = np.array([12.0, 16.0, 20.0, 60.0, 80.0])
_PHONE_SHARES = np.array([0.0, 0.5, 0.95, 0.9, 0.4])


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything decided about one block. `order` lists people by id; `person_id` gives each one's id."""

    plan: Plan
    block: int
    people: People
    families: Families
    homes: Homes
    settlement: Settlement
    order: Ints
    person_id: Ints

    @property
    def household_id(self) -> Ints:
        """The id of a household is that of its first head, so ids need no counting across blocks."""
        return self.person_id[self.homes.head]

    @property
    def ended(self) -> Ints:
        """The day a dead person's registrations were deleted, 0 for the living; by person."""
        death = self.people.death
        delay = death * 7919 % DELETION_DAYS_MAX  # any fixed scatter will do
        return np.where(death > 0, np.minimum(death + delay, BASE_DAY), 0)


def tables_of(random: Random, facts: Facts) -> dict[str, Rows]:
    """The rows of all tables of a block."""
    numbers = household_numbers(facts.plan, facts.household_id)
    person, number_rows = _person(random, facts, numbers)
    return {
        "household": _household(facts, numbers),
        "person": person,
        "person_number": number_rows,
        "membership": _membership(facts),
        "residence": _residence(facts),
        "identity_document": _documents(random, facts, person["number"]),
    }


def or_null(values: Column, known: Flags) -> Column:
    """The values where they are known, no value elsewhere."""
    return np.ma.MaskedArray(values, mask=~known)


def date_or_null(days: Ints) -> Column:
    """Days as yyyymmdd; day 0 is no date."""
    return or_null(dates(days), days != 0)


def _person(random: Random, facts: Facts, household_number: Digits) -> tuple[Rows, Rows]:
    people, homes, settled, land = facts.people, facts.homes, facts.settlement, places()
    at = facts.order
    home, alive = homes.household[at], people.alive[at]
    birth_year, birth_month, birth_day = _birth_date(random, people, at)
    number, number_rows = _numbers(random, facts, birth_year)
    commune = settled.commune[home]
    away = np.zeros(len(people), dtype=np.int64)
    away[settled.away.person[settled.away.declared]] = 1
    absence = np.array([AbsenceStatus.NONE, AbsenceStatus.DECLARED])
    rows: Rows = {
        "person_id": facts.person_id[at],
        "number": number,
        "version": np.ones(len(at), dtype=np.int64),
        **_names(random, facts, birth_year),
        "birth_year": birth_year,
        "birth_month": birth_month,
        "birth_day": birth_day,
        "sex": people.sex[at],
        "birth_place": land.commune_code[settled.born[at]],
        "birth_registration": land.commune_code[settled.registered[at]],
        "native_place": land.commune_code[settled.native[at]],
        "ethnic_group": belonging().ethnic_code[settled.ethnic[at]],
        "religion": settled.religion[at],
        "nationality": np.full(len(at), NATIONALITY),
        "blood_group": _blood_group(random, len(at)),
        "legacy_number": _legacy(random, facts, birth_year),
        "father_id": _id_or_null(facts, facts.families.father),
        "mother_id": _id_or_null(facts, facts.families.mother),
        "spouse_id": _id_or_null(facts, facts.families.spouse),
        "permanent_commune_old": land.commune_code[commune],
        "permanent_commune": land.commune_new[commune],
        "permanent_line": settled.line[home],
        "permanent_since": dates(settled.since[at]),
        "household_id": or_null(facts.household_id[home], alive),
        "household_number": or_null(household_number[home], alive),
        "relation_to_head": or_null(homes.relation[at], alive),
        "marital_status": people.marital[at],
        "absence_status": absence[away[at]],
        "death_date": date_or_null(people.death[at]),
        "phone": _phones(random, facts),
        "scope": land.commune_scope[commune],
    }
    return rows, number_rows


def _id_or_null(facts: Facts, other: Ints) -> Column:
    other = other[facts.order]
    return or_null(facts.person_id[other], other >= 0)


def _birth_date(random: Random, people: People, at: Ints) -> tuple[Ints, Ints, Ints]:
    """Year, month, day of birth; of some old people only the year is known."""
    year, rest = np.divmod(dates(people.birth[at]), 10_000)
    month, day = np.divmod(rest, 100)
    known = (people.age[at] < YEAR_ONLY_AGE_MIN) | (random.random(len(at)) >= YEAR_ONLY_SHARE)
    return year, month * known, day * known


def _names(random: Random, facts: Facts, birth_year: Ints) -> Rows:
    """Surnames by family line, the rest by sex and birth year; the keys follow registry.names."""
    vocabulary, land, settled, at = names(), places(), facts.settlement, facts.order
    _, first, line = np.unique(facts.homes.line, return_index=True, return_inverse=True)
    part = land.part[land.commune_province[settled.native[first]]]
    surname = vocabulary.draw_surnames(random, settled.ethnic[first], part)[line]
    mother = facts.families.mother
    mother_surname = np.where(mother >= 0, surname[mother], 0)[at]
    surname = surname[at]
    one, two, given = vocabulary.draw_given(random, facts.people.sex[at], birth_year, mother_surname)
    words, spaced = vocabulary.words, vocabulary.spaced_words
    keys, spaced_keys = vocabulary.keys, vocabulary.spaced_keys
    return {
        "surname": words[surname],
        "middle_name": words[one] + spaced[two],
        "given_name": words[given],
        "search_key": vocabulary.first_bare[surname] + vocabulary.spaced_last_bare[given],
        "name_key": keys[surname] + spaced_keys[one] + spaced_keys[two] + spaced_keys[given],
    }


def _numbers(random: Random, facts: Facts, birth_year: Ints) -> tuple[Digits, Rows]:
    """Current numbers, and all numbers ever held: a few people had one that said another birth year."""
    people, land, at = facts.people, places(), facts.order
    province = land.birth_code[land.commune_province[facts.settlement.registered[at]]]
    corrected = np.flatnonzero((random.random(len(at)) < FORMER_NUMBER_SHARE) & (people.age[at] > 30))
    other_year = birth_year[corrected] - 1
    number = personal_numbers(
        facts.plan,
        facts.block,
        np.append(province, province[corrected]),
        np.append(people.sex[at], people.sex[at][corrected]),
        np.append(birth_year, other_year),
    )
    end = np.where(people.alive, BASE_DAY, people.death)[at]
    given = np.minimum(people.birth[at] + random.integers(1, REGISTRATION_DAYS_MAX, len(at)), end)
    changed = BASE_DAY - random.integers(30, 3000, len(corrected))
    changed = np.minimum(changed, end[corrected])
    valid_from = np.append(given, given[corrected])
    valid_from[corrected] = changed
    valid_to = np.zeros(len(number), dtype=np.int64)
    valid_to[len(at) :] = changed
    rows: Rows = {
        "number": number,
        "person_id": facts.person_id[np.append(at, at[corrected])],
        "valid_from": dates(valid_from),
        "valid_to": date_or_null(valid_to),
    }
    return number[: len(at)], rows


def _blood_group(random: Random, count: int) -> Column:
    group = texts(list(BLOOD_GROUPS))[pick(random, cumulative(np.array(BLOOD_GROUP_SHARES)), count)]
    group[random.random(count) >= BLOOD_GROUP_SHARE] = None
    return group


def _legacy(random: Random, facts: Facts, birth_year: Ints) -> Column:
    held = (birth_year <= LEGACY_BIRTH_YEAR_MAX) & (random.random(len(birth_year)) < LEGACY_SHARE)
    land = places()
    home = facts.settlement.commune[facts.homes.household[facts.order]]
    province = land.birth_code[land.commune_province[home]]
    number = np.zeros(len(birth_year), dtype="S9")
    number[held] = legacy_numbers(facts.plan, facts.block, province[held])
    return or_null(number, held)


def _phones(random: Random, facts: Facts) -> Column:
    share = np.interp(facts.people.age[facts.order], _PHONE_AGES, _PHONE_SHARES)
    held = facts.people.alive[facts.order] & (random.random(len(share)) < share)
    phone = np.zeros(len(share), dtype="S10")
    phone[held] = phone_numbers(facts.plan, facts.block, random, int(held.sum()))
    return or_null(phone, held)


def _household(facts: Facts, number: Digits) -> Rows:
    land, settled = places(), facts.settlement
    at = np.argsort(facts.household_id)
    commune = settled.commune[at]
    return {
        "household_id": facts.household_id[at],
        "number": number[at],
        "head_person_id": facts.household_id[at],
        "commune_old": land.commune_code[commune],
        "commune": land.commune_new[commune],
        "line": settled.line[at],
        "kind": np.full(len(at), int(MembershipKind.PERMANENT)),
    }


def _membership(facts: Facts) -> Rows:
    homes, at = facts.homes, facts.order
    relation = np.where(facts.people.alive, homes.relation, homes.left_as)
    return {
        "person_id": facts.person_id[at],
        "household_id": facts.household_id[homes.household[at]],
        "relation": relation[at],
        "kind": np.full(len(at), int(MembershipKind.PERMANENT)),
        "valid_from": dates(facts.settlement.since[at]),
        "valid_to": date_or_null(facts.ended[at]),
    }


def _residence(facts: Facts) -> Rows:
    """Permanent for everybody, temporary for some, current for the living: the temporary one where there is one."""
    settled, at = facts.settlement, facts.order
    away = settled.away
    home = facts.homes.household
    commune, line, since = settled.commune[home], settled.line[home], settled.since.copy()
    now_commune, now_line, now_since = commune.copy(), line.copy(), since.copy()
    now_commune[away.person], now_line[away.person], now_since[away.person] = away.commune, away.line, away.since
    living = at[facts.people.alive[at]]
    kinds = (ResidenceKind.PERMANENT, ResidenceKind.TEMPORARY, ResidenceKind.CURRENT)
    person = np.concatenate([at, away.person, living])
    where = np.concatenate([commune[at], away.commune, now_commune[living]])
    ended = np.concatenate([facts.ended[at], np.zeros(len(away.person) + len(living), dtype=np.int64)])
    land = places()
    return {
        "person_id": facts.person_id[person],
        "kind": np.repeat(np.array(kinds), [len(at), len(away.person), len(living)]),
        "commune_old": land.commune_code[where],
        "commune": land.commune_new[where],
        "line": np.concatenate([line[at], away.line, now_line[living]]),
        "valid_from": dates(np.concatenate([since[at], away.since, now_since[living]])),
        "valid_to": date_or_null(ended),
    }


def _documents(random: Random, facts: Facts, number: Column) -> Rows:
    people, at = facts.people, facts.order
    living = np.flatnonzero(people.alive[at])
    held = cards(random, people.birth[at[living]], living)
    return {
        "person_id": facts.person_id[at[held.person]],
        "kind": np.full(len(held.person), int(DocumentKind.CITIZEN_CARD)),
        "number": number[held.person],
        "issued_on": dates(held.issued),
        "issued_by": np.full(len(held.person), CARD_ISSUER),
        "expires_on": date_or_null(held.expires),
    }
