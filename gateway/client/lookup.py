"""Asking about one person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask

from gateway.api.v1 import lookup_service_pb2, person_pb2
from gateway.audit.receipt import Receipt
from gateway.client.connection import Connection, Method
from gateway.client.context import Context, Withheld, withheld_from
from gateway.wire import time_from_wire

LOOK_UP_PERSON: Final = Method(
    "/gateway.api.v1.LookupService/LookUpPerson",
    lookup_service_pb2.LookUpPersonResponse,
    answered_when_absent=True,
)


@dataclass(frozen=True, slots=True)
class LookUpResult:
    """A person as far as the caller may see them.

    `version` grows from 1 with each change. `read_time` is aware, UTC. `number_superseded`: the number asked
    for was replaced; the current one is in `person` if granted.
    """

    person: person_pb2.Person
    withheld: tuple[Withheld, ...]
    version: int
    read_time: datetime
    number_superseded: bool
    receipt: Receipt
    call_id: str


class LookUps:
    """The part of a client that asks about people one by one."""

    _connection: Connection

    async def look_up(
        self, number: str, *, fields: Iterable[str], context: Context, timeout_seconds: float | None = None
    ) -> LookUpResult:
        """The person with `number` (12 digits, a superseded one resolves), with `fields` of `Person`.

        Raises GatewayRefusal: PERSON_UNAVAILABLE when nobody the agency may see has the number, with the
        receipt of that answer. Raises ClientError otherwise. `timeout_seconds`: None: 10.
        """
        request = lookup_service_pb2.LookUpPersonRequest(
            context=context.message(), number=number, field_mask=FieldMask(paths=fields)
        )
        answered = await self._connection.call(
            LOOK_UP_PERSON, request, timeout_seconds=timeout_seconds, people=lambda _answer: 1
        )
        answer = answered.message
        return LookUpResult(
            person=answer.person,
            withheld=withheld_from(answer.withheld),
            version=answer.version,
            read_time=time_from_wire(answer.read_time),
            number_superseded=answer.number_superseded,
            receipt=answered.receipt,
            call_id=answered.call_id,
        )
