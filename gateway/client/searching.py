"""Asking for people by old numbers and by what is known of them."""

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
RESOLVE_NUMBER: Final = Method(_SERVICE + "ResolveNumber", finding_pb2.ResolveNumberResponse, answered_when_absent=True)
SEARCH_PERSONS: Final = Method(_SERVICE + "SearchPersons", finding_pb2.SearchPersonsResponse)
_KIND: Final = "NUMBER_KIND_"
_REASON: Final = "MATCH_REASON_"


@dataclass(frozen=True, slots=True)
class Resolved:
    """The one person who has or had a number, and what it is to them: PERSONAL, LEGACY_CARD, SOCIAL_INSURANCE, TAX."""

    person: person_pb2.Person
    kinds: tuple[str, ...]
    version: int
    withheld: tuple[Withheld, ...]
    read_time: datetime
    receipt: Receipt
    call_id: str


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is known of a person. `birth`: year, month, day, the last two 0 where not known; or `birth_years`, first and
    last, at most 4 apart. `sex`: MALE, FEMALE or empty. At most one of the four codes."""

    name: str
    birth: tuple[int, int, int] | None = None
    birth_years: tuple[int, int] | None = None
    sex: str = ""
    commune_code: str = ""
    former_commune_code: str = ""
    province_code: str = ""
    former_province_code: str = ""
    father_name: str = ""
    mother_name: str = ""

    def request(self) -> finding_pb2.SearchPersonsRequest:
        """As sent, without context and mask. Raises ValueError for a sex that the contract lacks."""
        request = finding_pb2.SearchPersonsRequest(
            name=self.name,
            commune_code=self.commune_code,
            former_commune_code=self.former_commune_code,
            province_code=self.province_code,
            former_province_code=self.former_province_code,
            father_name=self.father_name,
            mother_name=self.mother_name,
            sex=f"SEX_{(self.sex or 'unspecified').upper()}",
        )
        if self.birth is not None:
            request.birth_date.year, request.birth_date.month, request.birth_date.day = self.birth
        if self.birth_years is not None:
            request.first_birth_year, request.last_birth_year = self.birth_years
        return request


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who may be meant: `score` 1 to 100, `reasons` as the contract's `MatchReason` without its prefix."""

    person: person_pb2.Person
    version: int
    score: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidates:
    """All in the caller's scope who match, best first, at most 20."""

    candidates: tuple[Candidate, ...]
    withheld: tuple[Withheld, ...]
    read_time: datetime
    receipt: Receipt
    call_id: str


class Searching:
    """The part of a client that finds people by what it knows of them."""

    _connection: Connection

    async def resolve(
        self,
        number: str,
        *,
        kind: str = "",
        fields: Iterable[str] = ("number",),
        context: Context,
        timeout_seconds: float | None = None,
    ) -> Resolved:
        """Who has or had a `number` of 9, 10 or 12 digits; `kind` as in `Resolved`, empty: by its form.

        Raises ValueError for a kind that the contract lacks, GatewayRefusal: PERSON_UNAVAILABLE, NUMBER_AMBIGUOUS with
        `candidates` in its metadata. Raises ClientError otherwise.
        """
        request = finding_pb2.ResolveNumberRequest(
            context=context.message(),
            number=number,
            kind=number_kind(kind),
            field_mask=FieldMask(paths=fields),
        )
        answered = await self._connection.call(
            RESOLVE_NUMBER, request, timeout_seconds=timeout_seconds, people=lambda _answer: 1
        )
        answer = answered.message
        return Resolved(
            person=answer.person,
            kinds=tuple(finding_pb2.NumberKind.Name(each).removeprefix(_KIND) for each in answer.kinds),
            version=answer.version,
            withheld=withheld_from(answer.withheld),
            read_time=time_from_wire(answer.read_time),
            receipt=answered.receipt,
            call_id=answered.call_id,
        )

    async def search(
        self, criteria: Criteria, *, fields: Iterable[str], context: Context, timeout_seconds: float | None = None
    ) -> Candidates:
        """Who may be meant by `criteria`.

        Raises ValueError for a sex that the contract lacks, GatewayRefusal: TOO_MANY_FOUND with `found` in its
        metadata. Raises ClientError otherwise.
        """
        request = criteria.request()
        request.context.CopyFrom(context.message())
        request.field_mask.paths.extend(fields)
        answered = await self._connection.call(
            SEARCH_PERSONS, request, timeout_seconds=timeout_seconds, people=lambda answer: len(answer.candidates)
        )
        answer = answered.message
        return Candidates(
            candidates=tuple(
                Candidate(
                    each.person,
                    each.version,
                    each.score,
                    tuple(finding_pb2.MatchReason.Name(reason).removeprefix(_REASON) for reason in each.reasons),
                )
                for each in answer.candidates
            ),
            withheld=withheld_from(answer.withheld),
            read_time=time_from_wire(answer.read_time),
            receipt=answered.receipt,
            call_id=answered.call_id,
        )


def number_kind(kind: str) -> finding_pb2.NumberKind:
    """A kind of number by its name without the prefix, in any case; empty: not stated. Raises ValueError."""
    number: finding_pb2.NumberKind = finding_pb2.NumberKind.Value(f"{_KIND}{(kind or 'unspecified').upper()}")  # type: ignore[assignment]
    return number
