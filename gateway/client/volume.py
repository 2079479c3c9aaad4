"""Looking up any number of people."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.field_mask_pb2 import FieldMask

from gateway.api.v1 import lookup_service_pb2, person_pb2
from gateway.client.bulk import (
    BATCH_ITEMS_MAX,
    PATIENCE_SECONDS_DEFAULT,
    TIMEOUT_SECONDS_DEFAULT,
    BatchAnswer,
    Item,
    Question,
    ask_in_batches,
    in_batches,
)
from gateway.client.connection import Connection
from gateway.client.context import Context, reason_name

STREAM_LOOK_UP: Final = "/gateway.api.v1.LookupService/StreamLookUpPersons"
NAMING_OTHERS: Final = ("relatives", "household")
"""Fields that name other people too, so that an answer holds fewer."""
NAMING_OTHERS_ITEMS_MAX: Final = 31


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of one number: a person, or the name of the reason why there is none.

    `reason`: empty, PERSON_UNAVAILABLE, ARGUMENT_INVALID (no person can have such a number) or QUOTA_EXHAUSTED (not
    answered, because the day's quota had no room left; ask again another day).
    """

    number: str
    person: person_pb2.Person | None
    version: int
    number_superseded: bool
    reason: str


class LookUpQuestion:
    """Asks for `fields` of the people with some numbers."""

    path = STREAM_LOOK_UP
    frame = lookup_service_pb2.StreamLookUpPersonsResponse

    def __init__(self, fields: Iterable[str], context: Context) -> None:
        self._paths = tuple(fields)
        self._context = context.message()
        self.items_max = batch_items_max(self._paths)
        """Items in a batch."""

    def request(self, items: Sequence[str], call_id: str, stated: bool) -> bytes:
        """The serialised request frame."""
        message = lookup_service_pb2.StreamLookUpPersonsRequest(call_id=call_id)
        batch = message.batch
        if not stated:
            batch.context.CopyFrom(self._context)
            batch.field_mask.CopyFrom(FieldMask(paths=self._paths))
        batch.numbers.extend(items)
        return message.SerializeToString()

    def results(self, batch: Any) -> int:
        """As many as there were items."""
        return len(batch.results)

    def people(self, batch: Any) -> int:
        """Results that hold a person."""
        return sum(not result.reason for result in batch.results)


def batch_items_max(fields: Iterable[str]) -> int:
    """How many people a batch with these fields may ask for."""
    others = any(path.partition(".")[0] in NAMING_OTHERS for path in fields)
    return NAMING_OTHERS_ITEMS_MAX if others else BATCH_ITEMS_MAX


class Volumes:
    """The part of a client that asks about any number of people."""

    _connection: Connection

    def ask_in_batches(
        self,
        question: Question[Item],
        batches: Iterable[Sequence[Item]] | AsyncIterable[Sequence[Item]],
        **options: Any,
    ) -> AsyncGenerator[BatchAnswer[Item], None]:
        """The answers of a streamed method to all batches, in order; `options` as `bulk.ask_in_batches` has them."""
        return ask_in_batches(self._connection, question, batches, **options)

    async def look_up_many(
        self,
        numbers: Iterable[str] | AsyncIterable[str],
        *,
        fields: Iterable[str],
        context: Context,
        timeout_seconds: float = TIMEOUT_SECONDS_DEFAULT,
        patience_seconds: float = PATIENCE_SECONDS_DEFAULT,
    ) -> AsyncGenerator[Looked, None]:
        """What became of each of `numbers`, in their order; they are read as they are needed.

        It uses all workers of the gateway and goes on after broken connections. `timeout_seconds` is for one
        answer about up to 1,000 people, `patience_seconds` for one such batch with its repetitions. To stop early,
        `aclose` it. Raises ClientError.
        """
        batches = self.look_up_batches(
            numbers,
            fields=fields,
            context=context,
            timeout_seconds=timeout_seconds,
            patience_seconds=patience_seconds,
        )
        async with aclosing(batches):
            async for answer in batches:
                for number, result in zip(answer.items, answer.message.results, strict=True):
                    yield looked(number, result)

    async def look_up_batches(
        self,
        numbers: Iterable[str] | AsyncIterable[str],
        *,
        fields: Iterable[str],
        context: Context,
        timeout_seconds: float = TIMEOUT_SECONDS_DEFAULT,
        patience_seconds: float = PATIENCE_SECONDS_DEFAULT,
    ) -> AsyncGenerator[BatchAnswer[str], None]:
        """As `look_up_many`, batch by batch: `message.results` stand beside `items`. Less work a person."""
        question = LookUpQuestion(fields, context)
        answers = ask_in_batches(
            self._connection,
            question,
            in_batches(numbers, question.items_max),
            timeout_seconds=timeout_seconds,
            patience_seconds=patience_seconds,
        )
        async with aclosing(answers):
            async for answer in answers:
                yield answer


def looked(number: str, result: lookup_service_pb2.LookUpResult) -> Looked:
    """A result of the contract as a value."""
    reason = reason_name(result.reason)
    return Looked(number, None if reason else result.person, result.version, result.number_superseded, reason)
