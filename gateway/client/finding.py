"""Asking about several people at once: a household, relatives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask

from gateway.api.v1 import finding_pb2, person_pb2
from gateway.audit.receipt import Receipt
from gateway.client.connection import Connection, Method
from gateway.client.context import Context, Withheld, withheld_from
from gateway.wire import time_from_wire

_SERVICE: Final = "/gateway.api.v1.LookupService/"
LOOK_UP_HOUSEHOLD: Final = Method(
    _SERVICE + "LookUpHousehold", finding_pb2.LookUpHouseholdResponse, answered_when_absent=True
)
LOOK_UP_RELATIVES: Final = Method(
    _SERVICE + "LookUpRelatives", finding_pb2.LookUpRelativesResponse, answered_when_absent=True
)
_KINSHIP: Final = "KINSHIP_"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a household as far as the caller may see them. `version` grows from 1 with each change."""

    person: person_pb2.Person
    version: int


@dataclass(frozen=True, slots=True)
class Household:
    """The members in the caller's scope, the head first, at most 64; `more`: there are others in scope."""

    members: tuple[Member, ...]
    more: bool
    withheld: tuple[Withheld, ...]
    read_time: datetime
    receipt: Receipt
    call_id: str


@dataclass(frozen=True, slots=True)
class Relative:
    """A relative, and how they stand to the person asked about: FATHER, MOTHER, SPOUSE, CHILD, REPRESENTATIVE (acts
    for the person, a minor), REPRESENTED (a minor for whom the person acts)."""

    kinships: tuple[str, ...]
    person: person_pb2.Person
    version: int


@dataclass(frozen=True, slots=True)
class Relatives:
    """The relatives in the caller's scope, each once, at most 64."""

    relatives: tuple[Relative, ...]
    withheld: tuple[Withheld, ...]
    read_time: datetime
    receipt: Receipt
    call_id: str


class Finding:
    """The part of a client that finds people by other people."""

    _connection: Connection

    async def household(
        self,
        number: str = "",
        *,
        household_number: str = "",
        fields: Iterable[str],
        context: Context,
        timeout_seconds: float | None = None,
    ) -> Household:
        """The household of a member's `number`, or with a `household_number`: state one of the two.

        Raises GatewayRefusal: PERSON_UNAVAILABLE when the agency may see nobody there. Raises ClientError otherwise.
        """
        request = finding_pb2.LookUpHouseholdRequest(
            context=context.message(),
            number=number,
            household_number=household_number,
            field_mask=FieldMask(paths=fields),
        )
        answered = await self._connection.call(
            LOOK_UP_HOUSEHOLD, request, timeout_seconds=timeout_seconds, people=lambda answer: len(answer.members)
        )
        answer = answered.message
        return Household(
            members=tuple(Member(each.person, each.version) for each in answer.members),
            more=answer.more,
            withheld=withheld_from(answer.withheld),
            read_time=time_from_wire(answer.read_time),
            receipt=answered.receipt,
            call_id=answered.call_id,
        )

    async def relatives(
        self,
        number: str,
        *,
        kinships: Iterable[str] = (),
        fields: Iterable[str],
        context: Context,
        timeout_seconds: float | None = None,
    ) -> Relatives:
        """The relatives of the person with `number`; of all `kinships` when none is named, see `Relative`.

        Raises ValueError for a kinship that the contract lacks, GatewayRefusal: PERSON_UNAVAILABLE when the agency may
        not see the person. Raises ClientError otherwise.
        """
        request = finding_pb2.LookUpRelativesRequest(
            context=context.message(),
            number=number,
            kinships=[f"{_KINSHIP}{kinship.upper()}" for kinship in kinships],
            field_mask=FieldMask(paths=fields),
        )
        answered = await self._connection.call(
            LOOK_UP_RELATIVES, request, timeout_seconds=timeout_seconds, people=lambda answer: len(answer.relatives)
        )
        answer = answered.message
        return Relatives(
            relatives=tuple(
                Relative(tuple(map(_kinship_name, each.kinships)), each.person, each.version)
                for each in answer.relatives
            ),
            withheld=withheld_from(answer.withheld),
            read_time=time_from_wire(answer.read_time),
            receipt=answered.receipt,
            call_id=answered.call_id,
        )


def _kinship_name(number: int) -> str:
    return person_pb2.Kinship.Name(number).removeprefix(_KINSHIP)
