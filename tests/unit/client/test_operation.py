"""What operators ask for through a client."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.api.v1 import agency_service_pb2, audit_service_pb2
from gateway.client import Context, grant_terms
from gateway.client.accesses import QUERY_ACCESSES
from gateway.client.granting import CREATE_GRANT
from gateway.client.operation import (
    CREATE_ENROLMENT_CODE,
    LIFT_REVOCATION,
    LIST_AGENCIES,
    REGISTER_AGENCY,
    REVOKE,
)

WHEN = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


async def test_agency_is_registered_by_the_name_of_its_class(gateway: Any, context: Context) -> None:
    def answer(request: bytes) -> Any:
        asked = agency_service_pb2.RegisterAgencyRequest.FromString(request)
        return agency_service_pb2.RegisterAgencyResponse(agency=asked.agency)

    gateway.on(REGISTER_AGENCY, answer)
    async with gateway.client() as client:
        agency = await client.register_agency("clinic", "A clinic", "HEALTH", context=context)
        assert agency.agency_class == 4
        with pytest.raises(ValueError, match="AGENCY_CLASS_CLOWNS"):
            await client.register_agency("circus", "A circus", "CLOWNS", context=context)


async def test_grant_carries_purposes_with_their_legal_bases(gateway: Any, context: Context) -> None:
    def answer(request: bytes) -> Any:
        asked = agency_service_pb2.CreateGrantRequest.FromString(request)
        return agency_service_pb2.CreateGrantResponse(grant=asked.grant)

    gateway.on(CREATE_GRANT, answer)
    async with gateway.client() as client:
        terms = grant_terms(
            methods=["LookUpPerson"],
            purposes={"health.admission": ["law26/2023:art10"]},
            fields=["name"],
            until_time=WHEN,
        )
        grant = await client.propose_grant("clinic", terms, context=context)
    with pytest.raises(ValueError, match="ANYTHING"):
        grant_terms(methods=[], purposes={}, leniency="ANYTHING")
    assert grant.purposes[0].legal_bases == ["law26/2023:art10"]
    assert grant.until_time.ToDatetime(UTC) == WHEN
    assert not grant.HasField("from_time")


async def test_code_is_handed_over_with_its_end(gateway: Any, context: Context) -> None:
    answer = agency_service_pb2.CreateEnrolmentCodeResponse(code="ABCDE-FGHIJ-KLMNO-PQRST")
    answer.expires_time.FromDatetime(WHEN)
    gateway.on(CREATE_ENROLMENT_CODE, answer)
    async with gateway.client() as client:
        made = await client.create_enrolment_code("clinic", "ward", context=context)
    assert (made.code, made.expires_time) == ("ABCDE-FGHIJ-KLMNO-PQRST", WHEN)


async def test_revocation_names_one_target(gateway: Any, context: Context) -> None:
    asked: list[agency_service_pb2.RevokeRequest] = []

    def answer(request: bytes) -> Any:
        asked.append(agency_service_pb2.RevokeRequest.FromString(request))
        return agency_service_pb2.RevokeResponse()

    gateway.on(REVOKE, answer)
    gateway.on(LIFT_REVOCATION, agency_service_pb2.LiftRevocationResponse())
    async with gateway.client() as client:
        await client.revoke(agency="clinic", context=context)
        await client.revoke(thumbprint=bytes(32), context=context)
        await client.revoke(agency="clinic", unit="ward", context=context)
        await client.revoke(token_id=bytes(16), context=context)
        await client.revoke(key_id="a-key", context=context)
        await client.lift_revocation(agency="clinic", context=context)
        wrongs: list[dict[str, Any]] = [{}, {"agency": "clinic", "thumbprint": bytes(32)}, {"unit": "ward"}]
        for wrong in wrongs:
            with pytest.raises(ValueError, match="state"):
                await client.revoke(context=context, **wrong)
    assert [each.WhichOneof("target") for each in asked] == ["agency", "thumbprint", "unit", "token_id", "key_id"]


async def test_agencies_are_listed(gateway: Any, context: Context) -> None:
    gateway.on(LIST_AGENCIES, agency_service_pb2.ListAgenciesResponse(agencies=[{"code": "clinic"}]))
    async with gateway.client() as client:
        assert [each.code for each in await client.list_agencies(context=context)] == ["clinic"]


async def test_accesses_arrive_with_times_and_reasons(gateway: Any, context: Context) -> None:
    answer = audit_service_pb2.QueryAccessesResponse(current_through_index=9, more=True)
    answer.accesses.add(index=8, agency="clinic", allowed=True, fields=["name"]).time.FromDatetime(WHEN)
    answer.accesses.add(index=7, reason="ERROR_REASON_PURPOSE_NOT_GRANTED")
    gateway.on(QUERY_ACCESSES, answer)
    async with gateway.client() as client:
        found = await client.query_accesses("001200000001", context=context, from_time=WHEN)
    assert (found.current_through_index, found.more) == (9, True)
    assert [(each.index, each.allowed, each.reason) for each in found.accesses] == [
        (8, True, ""),
        (7, False, "PURPOSE_NOT_GRANTED"),
    ]
    assert found.accesses[0].time == WHEN
