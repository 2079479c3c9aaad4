"""Puts households on the map: where they live, where lines come from, where people were born, who lives elsewhere."""

from dataclasses import dataclass

import numpy as np

from registry.datasets import MaritalStatus, Relation
from seed.belonging import belonging
from seed.drawing import pick
from seed.families import CHILD, WARD, Families
from seed.figures import Flags, Ints, Texts, cumulative
from seed.people import ADULT_AGE, BASE_DAY, DAYS_A_YEAR, People
from seed.places import Places
from seed.plan import Random
from seed.relations import Homes

# All shares are modelled unless a source is named.
NATIVE_COMMUNE_STAYS = 0.72  # of lines from the province they live in
SAME_GROUP_COUPLE = 0.9
CHILD_REGISTERED_AT_HOME = 0.85
ADULT_REGISTERED_AT_NATIVE_PLACE = 0.8
BORN_WHERE_REGISTERED = 0.75
REGISTRATION_DAYS_MAX = 60  # the law's limit
HOUSEHOLD_YEARS_MAX = 35
TEMPORARY_DAYS_MAX = 700  # a registration lasts at most two years
ABSENCE_DECLARED = 0.5  # of those registered elsewhere declare the absence at home
_TEMPORARY_AGES = np.array([0.0, 10.0, 17.0, 21.0, 27.0, 35.0, 50.0, 70.0])
_TEMPORARY_SHARES = np.array([0.04, 0.03, 0.08, 0.28, 0.24, 0.13, 0.06, 0.01])


@dataclass(frozen=True, slots=True)
class Away:
    """Temporary residences in another province, one element each; `declared` says whether the home knows."""

    person: Ints
    commune: Ints
    line: Texts
    since: Ints
    declared: Flags


@dataclass(frozen=True, slots=True)
class Settlement:
    """By household: old `commune` (index) and address `line`. By person: communes of `registered` birth, of birth and
    of the line's origin, ethnic group, religion, and the day the permanent residence began.
    """

    commune: Ints
    line: Texts
    registered: Ints
    born: Ints
    native: Ints
    ethnic: Ints
    religion: Ints
    since: Ints
    away: Away


def settle(random: Random, people: People, families: Families, homes: Homes, land: Places) -> Settlement:
    """Provinces in exact proportion to their people, communes by weight; lines carry origin and ethnic group."""
    province = _provinces(random, homes, land)
    commune = land.draw_commune(random, province)
    native, ethnic = _lines(random, families, homes, land, commune)
    home = commune[homes.household]
    person_native = native[homes.line]
    grown_there = (families.role == CHILD) | (families.role == WARD) | (homes.relation == Relation.CHILD)
    at_home = random.random(len(people)) < np.where(
        grown_there, CHILD_REGISTERED_AT_HOME, 1 - ADULT_REGISTERED_AT_NATIVE_PLACE
    )
    registered = np.where(at_home, home, person_native)
    moved = random.random(len(people)) >= BORN_WHERE_REGISTERED
    elsewhere = land.draw_commune(random, land.commune_province[registered])
    religion = belonging().draw_religion(random, province)
    return Settlement(
        commune=commune,
        line=land.draw_line(random, commune),
        registered=registered,
        born=np.where(moved, elsewhere, registered),
        native=person_native,
        ethnic=ethnic[homes.line],
        religion=religion[homes.household],
        since=_since(random, people, homes, grown_there & at_home),
        away=_away(random, people, homes, land, home),
    )


def _provinces(random: Random, homes: Homes, land: Places) -> Ints:
    """A province for each household: laid end to end in random order, cut by the provinces' shares of people."""
    members = np.bincount(homes.household[homes.relation > 0], minlength=len(homes.head))
    order = random.permutation(len(members))
    # Where inside itself a household is cut is random, so that tiny populations do not always fall in one place.
    place = (np.cumsum(members[order]) - members[order] * random.random(len(order))) / members.sum()
    running = cumulative(land.population)
    province = np.empty(len(members), dtype=np.int64)
    province[order] = np.searchsorted(running, place, side="right")
    return province


def _lines(random: Random, families: Families, homes: Homes, land: Places, commune: Ints) -> tuple[Ints, Ints]:
    """Native commune and ethnic group of every line, from the household where the line's first member lives."""
    household = np.zeros(homes.lines, dtype=np.int64)
    household[homes.line[::-1]] = homes.household[::-1]
    home = commune[household]
    province = land.commune_province[home]
    migrant = random.random(homes.lines) < land.settled_from_elsewhere[province]
    origin = np.where(migrant, land.draw_province(random, homes.lines), province)
    stays = ~migrant & (random.random(homes.lines) < NATIVE_COMMUNE_STAYS)
    native = np.where(stays, home, land.draw_commune(random, origin))
    ethnic = belonging().draw_ethnic(random, origin)
    # Most wives are of their husband's group; their line is numbered right after all units.
    units = len(families.man)
    both = np.flatnonzero((families.man >= 0) & (families.woman >= 0))
    alike = both[random.random(len(both)) < SAME_GROUP_COUPLE]
    wife_line = homes.line[families.woman[alike]]
    own = wife_line == units + alike  # a line shared with parents or siblings stays what they are
    ethnic[wife_line[own]] = ethnic[homes.line[families.man[alike[own]]]]
    return native, ethnic


def _since(random: Random, people: People, homes: Homes, from_birth: Flags) -> Ints:
    """Day the permanent residence began: at birth registration for children of the house, else when it was set up.

    Whoever married or moved in came between coming of age and the base date.
    """
    household = BASE_DAY - (random.random(len(homes.head)) * HOUSEHOLD_YEARS_MAX * DAYS_A_YEAR).astype(np.int64)
    came_of_age = people.birth + int(ADULT_AGE * DAYS_A_YEAR)
    end = np.where(people.alive, BASE_DAY, people.death)
    start = np.minimum(np.maximum(household[homes.household], np.minimum(came_of_age, end)), end)
    at_birth = people.birth + random.integers(1, REGISTRATION_DAYS_MAX, len(people))
    minor = end - people.birth < ADULT_AGE * DAYS_A_YEAR
    return np.where(from_birth | minor, np.minimum(at_birth, end), start)


def _away(random: Random, people: People, homes: Homes, land: Places, home: Ints) -> Away:
    """Who is registered for a time in another province: mostly young adults, seldom heads, never the dead."""
    own_province = land.commune_province[home]
    share = np.interp(people.age, _TEMPORARY_AGES, _TEMPORARY_SHARES)
    share = np.where(homes.relation == Relation.HEAD, share * 0.4, share)
    share = np.where(people.marital == MaritalStatus.MARRIED, share * 0.7, share)
    # Provinces people move to send fewer away.
    share = np.where(land.settled_from_elsewhere[own_province] > 0.1, share * 0.35, share)
    person = np.flatnonzero(people.alive & (random.random(len(people)) < share))
    province = pick(random, land.temporary_running, len(person))
    same = province == own_province[person]
    step = random.integers(1, len(land.population), int(same.sum()))
    province[same] = (province[same] + step) % len(land.population)
    commune = land.draw_commune(random, province)
    since = BASE_DAY - random.integers(0, TEMPORARY_DAYS_MAX, len(person))
    return Away(
        person=person,
        commune=commune,
        line=land.draw_line(random, commune),
        since=np.maximum(since, people.birth[person]),
        declared=random.random(len(person)) < ABSENCE_DECLARED,
    )
