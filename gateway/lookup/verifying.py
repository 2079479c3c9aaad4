"""The methods of LookupService that compare: what a caller states against what is registered, and no value leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gateway.agency.guesses import guess_charges
from gateway.agency.predicates import SAME_HOUSEHOLD
from gateway.api.v1 import verification_pb2
from gateway.audit.charges import Charges
from gateway.chain.base import Answer, Call
from gateway.chain.charges import Smaller
from gateway.chain.pauses import company
from gateway.chain.record import Recorder
from gateway.errors import ArgumentInvalid, FieldViolation
from gateway.lookup.barrier import ReadBarrier
from gateway.lookup.disclosure import only_scope
from gateway.lookup.exhausted import Exhausted
from gateway.lookup.fill import Places
from gateway.lookup.number import is_number
from gateway.lookup.older import Meant, OlderNumbers
from gateway.lookup.verification.plan import Plan, Plans
from gateway.lookup.verification.questions import YesNo
from gateway.lookup.verification.requests import of_many, of_one
from gateway.lookup.verification.rules import RULES_VERSION, Verdict
from gateway.lookup.verification.table import Graded, Grader, Table, check_lengths
from gateway.lookup.verification.verified import Read, Verified, scoped, ungraded, with_matched, without
from gateway.wire import time_to_wire

_VIET_NAM = timedelta(hours=7)


TAGS_MAX = 4000
"""What an entry of 65,535 bytes has room for."""
PEOPLE_WITH_OTHERS_MAX = 800
"""People in one table whose questions name others too: with all tags that they may need, they fit an entry."""


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
        self._exhausted = Exhausted(now)

    async def VerifyPerson(self, call: Call, request: verification_pb2.VerifyPersonRequest) -> Answer:  # noqa: N802
        """One person: a batch of one, answered in words. Refused as a whole when its guess budget is used up."""
        verified = await self._verify(call, of_one(request))
        if verified.exhausted:
            raise self._exhausted.refusal(call)
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
        return self._answer(call, verified, lambda _graded, _people: response, single=True)

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

        return self._answer(call, verified, body, verified.exhausted)

    async def StreamVerifyPersons(  # noqa: N802
        self, call: Call, request: verification_pb2.BatchVerifyPersonsRequest
    ) -> Answer:
        """One message of a stream: the same as a batch of its own."""
        return await self.BatchVerifyPersons(call, request)

    async def _verify(self, call: Call, table: Table) -> Verified:
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
        matched = await self._matched(call, plan, table, asked) if len(asked) > 1 and not meant else []
        read = await self._read(agency, plan, asked, meant, matched)
        others = await self._others(agency, plan, table)
        exhausted = self._exhausted_rows(call, plan, table, read, others)
        graded = ungraded(plan, table, read, meant)
        await self._grade(plan, table, read, others, matched, exhausted, graded)
        return Verified(table, plan, graded, read, others, meant, exhausted)

    def _exhausted_rows(self, call: Call, plan: Plan, table: Table, read: Read, others: Read) -> frozenset[int]:
        """The rows about somebody about whom the caller is answered no more, or whose question names one such."""
        if not plan.can_be_guessed:
            return frozenset()
        subjects = [seen or number for seen, number in zip(read.seen, read.numbers, strict=True)]
        known = self._exhausted.among(call, (*subjects, *others.seen))
        if not known:
            return frozenset()
        rows = {row for row, subject in zip(table.rows, subjects, strict=True) if subject in known}
        gone = {number for number, seen in zip(others.numbers, others.seen, strict=True) if seen in known}
        if gone:
            rows.update(row for row in table.rows if table.questions[SAME_HOUSEHOLD][row].strip() in gone)
        return frozenset(rows)

    async def _matched(self, call: Call, plan: Plan, table: Table, asked: Sequence[str]) -> list[int]:
        """For each number asked who is in scope and all right at first sight, 0 for others; empty when nobody is.

        Somebody is always read in full: from a second query made or spared, the time would tell of the last one whether
        the guess was right, also when that is not answered any more.
        """
        if plan.sight is None:
            return []
        ready = await self._barrier.ready(call.agency, plan.sight.disclosure, asked)
        await company.give_way()
        claims = table.claims if len(asked) == len(table.numbers) else table.part(table.rows).claims
        matched = plan.sight.matched(claims, ready)
        if known := self._exhausted.among(call, matched):
            matched = [0 if person_id in known else person_id for person_id in matched]
        if all(matched):
            matched[0] = 0
        return matched if any(matched) else []

    async def _grade(
        self,
        plan: Plan,
        table: Table,
        read: Read,
        others: Read,
        matched: Sequence[int],
        exhausted: frozenset[int],
        graded: Graded,
    ) -> None:
        """Fill `graded`: whoever is not all right at first sight is compared, as a table of their own.

        Nothing is compared for the `exhausted` rows.
        """
        grader = Grader(plan, self._places, self._today())
        if not matched:
            people = iter(read.people)
            aligned = [next(people) if number else None for number in table.numbers]
            for row in exhausted:
                aligned[row] = None
            named = {number: other for number, other in zip(others.numbers, others.people, strict=True) if other}
            for _ in grader.slices(table, aligned, named, graded):
                await company.give_way()
            return
        width = len(plan.fields)
        asked = bytes(map(bool, table.numbers))
        for column in range(width):
            graded.verdicts[column::width] = asked.replace(b"\x01", bytes((Verdict.MATCH,)))
        for row in exhausted:
            graded.verdicts[row * width : (row + 1) * width] = bytes(width)
        rest = [
            (row, person)
            for row, person, same in zip(table.rows, read.people, matched, strict=True)
            if not same and row not in exhausted
        ]
        rows, people_left = [row for row, _ in rest], [person for _, person in rest]
        left = Graded(bytearray(len(rows)), bytearray(len(rows) * width), bytearray())
        for _ in grader.slices(table.part(rows), people_left, {}, left):
            await company.give_way()
        for at, row in enumerate(rows):
            graded.verdicts[row * width : (row + 1) * width] = left.verdicts[at * width : (at + 1) * width]
        graded.missed.update(rows[at] for at in left.missed)

    async def _read(
        self, agency: str, plan: Plan, asked: Sequence[str], meant: Mapping[str, Meant], matched: Sequence[int]
    ) -> Read:
        """Those who have the numbers; who is meant by one of an older kind stands in its place.

        `matched`: for each number who need not be read any more, 0 for others; or nobody at all.
        """
        if matched:
            left = [number for number, match in zip(asked, matched, strict=True) if not match]
            rest = scoped(plan, left, await self._barrier.read(agency, plan.disclosure, left))
            return with_matched(asked, matched, rest)
        if not meant:
            return scoped(plan, asked, await self._barrier.read(agency, plan.disclosure, asked))
        current = [meant[number].number if number in meant else number for number in asked]
        found = iter(await self._barrier.read(agency, plan.disclosure, [number for number in current if number]))
        return scoped(plan, asked, [next(found) if number else None for number in current])

    async def _others(self, agency: str, plan: Plan, table: Table) -> Read:
        """The people whom questions name beside those asked about."""
        named = table.questions.get(SAME_HOUSEHOLD, ()) if plan.names_others else ()
        stated = dict.fromkeys(text.strip() for text in named)
        numbers = [number for number in stated if is_number(number)]
        scope = only_scope(plan.disclosure.provinces, plan.disclosure.owner)
        return scoped(plan, numbers, await self._barrier.read(agency, scope, numbers))

    def _answer(
        self,
        call: Call,
        verified: Verified,
        body: _Body,
        left_out: frozenset[int] = frozenset(),
        *,
        single: bool = False,
    ) -> Answer:
        """The answer without some rows, whose guesses or people of the day are used up; a `single` one is refused."""
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
            self._exhausted.add(call, [guessed[position][1] for position in smaller.subjects])
            if single:
                raise self._exhausted.refusal(call)
            gone = {guessed[position][0] for position in smaller.subjects}
            if smaller.people_max is not None:
                gone.update([row for row, _, seen in told if seen][smaller.people_max :])
            return self._answer(call, verified, body, left_out | gone)

        return Answer(
            body(without(verified.graded, left_out), people),
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

    def _guessed(self, verified: Verified, told: Sequence[tuple[int, str, int]]) -> list[_Guess]:
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

    def _tags(self, meant: Mapping[str, Meant], *reads: Read) -> bytes:
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


def _check_others(plan: Plan, table: Table) -> None:
    """Raises ArgumentInvalid when so many are asked about that not as many others can be read beside them."""
    most = PEOPLE_WITH_OTHERS_MAX
    if len(table.numbers) > most and plan.names_others:
        raise ArgumentInvalid(
            violations=[FieldViolation("numbers", f"at most {most} are allowed when others are named too")],
            metadata={"items_max": str(most)},
        )
