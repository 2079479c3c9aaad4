"""Units, narrowings, changes and revocations against a real gateway, given by two operators."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from gateway.agency.bootstrap import enrol_locally
from gateway.api.v1 import agency_service_pb2, lookup_service_pb2
from gateway.start import trust_of
from tests.caller import AGENCY, Caller, Reply
from tests.gateway import AGENCIES, OPERATION, Gateway
from tests.world import number_of

INSURANCE = AGENCIES["insurance"].context
UNIT = "branch-07"


def ask(caller: Caller, method: str, **asked: Any) -> Any:
    """What a method of AgencyService answers; it must."""
    reply = try_(caller, method, **asked)
    assert reply.code is grpc.StatusCode.OK, reply
    return getattr(agency_service_pb2, f"{method}Response").FromString(reply.body)


def try_(caller: Caller, method: str, **asked: Any) -> Reply:
    request = getattr(agency_service_pb2, f"{method}Request")(context=OPERATION.message(), **asked)
    return caller.call(AGENCY + method, request)


def terms(**changed: Any) -> agency_service_pb2.Grant:
    purpose = agency_service_pb2.GrantedPurpose(purpose=INSURANCE.purpose, legal_bases=[INSURANCE.legal_basis])
    return agency_service_pb2.Grant(**{"methods": ["LookUpPerson"], "purposes": [purpose], **changed})


def fields_of(reply: Reply) -> set[str]:
    assert reply.code is grpc.StatusCode.OK, reply
    person = lookup_service_pb2.LookUpPersonResponse.FromString(reply.body).person
    return {field.name for field, _ in person.ListFields()}


@pytest.fixture
def operators(caller_of: Callable[[str], Caller]) -> tuple[Caller, Caller]:
    """Two, with the same rights."""
    return caller_of("operator"), caller_of("operator-second")


def test_a_unit_has_less_than_its_agency_and_is_out_alone(
    gateway: Gateway, operators: tuple[Caller, Caller], insurance: Caller, tmp_path: Path
) -> None:
    one, other = operators
    ask(one, "RegisterUnits", agency="insurance", units=[{"code": UNIT, "name": "Chi nhánh 7"}])
    listed = ask(one, "ListUnits", agency="insurance")
    assert [unit.code for unit in listed.units] == [UNIT]
    agencies = ask(one, "ListAgencies").agencies
    (parent,) = next(agency for agency in agencies if agency.code == "insurance").grants
    enrol_locally(gateway.state, "insurance", "", tmp_path / "unit", time.time(), trust_of(gateway.settings), UNIT)
    with Caller(tmp_path / "unit", gateway.address) as unit:
        unit.with_token()
        number, seen = number_of(73), ["name", "birth_date", "sex"]
        assert fields_of(unit.look_up(number, seen, INSURANCE)) == set(seen)

        narrowing = {"narrows": parent.grant_id, "unit": UNIT}
        wider = try_(one, "CreateGrant", agency="insurance", grant=terms(fields=["religion"], **narrowing))
        assert (wider.reason, dict(wider.metadata)["fields"]) == ("GRANT_WIDER", "fields")
        proposed = ask(one, "CreateGrant", agency="insurance", grant=terms(fields=["name", "sex"], **narrowing)).grant
        open_ones = ask(other, "ListProposals", agency="insurance").proposals
        assert [proposal.proposal_id for proposal in open_ones] == [proposed.grant_id]
        ask(other, "ApproveGrant", proposal_id=proposed.grant_id)
        # With the token that it had: what is narrowed is narrowed at once.
        assert fields_of(unit.look_up(number, seen, INSURANCE)) == {"name", "sex"}
        assert unit.call("/gateway.api.v1.SyncService/Pull", b"").reason != ""
        assert fields_of(insurance.look_up(number, seen, INSURANCE)) == set(seen)

        change = ask(one, "ChangeGrant", grant_id=proposed.grant_id, grant=terms(fields=["sex"], **narrowing)).proposal
        assert change.changes == proposed.grant_id
        ask(other, "ApproveGrant", proposal_id=change.proposal_id)
        assert fields_of(unit.look_up(number, seen, INSURANCE)) == {"sex"}

        target = {"unit": {"agency": "insurance", "unit": UNIT}}
        ask(one, "Revoke", **target)
        assert unit.look_up(number, seen, INSURANCE).reason == "CREDENTIAL_REVOKED"
        assert fields_of(insurance.look_up(number, seen, INSURANCE)) == set(seen)
        assert f"insurance/{UNIT}" in {each.value for each in ask(one, "ListRevocations").revocations}
        ask(other, "LiftRevocation", **target)
        assert fields_of(unit.look_up(number, seen, INSURANCE)) == {"sex"}

        ask(one, "EndGrant", grant_id=proposed.grant_id)
        assert unit.look_up(number, seen, INSURANCE).reason == "METHOD_NOT_GRANTED"
    acts = ask(one, "ListActs").acts
    about = [(act.kind, act.actor.agency) for act in acts if act.actor.agency and "insurance" in act.record]
    assert ("proposal", "operator") in about
    assert ("lifting", "operator-second") in about


def test_a_rejected_proposal_is_closed(operators: tuple[Caller, Caller]) -> None:
    one, other = operators
    proposed = ask(one, "CreateGrant", agency="newcomer", grant=terms(field_sets=["basic_six"])).grant
    assert set(proposed.fields) > {"name", "household_number"}
    ask(other, "RejectGrant", proposal_id=proposed.grant_id)
    assert try_(other, "ApproveGrant", proposal_id=proposed.grant_id).reason == "PROPOSAL_CLOSED"
    assert try_(other, "RejectGrant", proposal_id=10**6).reason == "RECORD_UNKNOWN"
    assert try_(other, "EndGrant", grant_id=10**6).reason == "RECORD_UNKNOWN"


def test_one_operator_cannot_become_the_other(operators: tuple[Caller, Caller]) -> None:
    one, _ = operators
    assert try_(one, "CreateEnrolmentCode", agency="operator-second").reason == "OPERATOR_FOREIGN"


def test_what_is_not_revoked_cannot_be_lifted(operators: tuple[Caller, Caller]) -> None:
    one, _ = operators
    ask(one, "Revoke", token_id=bytes(16))
    ask(one, "LiftRevocation", token_id=bytes(16))
    assert try_(one, "LiftRevocation", token_id=bytes(16)).reason == "RECORD_UNKNOWN"
    assert try_(one, "Revoke", key_id="no key").reason == "ARGUMENT_INVALID"
