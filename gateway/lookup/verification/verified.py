"""What a verification has found out before it becomes an answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.api.v1 import context_pb2, reason_pb2
from gateway.lookup.disclosure import PERSON_ID
from gateway.lookup.older import Meant
from gateway.lookup.people import Found
from gateway.lookup.verification.plan import Plan
from gateway.lookup.verification.table import Graded, Outcome, Table


@dataclass(frozen=True, slots=True)
class Read:
    """Who was asked about, aligned with the numbers asked."""

    numbers: Sequence[str]
    person_ids: Sequence[int]
    """Who has each number; 0: nobody."""
    seen: Sequence[int]
    """The same of those in scope; 0 for everybody else."""
    people: Sequence[Found | None]
    """Those in scope who were read in full."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Everything that an answer is made of."""

    table: Table
    plan: Plan
    graded: Graded
    read: Read
    others: Read
    meant: Mapping[str, Meant]
    """Whom numbers of older kinds mean."""
    exhausted: frozenset[int]
    """Rows in which nothing was compared: the guesses of the day are used up."""

    def is_compared(self, number: str) -> bool:
        """Whether what is told depends on the values stated: not where several have the number, or nobody was looked
        for."""
        return (
            number not in self.meant
            or _outcome_of(self.meant[number]) == Outcome.ABSENT
            or bool(self.meant[number].number)
        )

    @property
    def withheld(self) -> list[context_pb2.WithheldField]:
        """What the grant does not cover: of the plan, and fields by which it lets nobody be named."""
        plan = self.plan.withheld
        known = {each.path for each in plan}
        paths = sorted({path for meant in self.meant.values() for path in meant.withheld} - known)
        reason = reason_pb2.ERROR_REASON_FIELD_NOT_GRANTED
        return [*plan, *(context_pb2.WithheldField(path=path, reason=reason) for path in paths)]


def scoped(plan: Plan, numbers: Sequence[str], found: Sequence[Found | None]) -> Read:
    """Who has the numbers, and who of them is in scope."""
    in_scope = plan.disclosure.in_scope
    people = [person if person is not None and in_scope(person.row) else None for person in found]
    person_ids, seen = ([person.row[PERSON_ID] if person else 0 for person in each] for each in (found, people))
    return Read(numbers, person_ids, seen, people)


def with_matched(asked: Sequence[str], matched: Sequence[int], rest: Read) -> Read:
    """Those who need not be read, and the others."""
    others = iter(zip(rest.person_ids, rest.seen, rest.people, strict=True))
    all_of = [(match, match, None) if match else next(others) for match in matched]
    person_ids, seen, people = zip(*all_of, strict=True)
    return Read(asked, person_ids, seen, people)


def ungraded(plan: Plan, table: Table, read: Read, meant: Mapping[str, Meant]) -> Graded:
    """The outcomes, and verdicts and answers that are still to be filled."""
    count = len(table.numbers)
    if len(read.seen) == count and all(read.seen):
        outcomes = bytearray((Outcome.FOUND,)) * count
    else:
        seen = iter(read.seen)
        outcomes = bytearray(
            (Outcome.UNREADABLE if not number else Outcome.FOUND if next(seen) else Outcome.ABSENT)
            for number in table.numbers
        )
    for row, number in enumerate(table.numbers) if meant else ():
        if number in meant and outcomes[row] == Outcome.ABSENT:
            outcomes[row] = _outcome_of(meant[number])
    return Graded(outcomes, bytearray(count * len(plan.fields)), bytearray(count * len(plan.questions)))


def _outcome_of(meant: Meant) -> Outcome:
    if not meant.looked_for:
        return Outcome.WITHHELD
    return Outcome.AMBIGUOUS if meant.candidates > 1 else Outcome.ABSENT


def without(graded: Graded, left_out: frozenset[int]) -> Graded:
    """The verdicts with some rows told nothing of."""
    if not left_out:
        return graded
    outcomes, verdicts, answers = bytearray(graded.outcomes), bytearray(graded.verdicts), bytearray(graded.answers)
    for row in left_out:
        outcomes[row] = Outcome.QUOTA_EXHAUSTED
        for packed in (verdicts, answers):
            width = len(packed) // len(outcomes)
            packed[row * width : (row + 1) * width] = bytes(width)
    return Graded(outcomes, verdicts, answers, graded.missed)
