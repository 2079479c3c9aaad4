"""SubjectService: agencies state which people they serve. Decoding and recording are the chain's.

As with a push, the intent is in the log before anything changes, the outcome before the answer. Both count the numbers
that were stated, whoever has them: neither answer nor quota tells whether somebody exists.
"""

# ruff: noqa: N802 - methods are named as in the contract

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from gateway.agency.subjects import Subjects
from gateway.api.v1 import subject_service_pb2 as subject_pb
from gateway.audit.entry import Kind
from gateway.chain.base import Answer, Call
from gateway.chain.record import Recorder
from gateway.chain.turns import Threads, Turns
from gateway.lookup.barrier import ReadBarrier
from gateway.lookup.disclosure import PERSON_ID, Disclosure, only_scope
from gateway.lookup.number import check_number

# Of one agency on one worker.
AT_ONCE = 4
WAITING_MAX = 28

_EVERYONE: frozenset[str] = frozenset()


class SubjectMethods:
    """The behaviours of SubjectService."""

    def __init__(self, reading: ReadBarrier, subjects: Subjects, recorder: Recorder, threads: Threads) -> None:
        self._reading = reading
        self._subjects = subjects
        self._recorder = recorder
        self._threads = threads
        self._turns = Turns(AT_ONCE, WAITING_MAX)

    async def EnrolSubjects(self, call: Call, request: subject_pb.EnrolSubjectsRequest) -> Answer:
        """Raises ArgumentInvalid before anything changes; RegistryUnavailable, StreamsExhausted."""
        assert call.right is not None
        # Of the right only the provinces: whom the agency serves already says nothing about whom it may serve.
        scope = only_scope(call.right.provinces)
        return await self._change(call, request.numbers, scope, self._subjects.enrol, subject_pb.EnrolSubjectsResponse)

    async def WithdrawSubjects(self, call: Call, request: subject_pb.WithdrawSubjectsRequest) -> Answer:
        """Raises ArgumentInvalid before anything changes; RegistryUnavailable, StreamsExhausted."""
        scope = only_scope(_EVERYONE)
        response = subject_pb.WithdrawSubjectsResponse
        return await self._change(call, request.numbers, scope, self._subjects.withdraw, response)

    async def _change(
        self,
        call: Call,
        stated: Sequence[str],
        scope: Disclosure,
        change: Callable[[str, Sequence[int]], None],
        response: Callable[..., Any],
    ) -> Answer:
        assert call.principal is not None
        for position, number in enumerate(stated):
            check_number(number, f"numbers[{position}]")
        numbers, agency = list(dict.fromkeys(stated)), call.principal.agency
        async with self._turns.take(agency):
            found = await self._reading.read(agency, scope, numbers)
            person_ids = [row.row[PERSON_ID] if row is not None and scope.in_scope(row.row) else 0 for row in found]
            known = list(dict.fromkeys(person_id for person_id in person_ids if person_id))
            absent = [number for number, person_id in zip(numbers, person_ids, strict=True) if not person_id]
            body = response(numbers_count=len(numbers))
            answer = Answer(
                body,
                people=len(numbers),
                tags=self._recorder.person_tags(known) + self._recorder.number_tags(absent),
                numbers=numbers,
                person_ids=person_ids,
            )
            receipt = await asyncio.shield(self._recorder.answer(call, answer, Kind.PUSH_INTENT, b""))
            await self._threads.run(agency, change, agency, known)
        answer.note = f"intent {receipt.index}"
        return answer
