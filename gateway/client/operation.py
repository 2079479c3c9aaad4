"""Saying who may ask: for operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.api.v1 import agency_service_pb2
from gateway.audit.receipt import Receipt
from gateway.client.connection import Connection, Method
from gateway.client.context import Context, timestamp
from gateway.wire import time_from_wire

_SERVICE = "/gateway.api.v1.AgencyService/"
REGISTER_AGENCY: Final = Method(
    _SERVICE + "RegisterAgency", agency_service_pb2.RegisterAgencyResponse, repeatable=False
)
CREATE_GRANT: Final = Method(_SERVICE + "CreateGrant", agency_service_pb2.CreateGrantResponse, repeatable=False)
CREATE_ENROLMENT_CODE: Final = Method(
    _SERVICE + "CreateEnrolmentCode", agency_service_pb2.CreateEnrolmentCodeResponse, repeatable=False
)
REVOKE: Final = Method(_SERVICE + "Revoke", agency_service_pb2.RevokeResponse)
LIST_AGENCIES: Final = Method(_SERVICE + "ListAgencies", agency_service_pb2.ListAgenciesResponse)


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """A one-time code, shown this once. `expires_time` is aware, UTC."""

    code: str
    expires_time: datetime
    receipt: Receipt
    call_id: str


class Operating:
    """The part of a client that registers agencies and gives and takes rights."""

    _connection: Connection

    async def register_agency(
        self,
        code: str,
        name: str,
        agency_class: str,
        *,
        context: Context,
        timeout_seconds: float | None = None,
    ) -> agency_service_pb2.Agency:
        """Register an agency under a code that was never used. Raises GatewayRefusal: RECORD_EXISTS.

        `agency_class` is the name of an `AgencyClass` without its prefix, for example HEALTH; ValueError for
        others.
        """
        agency = agency_service_pb2.Agency(code=code, name=name, agency_class=f"AGENCY_CLASS_{agency_class}")
        request = agency_service_pb2.RegisterAgencyRequest(context=context.message(), agency=agency)
        return (await self._connection.call(REGISTER_AGENCY, request, timeout_seconds=timeout_seconds)).message.agency

    async def create_grant(
        self,
        agency: str,
        *,
        methods: Iterable[str],
        purposes: Mapping[str, Iterable[str]],
        fields: Iterable[str] = (),
        provinces: Iterable[str] = (),
        from_time: datetime | None = None,
        until_time: datetime | None = None,
        context: Context,
        timeout_seconds: float | None = None,
    ) -> agency_service_pb2.Grant:
        """Let `agency` call `methods` for `purposes` (code to its legal bases) with `fields` of `Person`.

        `provinces`: codes since 1/7/2025, empty: everyone. Times are aware, cut to whole seconds; absent:
        now, and a year later.
        Raises GatewayRefusal: RECORD_UNKNOWN.
        """
        grant = agency_service_pb2.Grant(
            methods=methods,
            purposes=[
                agency_service_pb2.GrantedPurpose(purpose=purpose, legal_bases=bases)
                for purpose, bases in purposes.items()
            ],
            fields=fields,
            provinces=provinces,
            from_time=timestamp(from_time.replace(microsecond=0) if from_time else None),
            until_time=timestamp(until_time.replace(microsecond=0) if until_time else None),
        )
        request = agency_service_pb2.CreateGrantRequest(context=context.message(), agency=agency, grant=grant)
        return (await self._connection.call(CREATE_GRANT, request, timeout_seconds=timeout_seconds)).message.grant

    async def create_enrolment_code(
        self, agency: str, system: str = "", *, context: Context, timeout_seconds: float | None = None
    ) -> EnrolmentCode:
        """A code with which one system of `agency` (empty: the agency as a whole) enrols."""
        request = agency_service_pb2.CreateEnrolmentCodeRequest(context=context.message(), agency=agency, system=system)
        answered = await self._connection.call(CREATE_ENROLMENT_CODE, request, timeout_seconds=timeout_seconds)
        answer = answered.message
        return EnrolmentCode(answer.code, time_from_wire(answer.expires_time), answered.receipt, answered.call_id)

    async def revoke(
        self, *, agency: str = "", thumbprint: bytes = b"", context: Context, timeout_seconds: float | None = None
    ) -> Receipt:
        """Revoke an agency, or the certificate with a SHA-256 of 32 bytes; state one of the two.

        Raises ValueError, GatewayRefusal: RECORD_UNKNOWN.
        """
        if bool(agency) == bool(thumbprint):
            raise ValueError("state either an agency or a certificate's thumbprint")
        request = (
            agency_service_pb2.RevokeRequest(context=context.message(), agency=agency)
            if agency
            else agency_service_pb2.RevokeRequest(context=context.message(), thumbprint=thumbprint)
        )
        return (await self._connection.call(REVOKE, request, timeout_seconds=timeout_seconds)).receipt

    async def list_agencies(
        self, *, context: Context, timeout_seconds: float | None = None
    ) -> tuple[agency_service_pb2.Agency, ...]:
        """All agencies by code, with grants and credentials, page by page. Raises ClientError."""
        agencies: list[agency_service_pb2.Agency] = []
        more = True
        while more:
            after = agencies[-1].code if agencies else ""
            request = agency_service_pb2.ListAgenciesRequest(context=context.message(), after_code=after)
            answer = (await self._connection.call(LIST_AGENCIES, request, timeout_seconds=timeout_seconds)).message
            agencies.extend(answer.agencies)
            more = answer.more and bool(answer.agencies)
        return tuple(agencies)
