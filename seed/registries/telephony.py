"""Mobile subscriptions: everybody's telephone is one of them; a child's stands in a parent's name."""

from functools import cache

import numpy as np

from seed.calendar import dates
from seed.drawing import pick
from seed.figures import Ints, Texts, read_rows, texts
from seed.papers import Digits, more_phone_numbers, phone_prefixes
from seed.people import BASE_DAY, DAYS_A_YEAR
from seed.plan import Random
from seed.registries.coverage import share
from seed.registries.subjects import Subjects
from seed.rows import Rows

# The states of the contract's SubscriptionStatus.
ACTIVE, ONE_WAY, CLOSED = 1, 2, 3

OWN_CONTRACT_AGE = 14  # below, a parent or guardian is the subscriber (decree 49/2017/ND-CP)
# All shares are modelled; there are about 1.2 subscriptions for each inhabitant.
THIRD_SHARE = 0.18  # of those with a second
ONE_WAY_SHARE, SECOND_CLOSED_SHARE = 0.012, 0.12
YEARS_MAX = 17.0


def mobile_subscriptions(random: Random, subjects: Subjects) -> Rows:
    """First numbers, then second and third ones, in the order of people."""
    first = np.flatnonzero(~np.ma.getmaskarray(subjects.phone))
    held = np.asarray(np.ma.getdata(subjects.phone)[first])
    adult = subjects.age[first] >= OWN_CONTRACT_AGE
    second = first[adult & (random.random(len(first)) < share(subjects, "second_subscription")[first])]
    third = second[random.random(len(second)) < THIRD_SHARE]
    more = np.append(second, third)
    prefix, running = phone_prefixes()
    chosen = prefix[pick(random, running, len(more))]
    number = np.append(held, more_phone_numbers(subjects.plan, subjects.block, held, chosen))
    user = np.append(first, more)
    draw = random.random(len(user))
    closed = (np.arange(len(user)) >= len(first)) & (draw < SECOND_CLOSED_SHARE)
    subscriber = _subscribers(subjects, user)
    # A subscription is younger than its holder's right to one: most are of the last years.
    oldest = np.minimum((subjects.age[user] - np.where(subjects.age[user] < OWN_CONTRACT_AGE, 11, 13.9)), YEARS_MAX)
    days_held = (random.random(len(user)) ** 1.6 * np.maximum(oldest, 0.1) * DAYS_A_YEAR).astype(np.int64)
    order = np.argsort(subscriber, kind="stable")
    return {
        "person_id": subjects.person_id[subscriber][order],
        "number": number[order],
        "carrier": _carriers()[_prefixes_of(number[order])],
        "status": np.select([closed, draw > 1 - ONE_WAY_SHARE], [CLOSED, ONE_WAY], ACTIVE)[order],
        "activated_date": dates(BASE_DAY - 1 - days_held[order]),
    }


def _subscribers(subjects: Subjects, user: Ints) -> Ints:
    """Adults themselves; for a child the father or mother if alive, else the head of the household."""
    alive = np.append(subjects.alive, False)  # position -1 is nobody
    mother, father, head = subjects.mother[user], subjects.father[user], subjects.head[user]
    elder = np.where(alive[mother], mother, np.where(alive[father], father, head))
    return np.where(subjects.age[user] < OWN_CONTRACT_AGE, elder, user)


def _prefixes_of(number: Digits) -> Ints:
    leading = number.view(np.uint8).reshape(len(number), number.itemsize)[:, :3].astype(np.int64) - ord("0")
    return np.asarray(leading @ np.array([100, 10, 1]))


@cache
def _carriers() -> Texts:
    """Names by prefix; the prefix is the position."""
    carriers = texts([""] * 1000)
    for row in read_rows("mobile_prefixes.csv"):
        carriers[int(row["prefix"])] = row["operator"].removesuffix(" (MVNO)")
    return carriers
