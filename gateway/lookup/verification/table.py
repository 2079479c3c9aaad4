"""What is asked about up to a thousand people, as columns, and the verdicts on it, packed one byte each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

from gateway.agency.predicates import AGE_AT_LEAST, ALIVE, RESIDENT_OF_PROVINCE
from gateway.config import CHARACTERS_PER_SLICE_MAX, PEOPLE_PER_SLICE_MAX
from gateway.errors import ArgumentInvalid, FieldViolation
from gateway.lookup.disclosure import HOUSEHOLD_ID, NUMBER
from gateway.lookup.fill import Places, Related, Row
from gateway.lookup.number import is_number
from gateway.lookup.people import Found
from gateway.lookup.verification.comparators import Compare
from gateway.lookup.verification.forms import MARKS_IN_A_ROW_MAX, is_comparable
from gateway.lookup.verification.plan import Field, Plan
from gateway.lookup.verification.questions import (
    WITH_VALUE,
    Question,
    YesNo,
    is_aged,
    is_alive,
    is_resident,
    is_same_household,
)
from gateway.lookup.verification.rules import Verdict, allowed
from gateway.lookup.verification.texts import compare_identifier
from registry.numbers import LENGTH


class Outcome(IntEnum):
    """Whether anybody was answered about: numbers of the contract's `PersonOutcome`."""

    FOUND = 1
    ABSENT = 2
    UNREADABLE = 3
    QUOTA_EXHAUSTED = 4
    AMBIGUOUS = 5
    WITHHELD = 6


@dataclass(frozen=True, slots=True)
class Table:
    """A question about people: each column has one value for each of `numbers`.

    `numbers`: empty where the row's number or card can be nobody's; 9 or 10 digits where it is of an older kind,
    which is `kind` as far as the caller says (0: nothing). Columns of questions that need no value are empty.
    """

    numbers: Sequence[str]
    claims: Mapping[str, Sequence[str]]
    questions: Mapping[str, Sequence[str]]
    kind: int = 0

    @property
    def older(self) -> list[str]:
        """The numbers of older kinds, each once."""
        if sum(map(len, self.numbers)) == LENGTH * len(self.numbers):
            return []  # none is longer, so all are as long
        return list(dict.fromkeys(number for number in self.numbers if number and len(number) != LENGTH))

    @property
    def rows(self) -> list[int]:
        """Where somebody is asked about."""
        return [row for row, number in enumerate(self.numbers) if number]

    def part(self, rows: Sequence[int]) -> Table:
        """What is claimed of some people; no questions."""
        claims = {path: [values[row] for row in rows] for path, values in self.claims.items()}
        return Table([self.numbers[row] for row in rows], claims, {}, self.kind)


def check_lengths(table: Table) -> None:
    """Raises ArgumentInvalid when a column has not one value for each person."""
    count = len(table.numbers)
    wrong = [
        FieldViolation(f"claims[{at}].values", f"has {len(values)} values for {count} people")
        for at, values in enumerate(table.claims.values())
        if len(values) != count
    ]
    for at, (predicate, values) in enumerate(table.questions.items()):
        wanted = count if predicate in WITH_VALUE else 0
        if len(values) != wanted:
            wrong.append(FieldViolation(f"questions[{at}]", f"has {len(values)} values, not {wanted}"))
    if wrong:
        raise ArgumentInvalid(violations=wrong[:16])


@dataclass(slots=True)
class Graded:
    """The verdicts on a table, filled slice by slice: person i and column j at i * columns + j."""

    outcomes: bytearray
    verdicts: bytearray
    answers: bytearray
    missed: set[int] = field(default_factory=set)
    """Positions of people of whom something stated was close or wrong."""


@dataclass(frozen=True, slots=True)
class Grader:
    """Compares a table with the people found."""

    plan: Plan
    places: Places
    today: date

    def slices(
        self, table: Table, people: Sequence[Found | None], others: Mapping[str, Found], graded: Graded
    ) -> Iterator[None]:
        """Fill `graded`, yielding after each slice of people, and in it after columns that state much.

        `people`: who is in scope, None for everybody else. `others`: those in scope whom questions name, by number.
        """
        fields, questions = self.plan.fields, self.plan.questions
        for begin in range(0, len(people), PEOPLE_PER_SLICE_MAX):
            end = min(begin + PEOPLE_PER_SLICE_MAX, len(people))
            part = people[begin:end]
            stated = 0
            for at, each in enumerate(fields):
                if stated > CHARACTERS_PER_SLICE_MAX:
                    stated = 0
                    yield
                stated += sum(map(len, table.claims[each.path][begin:end]))
                column = bytes(self._compared(each, table, begin, part))
                graded.verdicts[begin * len(fields) + at : end * len(fields) : len(fields)] = column
                if column.translate(None, _NOT_MISSED):  # mostly nothing is left, and this is quick to see
                    missed = (row for row, verdict in enumerate(column, begin) if verdict not in _NOT_MISSED)
                    graded.missed.update(missed)
            for at, question in enumerate(questions):
                answers = self._answered(question, table, begin, part, others)
                graded.answers[begin * len(questions) + at : end * len(questions) : len(questions)] = bytes(answers)
                if question.predicate.name in WITH_VALUE:
                    graded.missed.update(row for row, answer in enumerate(answers, begin) if answer == YesNo.NO)
            yield

    def _compared(self, each: Field, table: Table, begin: int, people: Sequence[Found | None]) -> Sequence[int]:
        compare, at = each.compare, each.at
        if compare is None:
            return [0 if person is None else _WITHHELD for person in people]
        places, leniency = self.places, self.plan.leniency
        values = table.claims[each.path][begin : begin + len(people)]
        if max(map(len, values)) > MARKS_IN_A_ROW_MAX:
            compare = _comparable(compare)
        column = [
            0 if person is None else compare(value, person.row, at, person.related, places, leniency)
            for value, person in zip(values, people, strict=True)
        ]
        if each.path == "number":
            self._allow_superseded(column, values, table.numbers[begin : begin + len(people)], people)
        return column

    def _allow_superseded(
        self, column: list[int], values: Sequence[str], asked: Sequence[str], people: Sequence[Found | None]
    ) -> None:
        """A number stated, by which the person was found and which is not the current one, was replaced."""
        for row, (value, number, person) in enumerate(zip(values, asked, people, strict=True)):
            superseded = person is not None and person.row[NUMBER] != number and len(number) == LENGTH
            if superseded and column[row] == _MISMATCH and compare_identifier(value, number) == Verdict.MATCH:
                column[row] = allowed(Verdict.CLOSE_NUMBER_SUPERSEDED, self.plan.leniency)

    def _answered(
        self,
        question: Question,
        table: Table,
        begin: int,
        people: Sequence[Found | None],
        others: Mapping[str, Found],
    ) -> Sequence[int]:
        if not question.granted:
            return [0 if person is None else YesNo.WITHHELD for person in people]
        values = table.questions[str(question.predicate)][begin : begin + len(people)] or [""] * len(people)
        answer = self._answer_of(question, others)
        return [0 if person is None else answer(person, value) for person, value in zip(people, values, strict=True)]

    def _answer_of(self, question: Question, others: Mapping[str, Found]) -> Callable[[Found, str], YesNo]:
        at, name = question.at, question.predicate.name
        if name == ALIVE:
            return lambda person, _value: is_alive(person.row, at)
        if name == AGE_AT_LEAST:
            years = question.predicate.threshold or 0
            return lambda person, _value: is_aged(person.row, at, years, self.today)
        if name == RESIDENT_OF_PROVINCE:
            return lambda person, value: is_resident(person.row, at, self.places, value)

        def same_household(person: Found, value: str) -> YesNo:
            number = value.strip()
            if not number:
                return YesNo.NOT_ASKED
            if not is_number(number):
                return YesNo.UNREADABLE
            other = others.get(number)
            if other is None:
                return YesNo.UNKNOWN
            return is_same_household(person.row[HOUSEHOLD_ID], other.row[HOUSEHOLD_ID])

        return same_household


_MISMATCH, _WITHHELD = int(Verdict.MISMATCH), int(Verdict.WITHHELD)
_NOT_MISSED = bytes(verdict for verdict in Verdict if verdict != _MISMATCH and not verdict.is_close)


def _comparable(compare: Compare) -> Compare:
    """The same comparison, but of no text of a form in which nothing is registered."""

    def compared(value: str, row: Row, at: Sequence[int], related: Related, places: Places, leniency: int) -> int:
        if not is_comparable(value):
            return Verdict.UNREADABLE
        return compare(value, row, at, related, places, leniency)

    return compared
