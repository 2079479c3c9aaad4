"""Stating which people the agency serves: whom a grant for its own subjects is about."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from gateway.api.v1 import subject_service_pb2
from gateway.audit.receipt import Receipt
from gateway.client.connection import Connection, Method
from gateway.client.context import Context

SUBJECTS_MAX: Final = 1000
"""In one message."""

_SERVICE = "/gateway.api.v1.SubjectService/"
ENROL_SUBJECTS: Final = Method(_SERVICE + "EnrolSubjects", subject_service_pb2.EnrolSubjectsResponse)
WITHDRAW_SUBJECTS: Final = Method(_SERVICE + "WithdrawSubjects", subject_service_pb2.WithdrawSubjectsResponse)


class Serving:
    """The part of a client that says whom its agency serves."""

    _connection: Connection

    async def enrol_subjects(
        self, numbers: Iterable[str], *, context: Context, timeout_seconds: float | None = None
    ) -> tuple[Receipt, ...]:
        """State that the agency serves these people: any number of them, a receipt for each thousand.

        Nothing tells whether somebody has a number. What stands before a refusal is enrolled; enrolling again is
        harmless. Raises ClientError.
        """
        return await self._state(
            ENROL_SUBJECTS, subject_service_pb2.EnrolSubjectsRequest, numbers, context, timeout_seconds
        )

    async def withdraw_subjects(
        self, numbers: Iterable[str], *, context: Context, timeout_seconds: float | None = None
    ) -> tuple[Receipt, ...]:
        """State that it serves them no more; as `enrol_subjects`."""
        return await self._state(
            WITHDRAW_SUBJECTS, subject_service_pb2.WithdrawSubjectsRequest, numbers, context, timeout_seconds
        )

    async def _state(
        self, method: Method[Any], request: Any, numbers: Iterable[str], context: Context, timeout_seconds: float | None
    ) -> tuple[Receipt, ...]:
        receipts, left = [], iter(numbers)
        while stated := list(islice(left, SUBJECTS_MAX)):
            message = request(context=context.message(), numbers=stated)
            answered = await self._connection.call(
                method, message, timeout_seconds=timeout_seconds, people=lambda answer: answer.numbers_count
            )
            receipts.append(answered.receipt)
        return tuple(receipts)
