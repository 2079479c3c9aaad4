"""The methods of LookupService that compare: what a caller states against what is registered, and no value leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gateway.agency.guesses import guess_charges
from gateway.agency.predicates import SAME_HOUSEHOLD
from gateway.api.v1 import context_pb2, reason_pb2, verification_pb2
from gateway.audit.charges import Charges
from gateway.chain.base import Answer, Call
from gateway.chain.charges import Smaller
from gateway.chain.pauses import company
from gateway.chain.record import Recorder
from gateway.errors import ArgumentInvalid, FieldViolation
from gateway.lookup.barrier import ReadBarrier
from gateway.lookup.disclosure import PERSON_ID, only_scope
from gateway.lookup.fill import Places
from gateway.lookup.number import is_number
from gateway.lookup.older import Meant, OlderNumbers
from gateway.lookup.people import Found
from gateway.lookup.verification.plan import Plan, Plans
from gateway.lookup.verification.questions import YesNo
from gateway.lookup.verification.requests import of_many, of_one
from gateway.lookup.verification.rules import RULES_VERSION, Verdict
from gateway.lookup.verification.table import Graded, Grader, Outcome, Table, check_lengths
from gateway.wire import time_to_wire

_VIET_NAM = timedelta(hours=7)


TAGS_MAX = 4000
"""What an entry of 65,535 bytes has room for."""
PEOPLE_WITH_OTHERS_MAX = 800
"""People in one table whose questions name others too: with all tags that they may need, they fit an entry."""


@dataclass(frozen=True, slots=True)
class _Read:
    """Who was asked about, aligned with the numbers asked."""

    numbers: Sequence[str]
    person_ids: Sequence[int]
    """Who has each number; 0: nobody."""
    seen: Sequence[int]
    """The same of those in scope; 0 for everybody else."""
    people: Sequence[Found | None]
    """Those in scope who were read in full."""


@dataclass(frozen=True, slots=True)
class _Verified:
    """Everything that an answer is made of."""

    table: Table
    plan: Plan
    graded: Graded
    read: _Read
    others: _Read
    meant: Mapping[str, Meant]
    """Whom numbers of older kinds mean."""

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


_Guess = tuple[int, int | str, bool]
"""The row that asks, the subject (a person, or a number that nobody visible has), and whether the answer was not all
right."""

_Body = Callable[[Graded, int], Any]
"""Makes the response of verdicts and the number of people."""


class VerificationMethods:
    """The behaviours of LookupService that compare."""

    def __init__(
        self,
        barrier: ReadBarrier,
        plans: Plans,
        places: Places,
        older: OlderNumbers,
        recorder: Recorder,
        now: Callable[[], float],
    ) -> None:
        """`now`: seconds since 1970."""
        self._older = older
        self._barrier = barrier
        self._plans = plans
        self._places = places
        self._recorder = recorder
        self._now = now

    async def VerifyPerson(self, call: Call, request: verification_pb2.VerifyPersonRequest) -> Answer:  # noqa: N802
        """One person: a batch of one, answered in words. Refused as a whole when its guess budget is used up."""
        verified = await self._verify(call, of_one(request))
        plan, graded = verified.plan, verified.graded
        response = verification_pb2.VerifyPersonResponse(
            outcome=graded.outcomes[0],  # type: ignore[arg-type]
            withheld=verified.withheld,
            read_time=time_to_wire(self._now()),
            rules_version=RULES_VERSION,
            sources=plan.disclosure.sources,
        )
        for path, verdict in zip(verified.table.claims, graded.verdicts, strict=True):
            response.verdicts.add(path=path, verdict=verdict)
        for predicate, yes_no in zip(verified.table.questions, graded.answers, strict=True):
            response.answers.add(predicate=predicate, answer=yes_no)
        answer = self._answer(call, verified, lambda _graded, _people: response)
        answer.recompose = None
        return answer

    async def BatchVerifyPersons(  # noqa: N802
        self, call: Call, request: verification_pb2.BatchVerifyPersonsRequest
    ) -> Answer:
        """Up to 1,000 people, answered in bytes."""
        verified = await self._verify(call, of_many(request))
        plan, withheld, read_time = verified.plan, verified.withheld, time_to_wire(self._now())

        def body(graded: Graded, people: int) -> verification_pb2.BatchVerifyPersonsResponse:
            return verification_pb2.BatchVerifyPersonsResponse(
                paths=verified.table.claims,
                outcomes=bytes(graded.outcomes),
                verdicts=bytes(graded.verdicts),
                answers=bytes(graded.answers),
                withheld=withheld,
                read_time=read_time,
                rules_version=RULES_VERSION,
                sources=plan.disclosure.sources,
                people_count=people,
            )

        return self._answer(call, verified, body)

    async def StreamVerifyPersons(  # noqa: N802
        self, call: Call, request: verification_pb2.BatchVerifyPersonsRequest
    ) -> Answer:
        """One message of a stream: the same as a batch of its own."""
        return await self.BatchVerifyPersons(call, request)

    async def _verify(self, call: Call, table: Table) -> _Verified:
        """Read and compare. Raises CallerMistake, FieldNotGranted, RegistryUnavailable."""
        assert call.principal is not None
        assert call.right is not None
        plan = self._plans.of(call.right, tuple(table.claims), tuple(table.questions))
        check_lengths(table)
        _check_others(plan, table)
        agency = call.principal.agency
        older = table.older
        meant = await self._older.meant(agency, call.right, older, table.kind) if older else {}
        asked = [number for number in table.numbers if number]
        matched = await self._matched(agency, plan, table, asked) if len(asked) > 1 and not meant else []
        read = await self._read(agency, plan, asked, meant, matched)
        others = await self._others(agency, plan, table)
        graded = _ungraded(plan, table, read, meant)
        await self._grade(plan, table, read, others, matched, graded)
        return _Verified(table, plan, graded, read, others, meant)

    async def _matched(self, agency: str, plan: Plan, table: Table, asked: Sequence[str]) -> list[int]:
        """For each number asked who is in scope and all right at first sight, 0 for others; empty when nobody is.

        Somebody is always read in full: from a second query made or spared, the time would tell of the last one whether
        the guess was right, also when that is not answered any more.
        """
        if plan.sight is None:
            return []
        ready = await self._barrier.ready(agency, plan.sight.disclosure, asked)
        await company.give_way()
        claims = table.claims if len(asked) == len(table.numbers) else table.part(table.rows).claims
        matched = plan.sight.matched(claims, ready)
        if all(matched):
            matched[0] = 0
        return matched if any(matched) else []

    async def _grade(
        self, plan: Plan, table: Table, read: _Read, others: _Read, matched: Sequence[int], graded: Graded
    ) -> None:
        """Fill `graded`: whoever is not all right at first sight is compared, as a table of their own."""
        grader = Grader(plan, self._places, self._today())
        if not matched:
            people = iter(read.people)
            aligned = [next(people) if number else None for number in table.numbers]
            named = {number: other for number, other in zip(others.numbers, others.people, strict=True) if other}
            for _ in grader.slices(table, aligned, named, graded):
                await company.give_way()
            return
        width = len(plan.fields)
        asked = bytes(map(bool, table.numbers))
        for column in range(width):
            graded.verdicts[column::width] = asked.replace(b"\x01", bytes((Verdict.MATCH,)))
        rows = [row for row, same in zip(table.rows, matched, strict=True) if not same]
        people_left = [person for person, same in zip(read.people, matched, strict=True) if not same]
        left = Graded(bytearray(len(rows)), bytearray(len(rows) * width), bytearray())
        for _ in grader.slices(table.part(rows), people_left, {}, left):
            await company.give_way()
        for at, row in enumerate(rows):
            graded.verdicts[row * width : (row + 1) * width] = left.verdicts[at * width : (at + 1) * width]
        graded.missed.update(rows[at] for at in left.missed)

    async def _read(
        self, agency: str, plan: Plan, asked: Sequence[str], meant: Mapping[str, Meant], matched: Sequence[int]
    ) -> _Read:
        """Those who have the numbers; who is meant by one of an older kind stands in its place.

        `matched`: for each number who need not be read any more, 0 for others; or nobody at all.
        """
        if matched:
            left = [number for number, match in zip(asked, matched, strict=True) if not match]
            rest = _scoped(plan, left, await self._barrier.read(agency, plan.disclosure, left))
            return _with_matched(asked, matched, rest)
        if not meant:
            return _scoped(plan, asked, await self._barrier.read(agency, plan.disclosure, asked))
        current = [meant[number].number if number in meant else number for number in asked]
        found = iter(await self._barrier.read(agency, plan.disclosure, [number for number in current if number]))
        return _scoped(plan, asked, [next(found) if number else None for number in current])

    async def _others(self, agency: str, plan: Plan, table: Table) -> _Read:
        """The people whom questions name beside those asked about."""
        named = table.questions.get(SAME_HOUSEHOLD, ()) if _names_others(plan) else ()
        stated = dict.fromkeys(text.strip() for text in named)
        numbers = [number for number in stated if is_number(number)]
        scope = only_scope(plan.disclosure.provinces, plan.disclosure.owner)
        return _scoped(plan, numbers, await self._barrier.read(agency, scope, numbers))

    def _answer(self, call: Call, verified: _Verified, body: _Body, left_out: frozenset[int] = frozenset()) -> Answer:
        """The answer without some rows, for which the day's guesses or people are used up."""
        plan, read, others, withheld = verified.plan, verified.read, verified.others, verified.withheld
        rows = verified.table.rows
        if left_out:
            read = replace(read, seen=[0 if row in left_out else one for row, one in zip(rows, read.seen, strict=True)])
        people = len(read.seen) - read.seen.count(0)
        told = list(zip(rows, read.numbers, read.seen, strict=True))
        if left_out or verified.meant:
            told = [each for each in told if each[0] not in left_out and verified.is_compared(each[1])]

        guessed = self._guessed(verified, told)

        def recompose(_answer: Answer, smaller: Smaller) -> Answer:
            gone = {guessed[position][0] for position in smaller.subjects}
            if smaller.people_max is not None:
                gone.update([row for row, _, seen in told if seen][smaller.people_max :])
            return self._answer(call, verified, body, left_out | gone)

        return Answer(
            body(_without(verified.graded, left_out), people),
            people=people,
            tags=self._tags(verified.meant, read, others),
            numbers=(*read.numbers, *others.numbers),
            person_ids=[*read.person_ids, *others.person_ids],
            fields=plan.compared,
            withheld=[item.path for item in withheld],
            charges=self._guesses(call, guessed),
            recompose=recompose,
        )

    def _guesses(self, call: Call, guessed: Sequence[_Guess]) -> Charges | None:
        if not guessed:
            return None
        tags = self._recorder.guess_tags([subject for _, subject, _ in guessed])
        return guess_charges(call, tags, [missed for _, _, missed in guessed])

    def _guessed(self, verified: _Verified, told: Sequence[tuple[int, str, int]]) -> list[_Guess]:
        """A guess about each person of whom something stated was close or wrong, or whom nobody visible is; and about
        whom a question about households names: who lives with them could be tried with everybody else.
        """
        if not verified.plan.can_be_guessed:
            return []
        graded, table = verified.graded, verified.table
        guessed: list[_Guess] = [(row, seen or number, not seen or row in graded.missed) for row, number, seen in told]
        named = {
            number: seen for number, seen in zip(verified.others.numbers, verified.others.seen, strict=True) if seen
        }
        if named:
            values, width = table.questions[SAME_HOUSEHOLD], len(table.questions)
            answers = graded.answers[list(table.questions).index(SAME_HOUSEHOLD) :: width]
            guessed += [
                (row, named[other], answers[row] == YesNo.NO)
                for row, _, seen in told
                if seen and (other := values[row].strip()) in named
            ]
        return guessed

    def _tags(self, meant: Mapping[str, Meant], *reads: _Read) -> bytes:
        """Everybody compared or named, then the numbers without one in scope, and whoever has them out of scope.

        Of a number that several have, these several, as far as the entry has room: none of them is told of.
        """
        numbers = [number for read in reads for number in read.numbers]
        found = [person_id for read in reads for person_id in read.person_ids]
        visible = [person_id for read in reads for person_id in read.seen]
        tags = self._recorder.person_tags(list(dict.fromkeys(filter(None, visible))))
        if all(visible):
            return tags
        unseen = [number for number, shown in zip(numbers, visible, strict=True) if not shown]
        hidden = [person_id for person_id, shown in zip(found, visible, strict=True) if person_id and not shown]
        tags += self._recorder.number_tags(list(dict.fromkeys(unseen)))
        several = [person_id for each in meant.values() for person_id in each.others]
        room = TAGS_MAX - 3 * len(numbers)  # a number and whoever has it, or a person, and a guess
        return tags + self._recorder.person_tags(list(dict.fromkeys((*hidden, *several[: max(0, room)]))))

    def _today(self) -> date:
        return (datetime.fromtimestamp(self._now(), UTC) + _VIET_NAM).date()


def _names_others(plan: Plan) -> bool:
    """Whether people beside those asked about are read, for a question that is answered."""
    return any(question.granted and question.predicate.name == SAME_HOUSEHOLD for question in plan.questions)


def _check_others(plan: Plan, table: Table) -> None:
    """Raises ArgumentInvalid when so many are asked about that not as many others can be read beside them."""
    most = PEOPLE_WITH_OTHERS_MAX
    if len(table.numbers) > most and _names_others(plan):
        raise ArgumentInvalid(
            violations=[FieldViolation("numbers", f"at most {most} are allowed when others are named too")],
            metadata={"items_max": str(most)},
        )


def _scoped(plan: Plan, numbers: Sequence[str], found: Sequence[Found | None]) -> _Read:
    in_scope = plan.disclosure.in_scope
    people = [person if person is not None and in_scope(person.row) else None for person in found]
    person_ids, seen = ([person.row[PERSON_ID] if person else 0 for person in each] for each in (found, people))
    return _Read(numbers, person_ids, seen, people)


def _with_matched(asked: Sequence[str], matched: Sequence[int], rest: _Read) -> _Read:
    """Those who need not be read, and the others."""
    others = iter(zip(rest.person_ids, rest.seen, rest.people, strict=True))
    all_of = [(match, match, None) if match else next(others) for match in matched]
    person_ids, seen, people = zip(*all_of, strict=True)
    return _Read(asked, person_ids, seen, people)


def _ungraded(plan: Plan, table: Table, read: _Read, meant: Mapping[str, Meant]) -> Graded:
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


def _without(graded: Graded, left_out: frozenset[int]) -> Graded:
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
