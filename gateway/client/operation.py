"""Saying who may ask: for operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.api.v1 import agency_service_pb2
from gateway.audit.receipt import Receipt
from gateway.client.connection import Connection, Method
from gateway.client.context import Context
from gateway.wire import time_from_wire

_SERVICE = "/gateway.api.v1.AgencyService/"
REGISTER_AGENCY: Final = Method(
    _SERVICE + "RegisterAgency", agency_service_pb2.RegisterAgencyResponse, repeatable=False
)
REGISTER_UNITS: Final = Method(_SERVICE + "RegisterUnits", agency_service_pb2.RegisterUnitsResponse, repeatable=False)
LIST_UNITS: Final = Method(_SERVICE + "ListUnits", agency_service_pb2.ListUnitsResponse)
LIFT_REVOCATION: Final = Method(
    _SERVICE + "LiftRevocation", agency_service_pb2.LiftRevocationResponse, repeatable=False
)
LIST_REVOCATIONS: Final = Method(_SERVICE + "ListRevocations", agency_service_pb2.ListRevocationsResponse)
LIST_ACTS: Final = Method(_SERVICE + "ListActs", agency_service_pb2.ListActsResponse)
UNITS_PER_CALL = 1_000
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


def _target(agency: str, unit: str, thumbprint: bytes, token_id: bytes, key_id: str) -> dict[str, Any]:
    """The `target` of a request to revoke or to lift. Raises ValueError."""
    if unit and not agency:
        raise ValueError("a unit is stated together with its agency")
    if sum(map(bool, (agency, thumbprint, token_id, key_id))) != 1:
        raise ValueError("state an agency, a unit, a certificate, a token or a key, and one of them")
    if unit:
        return {"unit": agency_service_pb2.UnitName(agency=agency, unit=unit)}
    named = {"agency": agency, "thumbprint": thumbprint, "token_id": token_id, "key_id": key_id}
    return {name: value for name, value in named.items() if value}


class Operating:
    """The part of a client that registers agencies, makes codes and revokes."""

    _connection: Connection

    async def register_agency(
        self,
        code: str,
        name: str,
        agency_class: str,
        *,
        pairwise: bool = False,
        context: Context,
        timeout_seconds: float | None = None,
    ) -> agency_service_pb2.Agency:
        """Register an agency under a code that was never used. Raises GatewayRefusal: RECORD_EXISTS.

        `agency_class` is the name of an `AgencyClass` without its prefix, for example HEALTH; ValueError for
        others. `pairwise`: it shall see tokens of people, its own ones, in place of their numbers.
        """
        agency = agency_service_pb2.Agency(
            code=code, name=name, agency_class=f"AGENCY_CLASS_{agency_class}", pairwise=pairwise
        )
        request = agency_service_pb2.RegisterAgencyRequest(context=context.message(), agency=agency)
        return (await self._connection.call(REGISTER_AGENCY, request, timeout_seconds=timeout_seconds)).message.agency

    async def register_units(
        self, agency: str, units: Mapping[str, str], *, context: Context, timeout_seconds: float | None = None
    ) -> None:
        """Register units of an agency, names by code, at most 1,000 a call, the calls one after the other.

        Raises GatewayRefusal: RECORD_UNKNOWN, RECORD_EXISTS.
        """
        waiting = [agency_service_pb2.Unit(code=code, name=name) for code, name in units.items()]
        for start in range(0, len(waiting), UNITS_PER_CALL):
            request = agency_service_pb2.RegisterUnitsRequest(
                context=context.message(), agency=agency, units=waiting[start : start + UNITS_PER_CALL]
            )
            await self._connection.call(REGISTER_UNITS, request, timeout_seconds=timeout_seconds)

    async def list_units(
        self, agency: str, *, context: Context, timeout_seconds: float | None = None
    ) -> tuple[agency_service_pb2.Unit, ...]:
        """All units of an agency by code. Raises GatewayRefusal: RECORD_UNKNOWN."""
        units: list[agency_service_pb2.Unit] = []
        more = True
        while more:
            after = units[-1].code if units else ""
            request = agency_service_pb2.ListUnitsRequest(context=context.message(), agency=agency, after_code=after)
            answer = (await self._connection.call(LIST_UNITS, request, timeout_seconds=timeout_seconds)).message
            units.extend(answer.units)
            more = answer.more and bool(answer.units)
        return tuple(units)

    async def create_enrolment_code(
        self, agency: str, system: str = "", unit: str = "", *, context: Context, timeout_seconds: float | None = None
    ) -> EnrolmentCode:
        """A code with which one system of `agency` or of a unit of it (empty: as a whole) enrols.

        Raises GatewayRefusal: RECORD_UNKNOWN, OPERATOR_FOREIGN.
        """
        request = agency_service_pb2.CreateEnrolmentCodeRequest(
            context=context.message(), agency=agency, system=system, unit=unit
        )
        answered = await self._connection.call(CREATE_ENROLMENT_CODE, request, timeout_seconds=timeout_seconds)
        answer = answered.message
        return EnrolmentCode(answer.code, time_from_wire(answer.expires_time), answered.receipt, answered.call_id)

    async def revoke(
        self,
        *,
        agency: str = "",
        unit: str = "",
        thumbprint: bytes = b"",
        token_id: bytes = b"",
        key_id: str = "",
        context: Context,
        timeout_seconds: float | None = None,
    ) -> Receipt:
        """Revoke an agency, or a unit of it, or a certificate (SHA-256), a token (16 bytes), or a key (`kid`).

        Raises ValueError unless one of them is stated, GatewayRefusal: RECORD_UNKNOWN.
        """
        target = _target(agency, unit, thumbprint, token_id, key_id)
        request = agency_service_pb2.RevokeRequest(context=context.message(), **target)
        return (await self._connection.call(REVOKE, request, timeout_seconds=timeout_seconds)).receipt

    async def lift_revocation(
        self,
        *,
        agency: str = "",
        unit: str = "",
        thumbprint: bytes = b"",
        token_id: bytes = b"",
        key_id: str = "",
        context: Context,
        timeout_seconds: float | None = None,
    ) -> Receipt:
        """Take a revocation back; named as in `revoke`. Raises ValueError, GatewayRefusal: RECORD_UNKNOWN."""
        target = _target(agency, unit, thumbprint, token_id, key_id)
        request = agency_service_pb2.LiftRevocationRequest(context=context.message(), **target)
        return (await self._connection.call(LIFT_REVOCATION, request, timeout_seconds=timeout_seconds)).receipt

    async def list_revocations(
        self, *, context: Context, timeout_seconds: float | None = None
    ) -> tuple[agency_service_pb2.Revocation, ...]:
        """What is revoked now, newest first, at most 1,000. Raises ClientError."""
        request = agency_service_pb2.ListRevocationsRequest(context=context.message())
        answered = await self._connection.call(LIST_REVOCATIONS, request, timeout_seconds=timeout_seconds)
        return tuple(answered.message.revocations)

    async def list_acts(
        self, *, after_number: int = 0, context: Context, timeout_seconds: float | None = None
    ) -> tuple[agency_service_pb2.Act, ...]:
        """What operators decided after an act, oldest first, page by page. Raises ClientError."""
        acts: list[agency_service_pb2.Act] = []
        more = True
        while more:
            request = agency_service_pb2.ListActsRequest(context=context.message(), after_number=after_number)
            answer = (await self._connection.call(LIST_ACTS, request, timeout_seconds=timeout_seconds)).message
            acts.extend(answer.acts)
            more = answer.more and bool(answer.acts)
            after_number = acts[-1].number if acts else after_number
        return tuple(acts)

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
