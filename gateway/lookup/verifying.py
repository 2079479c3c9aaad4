"""The methods of LookupService that compare: what a caller states against what is registered, and no value leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from gateway.agency.predicates import SAME_HOUSEHOLD
from gateway.api.v1 import verification_pb2
from gateway.chain.base import Answer, Call
from gateway.chain.record import Recorder
from gateway.config import PEOPLE_PER_MESSAGE_MAX
from gateway.errors import ArgumentInvalid, FieldViolation
from gateway.lookup.barrier import ReadBarrier
from gateway.lookup.disclosure import PERSON_ID, only_scope
from gateway.lookup.fill import Places
from gateway.lookup.number import check_number, is_number
from gateway.lookup.people import Found
from gateway.lookup.verification.card import Card, UnreadableCard
from gateway.lookup.verification.plan import Plan, Plans
from gateway.lookup.verification.questions import WITH_VALUE
from gateway.lookup.verification.rules import RULES_VERSION
from gateway.lookup.verification.table import Graded, Grader, Outcome, Table, check_lengths, of_cards, of_numbers
from gateway.wire import time_to_wire

_VIET_NAM = timedelta(hours=7)


@dataclass(frozen=True, slots=True)
class _Read:
    """Who was asked about, aligned with the numbers asked; `seen` are those of them in scope, None for the others."""

    numbers: Sequence[str]
    found: Sequence[Found | None]
    seen: Sequence[Found | None]


class VerificationMethods:
    """The behaviours of LookupService that compare."""

    def __init__(
        self,
        barrier: ReadBarrier,
        plans: Plans,
        places: Places,
        recorder: Recorder,
        now: Callable[[], float],
    ) -> None:
        """`now`: seconds since 1970."""
        self._barrier = barrier
        self._plans = plans
        self._places = places
        self._recorder = recorder
        self._now = now

    async def VerifyPerson(self, call: Call, request: verification_pb2.VerifyPersonRequest) -> Answer:  # noqa: N802
        """One person: a batch of one, answered in words."""
        table = _of_one(request)
        plan, graded, answer = await self._verify(call, table)
        response = verification_pb2.VerifyPersonResponse(
            outcome=graded.outcomes[0],  # type: ignore[arg-type]
            withheld=plan.withheld,
            read_time=time_to_wire(self._now()),
            rules_version=RULES_VERSION,
            sources=plan.disclosure.sources,
        )
        for path, verdict in zip(table.claims, graded.verdicts, strict=True):
            response.verdicts.add(path=path, verdict=verdict)
        for predicate, yes_no in zip(table.questions, graded.answers, strict=True):
            response.answers.add(predicate=predicate, answer=yes_no)
        answer.body = response
        return answer

    async def BatchVerifyPersons(  # noqa: N802
        self, call: Call, request: verification_pb2.BatchVerifyPersonsRequest
    ) -> Answer:
        """Up to 1,000 people, answered in bytes."""
        table = _of_many(request)
        plan, graded, answer = await self._verify(call, table)
        answer.body = verification_pb2.BatchVerifyPersonsResponse(
            paths=table.claims,
            outcomes=bytes(graded.outcomes),
            verdicts=bytes(graded.verdicts),
            answers=bytes(graded.answers),
            withheld=plan.withheld,
            read_time=time_to_wire(self._now()),
            rules_version=RULES_VERSION,
            sources=plan.disclosure.sources,
            people_count=answer.people,
        )
        return answer

    async def StreamVerifyPersons(  # noqa: N802
        self, call: Call, request: verification_pb2.BatchVerifyPersonsRequest
    ) -> Answer:
        """One message of a stream: the same as a batch of its own."""
        return await self.BatchVerifyPersons(call, request)

    async def _verify(self, call: Call, table: Table) -> tuple[Plan, Graded, Answer]:
        """Read, compare and name what the entry has to say. Raises CallerMistake, FieldNotGranted."""
        assert call.principal is not None
        assert call.right is not None
        plan = self._plans.of(call.right, tuple(table.claims), tuple(table.questions))
        check_lengths(table)
        agency = call.principal.agency
        asked = [number for number in table.numbers if number]
        read = _scoped(plan, asked, await self._barrier.read(agency, plan.disclosure, asked))
        others = await self._others(agency, plan, table)
        graded = _ungraded(plan, table, read)
        people = iter(read.seen)
        aligned = [next(people) if number else None for number in table.numbers]
        named = {number: seen for number, seen in zip(others.numbers, others.seen, strict=True) if seen is not None}
        for _ in Grader(plan, self._places, self._today()).slices(table, aligned, named, graded):
            await asyncio.sleep(0)
        return plan, graded, self._answer(plan, read, others)

    async def _others(self, agency: str, plan: Plan, table: Table) -> _Read:
        """The people whom questions name beside those asked about."""
        granted = any(question.granted and question.predicate.name == SAME_HOUSEHOLD for question in plan.questions)
        stated = dict.fromkeys(text.strip() for text in table.questions.get(SAME_HOUSEHOLD, ())) if granted else {}
        numbers = [number for number in stated if is_number(number)]
        scope = only_scope(plan.disclosure.provinces)
        return _scoped(plan, numbers, await self._barrier.read(agency, scope, numbers))

    def _answer(self, plan: Plan, read: _Read, others: _Read) -> Answer:
        return Answer(
            None,
            people=sum(person is not None for person in read.seen),
            tags=self._tags(read, others),
            numbers=(*read.numbers, *others.numbers),
            person_ids=[person.row[PERSON_ID] if person is not None else 0 for person in (*read.found, *others.found)],
            fields=plan.compared,
            withheld=[item.path for item in plan.withheld],
        )

    def _tags(self, *reads: _Read) -> bytes:
        """Everybody compared or named, then the numbers without one in scope, and whoever has them out of scope."""
        numbers = [number for read in reads for number in read.numbers]
        found = [person for read in reads for person in read.found]
        seen = [person.row[PERSON_ID] for read in reads for person in read.seen if person is not None]
        tags = self._recorder.person_tags(list(dict.fromkeys(seen)))
        if len(seen) == len(numbers):
            return tags
        visible = [person for read in reads for person in read.seen]
        unseen = [number for number, person in zip(numbers, visible, strict=True) if person is None]
        hidden = [
            person.row[PERSON_ID]
            for person, shown in zip(found, visible, strict=True)
            if person is not None and shown is None
        ]
        return (
            tags
            + self._recorder.number_tags(list(dict.fromkeys(unseen)))
            + self._recorder.person_tags(list(dict.fromkeys(hidden)))
        )

    def _today(self) -> date:
        return (datetime.fromtimestamp(self._now(), UTC) + _VIET_NAM).date()


def _scoped(plan: Plan, numbers: Sequence[str], found: Sequence[Found | None]) -> _Read:
    in_scope = plan.disclosure.in_scope
    return _Read(numbers, found, [person if person is not None and in_scope(person.row) else None for person in found])


def _ungraded(plan: Plan, table: Table, read: _Read) -> Graded:
    seen = iter(read.seen)
    outcomes = bytearray(
        (Outcome.UNREADABLE if not number else Outcome.ABSENT if next(seen) is None else Outcome.FOUND)
        for number in table.numbers
    )
    count = len(table.numbers)
    return Graded(outcomes, bytearray(count * len(plan.fields)), bytearray(count * len(plan.questions)))


def _of_one(request: verification_pb2.VerifyPersonRequest) -> Table:
    if bool(request.number) == bool(request.card_text):
        raise ArgumentInvalid(violations=[FieldViolation("number", "or card_text is stated, not both")])
    claims = [(claim.path, [claim.value]) for claim in request.claims]
    questions = [
        (question.predicate, [question.value] if question.value or question.predicate in WITH_VALUE else [])
        for question in request.questions
    ]
    if request.number:
        check_number(request.number)
        return Table([request.number], _once(claims, "claims", "path"), _once(questions, "questions", "predicate"))
    try:
        Card.from_text(request.card_text)
    except UnreadableCard as error:
        raise ArgumentInvalid(violations=[FieldViolation("card_text", str(error))]) from None
    numbers, stated = of_cards([request.card_text])
    claims += stated.items()
    return Table(numbers, _once(claims, "claims", "path"), _once(questions, "questions", "predicate"))


def _of_many(request: verification_pb2.BatchVerifyPersonsRequest) -> Table:
    if bool(request.numbers) == bool(request.card_texts):
        raise ArgumentInvalid(violations=[FieldViolation("numbers", "or card_texts are stated, not both")])
    field, count = ("numbers", len(request.numbers)) if request.numbers else ("card_texts", len(request.card_texts))
    if count > PEOPLE_PER_MESSAGE_MAX:
        most = PEOPLE_PER_MESSAGE_MAX
        raise ArgumentInvalid(violations=[FieldViolation(field, f"has {count} items, at most {most} are allowed")])
    claims = [(column.path, list(column.values)) for column in request.claims]
    questions = [(column.predicate, list(column.values)) for column in request.questions]
    if request.numbers:
        numbers = of_numbers(request.numbers)
    else:
        numbers, stated = of_cards(request.card_texts)
        claims += stated.items()
    return Table(numbers, _once(claims, "claims", "path"), _once(questions, "questions", "predicate"))


def _once(columns: Sequence[tuple[str, list[str]]], field: str, part: str) -> dict[str, Sequence[str]]:
    """The columns by name. Raises ArgumentInvalid when one stands twice, in the request or on the card too."""
    found: dict[str, Sequence[str]] = {}
    for name, values in columns:
        if name in found:
            raise ArgumentInvalid(violations=[FieldViolation(f"{field}.{part}", "states something twice")])
        found[name] = values
    return found
