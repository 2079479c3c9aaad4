"""Keeping copies in step: pulling pages after a cursor, pushing what the caller's class owns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask

from gateway.agency.signatures import BATCH_REQUESTS_MAX
from gateway.api.v1 import person_pb2, sync_service_pb2
from gateway.audit.receipt import Receipt
from gateway.client.connection import Answered, Connection, Method
from gateway.client.context import Context, Withheld, reason_name, withheld_from
from gateway.wire import time_from_wire

PEOPLE_MAX: Final = 1000
BATCHES_MAX: Final = BATCH_REQUESTS_MAX
PULL: Final = Method("/gateway.api.v1.SyncService/Pull", sync_service_pb2.PullResponse)
# Pushing the same values again changes nothing, so a push may be repeated.
PUSH: Final = Method("/gateway.api.v1.SyncService/Push", sync_service_pb2.PushResponse)


@dataclass(frozen=True, slots=True)
class Page:
    """At most 1000 people, to be stored together with `next_cursor`. `current_through` counts once `more` is
    false: everything committed before it is behind the cursor."""

    people: Sequence[sync_service_pb2.PulledPerson]
    next_cursor: bytes
    current_through: datetime
    more: bool
    withheld: tuple[Withheld, ...]
    receipt: Receipt
    call_id: str


@dataclass(frozen=True, slots=True)
class PushItem:
    """One person to write: `person.number` says who. `reference` is the caller's own, unique in a push."""

    reference: str
    person: person_pb2.Person


@dataclass(frozen=True, slots=True)
class PushResult:
    """What became of one item: `outcome` is APPLIED, UNCHANGED or REFUSED, `reason` the refusal's name."""

    reference: str
    outcome: str
    reason: str
    version: int


@dataclass(frozen=True, slots=True)
class PushAcknowledgement:
    """One result an item, in order; everything in it is durable."""

    results: tuple[PushResult, ...]
    receipt: Receipt
    call_id: str


class Syncing:
    """The part of a client that follows and pushes."""

    _connection: Connection

    async def pull(
        self,
        *,
        fields: Iterable[str],
        context: Context,
        cursor: bytes = b"",
        people_max: int = PEOPLE_MAX,
        timeout_seconds: float | None = None,
    ) -> Page:
        """The page after `cursor`; an empty one begins with everybody in scope. Raises ClientError.

        `fields` must stay the same along a cursor. On CURSOR_EXPIRED or CURSOR_FOREIGN begin again.
        """
        request = sync_service_pb2.PullRequest(
            context=context.message(),
            cursor=cursor,
            field_mask=FieldMask(paths=fields),
            people_max=people_max,
        )
        answered = await self._connection.call(
            PULL, request, timeout_seconds=timeout_seconds, people=lambda answer: len(answer.people)
        )
        answer = answered.message
        return Page(
            people=answer.people,
            next_cursor=answer.next_cursor,
            current_through=time_from_wire(answer.current_through_time),
            more=answer.more,
            withheld=withheld_from(answer.withheld),
            receipt=answered.receipt,
            call_id=answered.call_id,
        )

    async def follow_pages(
        self,
        *,
        fields: Iterable[str],
        context: Context,
        cursor: bytes = b"",
        people_max: int = PEOPLE_MAX,
        timeout_seconds: float | None = None,
    ) -> AsyncIterator[Page]:
        """All pages that are ready after `cursor`, at least one; the time is for each. Raises ClientError."""
        paths, more = tuple(fields), True
        while more:
            page = await self.pull(
                fields=paths, context=context, cursor=cursor, people_max=people_max, timeout_seconds=timeout_seconds
            )
            yield page
            cursor, more = page.next_cursor, page.more

    async def push(
        self,
        items: Iterable[PushItem],
        *,
        fields: Iterable[str],
        context: Context,
        timeout_seconds: float | None = None,
    ) -> PushAcknowledgement:
        """Write `fields` of 1 to 1000 people; a field that an item leaves absent is cleared.

        A refused item does not stop the others: look at the results. Raises ClientError.
        """
        request = _push_request(items, tuple(fields), context)
        return _acknowledged(
            await self._connection.call(PUSH, request, timeout_seconds=timeout_seconds, people=_written)
        )

    async def push_batches(
        self,
        batches: Iterable[Iterable[PushItem]],
        *,
        fields: Iterable[str],
        context: Context,
        timeout_seconds: float | None = None,
    ) -> tuple[PushAcknowledgement, ...]:
        """Push 1 to 128 different batches of up to 1000 people, closed by one signature, as `push` each.

        For a device that signs slowly, or asks its owner each time. A batch that has to be sent again is signed by
        itself. All batches have ended when the first failure is raised: ClientError; ValueError for none, for more,
        or for two that are the same.
        """
        paths = tuple(fields)
        requests = [_push_request(items, paths, context) for items in batches]
        if not 1 <= len({request.SerializeToString() for request in requests}) == len(requests) <= BATCHES_MAX:
            raise ValueError(f"must be 1 to {BATCHES_MAX} different batches")
        answered = await self._connection.call_together(
            PUSH, requests, timeout_seconds=timeout_seconds, people=_written
        )
        return tuple(map(_acknowledged, answered))


def _push_request(items: Iterable[PushItem], paths: Sequence[str], context: Context) -> sync_service_pb2.PushRequest:
    return sync_service_pb2.PushRequest(
        context=context.message(),
        update_mask=FieldMask(paths=paths),
        items=[sync_service_pb2.PushItem(reference=item.reference, person=item.person) for item in items],
    )


def _acknowledged(answered: Answered[sync_service_pb2.PushResponse]) -> PushAcknowledgement:
    results = tuple(
        PushResult(
            each.reference,
            sync_service_pb2.PushOutcome.Name(each.outcome).removeprefix("PUSH_OUTCOME_"),
            reason_name(each.reason),
            each.version,
        )
        for each in answered.message.results
    )
    return PushAcknowledgement(results, answered.receipt, answered.call_id)


def _written(answer: sync_service_pb2.PushResponse) -> int:
    refused = sync_service_pb2.PUSH_OUTCOME_REFUSED
    return sum(each.outcome != refused for each in answer.results)
