"""Numbers and documents: personal numbers that decode, old identity numbers, telephones, cards. Nothing collides.

Every block owns its own range of serials in each cell (province, sex, birth year ...), so blocks need not know of
each other; a keyed permutation spreads the serials over the suffixes. All of them are synthetic.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from seed.calendar import birthday
from seed.drawing import pick
from seed.errors import ImpossiblePopulation
from seed.figures import Floats, Ints, cumulative, read_rows
from seed.people import BASE_DAY, DAYS_A_YEAR
from seed.permutation import permute, ranks
from seed.plan import Plan, Random

Digits = npt.NDArray[np.bytes_]

SUFFIXES = 1_000_000  # of a personal number in one cell
LEGACY_SUFFIXES = 10_000_000  # of an old identity number in one province
PHONE_SUFFIXES = 10_000_000  # behind one prefix
CARD_AGES = np.array([14, 25, 40, 60])  # law on identification 26/2023, article 21
CARD_EARLY_YEARS = 2  # a card made within two years before counts for the next age
FIRST_CARD_DAY = int(np.datetime64("2021-01-01").astype(np.int64))  # cards with a chip
_OPERATOR_SHARES = {"Viettel": 54.0, "VinaPhone": 22.0, "MobiFone": 18.0, "Vietnamobile": 3.0}  # modelled
_SMALL_OPERATOR_SHARE = 1.0
_NUMBER_KEY, _LEGACY_KEY, _PHONE_KEY, _HOUSEHOLD_KEY = (k << 32 for k in (11, 12, 13, 14))
_HOUSEHOLD_HALVES = (10_000, 20_000)  # their product is above the number of households there can be


@dataclass(frozen=True, slots=True)
class Cards:
    """Identity cards, one element each; `expires` is 0 for cards without an end."""

    person: Ints
    issued: Ints
    expires: Ints


def number_cells(province: Ints, sex: Ints, year: Ints) -> Ints:
    """What stands before the suffix, as a number: province, century and sex, last two digits of the year."""
    gender = (sex - 1) + 2 * (year // 100 - 19)
    return (province * 10 + gender) * 100 + year % 100


def personal_numbers(plan: Plan, block: int, province: Ints, sex: Ints, birth_year: Ints) -> Digits:
    """Twelve digits each: birth province, century and sex, year, suffix (decree 137/2015, article 13).

    `province` holds the registry's number of the province, 1 to 96. Raises `ImpossiblePopulation` when a block
    outgrows its range, which the bounds of `Plan` exclude for credible populations.
    """
    cell = number_cells(province, sex, birth_year)
    suffix = suffixes(plan, block, cell, _NUMBER_KEY, left=1000, right=1000)
    return digits(cell * SUFFIXES + suffix, 12)


def legacy_numbers(plan: Plan, block: int, province: Ints) -> Digits:
    """Nine digits each, two of them the province's."""
    suffix = suffixes(plan, block, province, _LEGACY_KEY, left=2500, right=4000)
    return digits(province * LEGACY_SUFFIXES + suffix, 9)


def phone_numbers(plan: Plan, block: int, random: Random, count: int) -> Digits:
    """Ten digits each, behind prefixes in use, larger operators more often."""
    prefix, running = phone_prefixes()
    chosen = prefix[pick(random, running, count)]
    suffix = suffixes(plan, block, chosen, _PHONE_KEY, left=2500, right=4000)
    return digits(chosen * PHONE_SUFFIXES + suffix, 10)


def more_phone_numbers(plan: Plan, block: int, held: Digits, prefix: Ints) -> Digits:
    """A number behind each prefix, none of them among the `held` ones that `phone_numbers` gave in this block."""
    taken = np.ascontiguousarray(held).view(np.uint8).reshape(len(held), held.itemsize)[:, :3].astype(np.int64) - ord(
        "0"
    )
    cell = np.append(taken @ np.array([100, 10, 1]), prefix)
    suffix = suffixes(plan, block, cell, _PHONE_KEY, left=2500, right=4000)[len(held) :]
    return digits(prefix * PHONE_SUFFIXES + suffix, 10)


def household_numbers(plan: Plan, household_id: Ints) -> Digits:
    """`HS` and nine digits: an invented form, since the real one is not published."""
    left, right = _HOUSEHOLD_HALVES
    key = plan.seed ^ _HOUSEHOLD_KEY
    mixed = permute(household_id, np.zeros_like(household_id), key=key, left=left, right=right)
    spread = digits(mixed, 9).view("S1").reshape(-1, 9)
    letters = np.empty((len(mixed), 11), dtype="S1")
    letters[:, 0], letters[:, 1], letters[:, 2:] = b"H", b"S", spread
    return letters.view("S11").ravel()


def cards(random: Random, birth: Ints, person: Ints) -> Cards:
    """The valid card of each of these living people: those too young or not yet served have none.

    A card lasts to the next of 25, 40, 60; one made up to two years before such an age lasts to the one after.
    """
    age = (BASE_DAY - birth) / DAYS_A_YEAR
    passed = np.searchsorted(CARD_AGES, age, side="right") - 1
    old_enough = passed >= 0
    person, birth, passed = person[old_enough], birth[old_enough], passed[old_enough]
    since = birthday(birth, CARD_AGES[passed])
    early = np.where(passed > 0, int(CARD_EARLY_YEARS * DAYS_A_YEAR) - 3, 0)
    earliest = np.maximum(since - early, FIRST_CARD_DAY)
    # Cards came in one wave: most were made in the first two years in which they could be.
    wait = (random.random(len(person)) ** 1.5 * (BASE_DAY - earliest)).astype(np.int64)
    issued = earliest + wait
    following = np.append(CARD_AGES[1:], 0)[passed]
    expires = np.where(following > 0, birthday(birth, following), 0)
    return Cards(person, issued, expires)


@cache
def phone_prefixes() -> tuple[Ints, Floats]:
    """Mobile prefixes as numbers, and their running shares."""
    rows = read_rows("mobile_prefixes.csv")
    operators = [row["operator"] for row in rows]
    weights = [
        _OPERATOR_SHARES.get(operator, _SMALL_OPERATOR_SHARE) / operators.count(operator) for operator in operators
    ]
    return np.array([int(row["prefix"]) for row in rows]), cumulative(np.array(weights))


def suffixes(plan: Plan, block: int, cell: Ints, key: int, *, left: int, right: int) -> Ints:
    """One number below `left * right` each, never twice in a cell, whatever block it is drawn in.

    `key` stands for a kind of number. Raises `ImpossiblePopulation` when a block outgrows its part of the range.
    """
    room = left * right // plan.blocks
    serial = ranks(cell)
    if serial.size and serial.max() >= room:
        raise ImpossiblePopulation("too many people share a province, sex and year: build fewer people")
    return permute(block * room + serial, cell, key=plan.seed ^ key, left=left, right=right)


def digits(values: Ints, width: int) -> Digits:
    """Decimal digits with leading zeros, as ASCII."""
    matrix = np.empty((len(values), width), dtype=np.uint8)
    rest = values.copy()
    for place in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        matrix[:, place] = digit + ord("0")
    return matrix.view(f"S{width}").ravel()
