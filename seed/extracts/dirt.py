"""Who enters which row, and what goes wrong there: mistakes follow the clerk, faults the batch, as in real files.

All shares here are modelled. Every draw comes from (seed, agency, batch) alone, so a row's mistakes do not depend on
how the file is written.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np

from seed.extracts.agencies import Extract
from seed.extracts.mistakes import Mistake, mistaken
from seed.extracts.records import Identity, Record
from seed.plan import Random

BATCH_ROWS = 100
PEOPLE_A_CLERK = 2_000
CLERKS_MIN = 6
CLERKS_MAX = 9_999
FAULT_SHARE = 0.2  # of the wrong rows are those of a faulty batch
CARELESS_CLERKS = 1 / 3
CARELESS_TIMES = 2.4  # how much oftener than on average a careless clerk errs
HABIT_SHARE = 0.8  # of a careless clerk's wrong rows that show the habit, where it can show
SECOND_SHARE = 0.15  # of wrong rows that get a second mistake, of another group
NAME_LETTERS_MAX = 15  # of a column that cuts names
DIRT_SHARE_MAX = 0.9
# Few rows allow these, and there they are common.
_WEIGHTS = {Mistake.TONE_PLACEMENT: 6.0, Mistake.FINAL_I_FOR_Y: 6.0, Mistake.PARENTS_CARD: 3.0}
_CLERKS, _CYCLE, _FAULT, _BATCH = range(4)  # streams of randomness


class Fault(Enum):
    """What is wrong with a whole batch."""

    SWAPPED_COLUMNS = "swapped_columns"
    CUT_NAME = "cut_name"
    LOST_ZEROS = "lost_leading_zeros"


@dataclass(frozen=True, slots=True)
class Clerk:
    """Somebody who enters rows. `rate` is the share of wrong ones.

    Careless clerks have habits: they make the first of these mistakes that a row allows. The others have none.
    """

    number: int
    rate: float
    habits: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """A line of the file, who entered it in which batch, and what was done wrong in it, if anything."""

    line: list[str]
    clerk: int
    batch: int
    errors: tuple[str, ...]


class Office:
    """The clerks of one agency at work on one file. Feed it the rows in order, from the first."""

    def __init__(self, extract: Extract, *, people: int, share: float, seed: Sequence[int]) -> None:
        self._extract = extract
        self._seed = tuple(seed)
        self._share = share
        self._fault_share = share * FAULT_SHARE
        self.clerks = _clerks(extract, self._random(_CLERKS), people, share)
        self._cycle = lru_cache(maxsize=1)(self._draw_cycle)
        self._stream = self._random(_BATCH, 0)
        self._rows = 0
        self._before: tuple[int, Identity] | None = None
        self._names = list(extract.columns)

    def enter(self, records: Sequence[Record]) -> Iterator[Entered]:
        """The lines of these records, which follow those entered before."""
        at = 0
        while at < len(records):
            batch, done = divmod(self._rows, BATCH_ROWS)
            part = records[at : at + BATCH_ROWS - done]
            yield from self._enter_batch(batch, done, part)
            at += len(part)
            self._rows += len(part)

    def _enter_batch(self, batch: int, done: int, records: Sequence[Record]) -> Iterator[Entered]:
        clerk = self.clerks[self._cycle(batch // len(self.clerks))[batch % len(self.clerks)]]
        fault = self._fault(batch)
        if not done:
            self._stream = self._random(_BATCH, batch)
        for record in records:
            line = self._extract.written(record)
            line, errors = self._enter_row(clerk, fault, record, line) if self._share else (line, ())
            if record.written.legacy is not None:
                self._before = (record.person_id, record.written)
            yield Entered(line, clerk.number, batch, errors)

    def _enter_row(
        self, clerk: Clerk, fault: Fault | None, record: Record, clean: list[str]
    ) -> tuple[list[str], tuple[str, ...]]:
        if fault is not None:
            line = self._faulty(fault, clean)
            if line != clean:
                return line, (fault.value,)
        random = self._stream
        if random.random() >= clerk.rate:
            return clean, ()
        other = self._before[1] if self._before and self._before[0] != record.person_id else None
        for first in self._tries(random, clerk):
            if self._extract.written(mistaken(record, first, other)) != clean:
                return self._mistaken(random, record, first, other)
        return clean, ()

    def _tries(self, random: Random, clerk: Clerk) -> Iterator[Mistake]:
        """What the clerk would do wrong, in turn until one of them can be done in this row."""
        if clerk.habits and random.random() < HABIT_SHARE:
            yield from clerk.habits
        mistakes = self._extract.mistakes
        weights = np.array([_WEIGHTS.get(mistake, 1.0) for mistake in mistakes])
        for place in np.argsort(-(random.random(len(mistakes)) ** (1 / weights))):  # a weighted order
            yield mistakes[place]

    def _mistaken(
        self, random: Random, record: Record, first: Mistake, other: Identity | None
    ) -> tuple[list[str], tuple[str, ...]]:
        made = [first]
        if random.random() < SECOND_SHARE:
            second = self._extract.mistakes[random.integers(len(self._extract.mistakes))]
            if second.group != first.group:
                made.append(second)
        line, errors = self._extract.written(record), []
        for mistake in sorted(made, key=list(Mistake).index):
            record = mistaken(record, mistake, other)
            before, line = line, self._extract.written(record)
            if line != before:
                errors.append(mistake.value)
        return line, tuple(errors)

    def _faulty(self, fault: Fault, clean: list[str]) -> list[str]:
        line, at = clean.copy(), self._names.index
        if fault is Fault.SWAPPED_COLUMNS:
            one, two = map(at, self._extract.swapped)
            line[one], line[two] = line[two], line[one]
        elif fault is Fault.CUT_NAME:
            line[at(self._extract.name)] = line[at(self._extract.name)][:NAME_LETTERS_MAX].rstrip()
        else:
            for number in map(at, self._extract.numbers):
                line[number] = line[number].lstrip("0")
        return line

    def _fault(self, batch: int) -> Fault | None:
        """One batch in every 1 / `fault share` has a fault, at a random place among them."""
        if not self._fault_share:
            return None
        for stratum in {math.floor(batch * self._fault_share), math.floor((batch + 1) * self._fault_share)}:
            random = self._random(_FAULT, stratum)
            place, fault = random.random(), list(Fault)[random.integers(len(Fault))]
            if math.floor((stratum + place) / self._fault_share) == batch:
                return fault
        return None

    def _draw_cycle(self, cycle: int) -> list[int]:
        """Everybody gets a batch before anybody gets another."""
        return [int(place) for place in self._random(_CYCLE, cycle).permutation(len(self.clerks))]

    def _random(self, *stream: int) -> Random:
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([*self._seed, *stream])))


def _clerks(extract: Extract, random: Random, people: int, share: float) -> tuple[Clerk, ...]:
    """The clerks, a third of them careless; habits go round, so that each is somebody's first where there are enough.

    Their rates add up to what faulty batches leave of the share.
    """
    rate = share * (1 - FAULT_SHARE) / (1 - share * FAULT_SHARE)
    count = min(max(people // PEOPLE_A_CLERK, CLERKS_MIN), CLERKS_MAX)
    careless = round(count * CARELESS_CLERKS)
    high = min(rate * CARELESS_TIMES, 1.0)
    low = (rate * count - high * careless) / (count - careless)
    # A clerk does not make a habit of one number for two people: it takes two rows.
    habits = [mistake for mistake in extract.mistakes if mistake is not Mistake.SHARED_OLD_NUMBER]
    habits = [habits[place] for place in random.permutation(len(habits))]
    bad = [Clerk(number + 1, high, _from(habits, number)) for number in range(careless)]
    return (*bad, *(Clerk(number + 1, low, ()) for number in range(careless, count)))


def _from(habits: Sequence[Mistake], first: int) -> tuple[Mistake, ...]:
    at = first % len(habits)
    return (*habits[at:], *habits[:at])
