"""Decides charges: how many people a caller got today, how often it guessed wrong about whom, what was used already.

A pure state machine. Its state follows from the entries of the log's present day (and, for single use, of the last
minutes) and from nothing else: `decide` lets an entry in and counts it, `replay` counts one that is in, and both
leave the same behind. Time is the log's. Days are Viet Nam's.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from gateway.audit.charges import (
    GUESSES_MARK,
    ONCE_MARK,
    SHARED_GUESSES_MARK,
    ChargeRefusal,
    Charges,
    Counter,
    Ground,
    Guesses,
    marked_tags_of,
    split_marked,
)
from gateway.audit.entry import agency_of, checked, names_of, tags_of, time_of
from gateway.audit.tags import day_end_us, month_of

ONCE_US = 180_000_000
"""How long single use is remembered: 120 s, in which a signature is accepted, and a minute for clocks that differ."""
ONCE_MAX = 1_000_000
SUBJECTS_MISSED_MAX = 1_000_000
"""People about whom one agency may be wrong in a day, once for each caller of it; about 150 bytes of memory each, and
again where others share the budget. Then it is answered about nobody new: who was forgotten could be guessed anew."""
SHARED_OF_ONE_MAX = 5
"""Of a budget that callers share, one can use up so much, whatever its own limit: no caller locks out the others."""
_FULL_RETRY_US = 1_000_000


@dataclass(slots=True)
class _Total:
    """People counted by one counter."""

    counter: Counter
    people: int = 0


@dataclass(slots=True)
class _Cell:
    """People of the entries that have the same names, and the totals that they are part of."""

    people: int = 0
    totals: list[_Total] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AdmissionState:
    """All that is remembered, as values: what a snapshot holds. Names are packed as in entries."""

    day_end_us: int = 0
    people: dict[bytes, int] = field(default_factory=dict)
    missed: dict[str, dict[bytes, int]] = field(default_factory=dict)
    missed_shared: dict[bytes, int] = field(default_factory=dict)
    once: dict[bytes, int] = field(default_factory=dict)


class Admission:
    """Call `begin` with the log time of a commit, then `decide` or `count` for each of its entries, in order."""

    def __init__(self, state: AdmissionState | None = None) -> None:
        """Goes on from `state`, which it keeps."""
        state = state or AdmissionState()
        self._day_end_us = state.day_end_us
        self._month = 0
        self._now_us = 0
        self._cells: dict[bytes, _Cell] = {}
        # By caller, `agency` and `agency/unit` alike: what it counts into, and what counts it.
        self._cells_of: dict[str, list[tuple[_Cell, bytes]]] = {}
        self._totals: dict[tuple[str, frozenset[str], frozenset[str]], _Total] = {}
        self._totals_of: dict[str, list[_Total]] = {}
        self._missed = state.missed
        self._subjects_missed: dict[str, int] = {}  # by agency: of all its callers
        for caller, missed in state.missed.items():
            self._add_missed(caller, len(missed))
        self._missed_shared = state.missed_shared
        self._once = OrderedDict(state.once)
        for names, people in state.people.items():
            self._cell(names).people = people

    def begin(self, time_us: int) -> None:
        """The log time of what follows; it never runs backwards."""
        self._now_us = time_us
        if time_us >= self._day_end_us:
            self._day_end_us = day_end_us(time_us)
            self._month = int(month_of(time_us))
            self._cells, self._cells_of, self._totals, self._totals_of = {}, {}, {}, {}
            self._missed, self._missed_shared, self._subjects_missed = {}, {}, {}
        elif not self._month:
            self._month = int(month_of(time_us))
        once = self._once
        while once and next(iter(once.values())) <= time_us:
            once.popitem(last=False)

    def count(self, names: bytes, people: int) -> None:
        """An entry without charges that discloses `people`; none are counted for nothing."""
        if people:
            cell = self._cells.get(names) or self._cell(names)
            cell.people += people
            for total in cell.totals:
                total.people += people

    def decide(self, charges: Charges, names: bytes, people: int) -> ChargeRefusal | None:
        """Let an entry with charges in and count it, or say why not and change nothing."""
        refusal = (
            self._check_once(charges.once)
            or self._check_guesses(charges.guesses, names)
            or self._check_people(charges.counters, people)
        )
        if refusal is None:
            self.count(names, people)
            self._mark(charges.marked_tags(), names)
        return refusal

    def replay(self, entry: bytes) -> None:
        """Count an entry of the log; entries come in order. Raises Malformed."""
        names, people, _ = checked(entry)
        self.begin(time_of(entry))
        self.count(names, people)
        self._mark(marked_tags_of(tags_of(entry)), names)

    def copy(self) -> AdmissionState:
        """The state at this moment; about 10 ns for each thing remembered."""
        return AdmissionState(
            self._day_end_us,
            {names: cell.people for names, cell in self._cells.items()},
            {caller: dict(missed) for caller, missed in self._missed.items()},
            dict(self._missed_shared),
            dict(self._once),
        )

    def sizes(self) -> dict[str, int]:
        """How many things are remembered, by kind."""
        return {
            "people": len(self._cells),
            "counters": len(self._totals),
            "guesses": sum(map(len, self._missed.values())),
            "once": len(self._once),
        }

    def _check_once(self, once: bytes) -> ChargeRefusal | None:
        if not once:
            return None
        if once in self._once:
            return ChargeRefusal(Ground.ONCE, 0)
        if len(self._once) >= ONCE_MAX:
            return ChargeRefusal(Ground.FULL, _FULL_RETRY_US)
        return None

    def _check_guesses(self, guesses: Guesses | None, names: bytes) -> ChargeRefusal | None:
        if guesses is None:
            return None
        if guesses.month != self._month:
            return ChargeRefusal(Ground.MONTH, 0)
        subjects = guesses.subjects()
        caller = names_of(names)[1]
        mine = self._missed.get(caller, {})
        others = self._missed_shared if guesses.limit_shared else {}
        room = SUBJECTS_MISSED_MAX - self._subjects_missed.get(agency_of(caller), 0)
        if (
            len(subjects) <= room
            and mine.keys().isdisjoint(subjects)
            and others.keys().isdisjoint(subjects)
            and len(set(subjects)) == len(subjects)
        ):
            return None
        refused = self._exhausted(guesses, subjects, mine, others, room)
        if refused:
            return ChargeRefusal(Ground.GUESSES, self._day_end_us - self._now_us, subjects=refused)
        return None

    @staticmethod
    def _exhausted(
        guesses: Guesses, subjects: list[bytes], mine: dict[bytes, int], others: dict[bytes, int], room: int
    ) -> tuple[int, ...]:
        """Positions of the subjects that must be left out: those whose budget is used up, by this call too.

        `room`: about how many more people the agency may be wrong. Without any, right answers about new ones are left
        out like wrong ones: a refusal that only wrong ones met would tell them, and would not count.
        """
        refused: list[int] = []
        now: dict[bytes, int] = {}
        shared: dict[bytes, int] = {}
        for position, (tag, missed) in enumerate(zip(subjects, guesses.missed, strict=True)):
            known = mine.get(tag, 0) + now.get(tag, 0)
            together = max(known, others.get(tag, 0) + shared.get(tag, 0))
            if (
                known >= guesses.limit
                or (guesses.limit_shared and together >= guesses.limit_shared)
                or (not known and room <= 0)
            ):
                refused.append(position)
            elif missed:
                room -= not known
                now[tag] = now.get(tag, 0) + 1
                if known < SHARED_OF_ONE_MAX:
                    shared[tag] = shared.get(tag, 0) + 1
        return tuple(refused)

    def _check_people(self, counters: tuple[Counter, ...], people: int) -> ChargeRefusal | None:
        if not people:
            return None
        for position, counter in enumerate(counters):
            left = counter.limit - self._total(counter).people
            if people > left:
                return ChargeRefusal(
                    Ground.PEOPLE, self._day_end_us - self._now_us, position=position, people_left=max(0, left)
                )
        return None

    def _mark(self, marked: bytes, names: bytes) -> None:
        """Count what stands behind the marks of an entry's tags."""
        if not marked:
            return
        for mark, tags in split_marked(marked):
            if mark == ONCE_MARK:
                for tag in tags:
                    # Behind all that are older, so that the oldest is the first to be forgotten.
                    self._once[tag] = self._now_us + ONCE_US
                    self._once.move_to_end(tag)
            elif mark in (GUESSES_MARK, SHARED_GUESSES_MARK):
                caller = names_of(names)[1]
                mine = self._missed.setdefault(caller, {})
                self._add_missed(caller, len(set(tags) - mine.keys()))
                shared = self._missed_shared
                for tag in tags:
                    known = mine.get(tag, 0)
                    mine[tag] = known + 1
                    if mark == SHARED_GUESSES_MARK and known < SHARED_OF_ONE_MAX:
                        shared[tag] = shared.get(tag, 0) + 1

    def _add_missed(self, caller: str, subjects: int) -> None:
        agency = agency_of(caller)
        self._subjects_missed[agency] = self._subjects_missed.get(agency, 0) + subjects

    def _cell(self, names: bytes) -> _Cell:
        cell = self._cells.get(names)
        if cell is None:
            cell = self._cells[names] = _Cell()
            _, caller, method, purpose, _ = names_of(names)
            for scope in _scopes(caller):
                self._cells_of.setdefault(scope, []).append((cell, names))
                cell.totals += [
                    total for total in self._totals_of.get(scope, ()) if total.counter.covers(method, purpose)
                ]
        return cell

    def _total(self, counter: Counter) -> _Total:
        key = counter.caller, counter.methods, counter.purposes
        total = self._totals.get(key)
        if total is None:
            total = self._totals[key] = _Total(counter)
            self._totals_of.setdefault(counter.caller, []).append(total)
            for cell, names in self._cells_of.get(counter.caller, ()):
                _, _, method, purpose, _ = names_of(names)
                if counter.covers(method, purpose):
                    cell.totals.append(total)
                    total.people += cell.people
        return total


def _scopes(caller: str) -> tuple[str, ...]:
    """Whose counters count a caller: its own, and for a unit its agency's."""
    agency, slash, _ = caller.partition("/")
    return (agency, caller) if slash else (caller,)
