"""What tokens and administration answer, and that nothing holds before its effect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.agency.grants import Leniency
from gateway.agency.messages import grant_message
from gateway.agency.service import AgencyMethods, TokenMethods, enrolment_code
from gateway.agency.store import AgencyStore
from gateway.api.v1 import agency_service_pb2 as agency_pb
from gateway.api.v1 import options_pb2
from gateway.api.v1 import token_service_pb2 as token_pb
from gateway.catalogue import Catalogue
from gateway.chain.base import Answer, Call
from gateway.chain.methods import compile_methods
from gateway.errors import (
    ArgumentInvalid,
    CredentialRevoked,
    EnrolmentRefused,
    FieldUnknown,
    MethodNotGranted,
    PurposeNotGranted,
    RecordExists,
    RecordUnknown,
)
from tests.unit.agency.world import (
    LEGAL_BASIS,
    NOW,
    PURPOSE,
    make_grant,
    principal,
    signer,
    verifier,
)

CATALOGUE = Catalogue.compile()


def call_of(name: str, **known: Any) -> Call:
    call = Call(compile_methods()[name], bytes(16), b"")
    for field, value in known.items():
        setattr(call, field, value)
    return call


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AgencyStore]:
    made = AgencyStore.create(tmp_path / "gateway.db")
    made.register_agency("bhxh", "Social insurance", 3, NOW)
    yield made
    made.close()


@pytest.fixture
def administration(store: AgencyStore) -> AgencyMethods:
    return AgencyMethods(store, CATALOGUE, frozenset({"LookUpPerson", "PullChanges"}), lambda: NOW, settle_seconds=0)


def tokens_of(store: AgencyStore) -> TokenMethods:
    return TokenMethods(signer(), lambda: store.load_view(), lambda: NOW, lambda count: bytes([5] * count))


def body_of(answer: Answer) -> Any:
    return answer.body


async def effect(answer: Answer) -> None:
    assert answer.effect is not None
    await answer.effect()


def wanted(**changed: Any) -> agency_pb.Grant:
    message = agency_pb.Grant(
        methods=["LookUpPerson"],
        purposes=[agency_pb.GrantedPurpose(purpose=PURPOSE, legal_bases=[LEGAL_BASIS])],
        fields=["name"],
        provinces=["01"],
    )
    for name, value in changed.items():
        message.ClearField(name)
        if name in ("from_time", "until_time"):
            getattr(message, name).seconds = value
        elif isinstance(value, int):
            setattr(message, name, value)
        else:
            getattr(message, name).extend(value)
    return message


async def test_a_token_carries_the_grants_in_force(store: AgencyStore) -> None:
    store.create_grant("bhxh", make_grant(1))
    store.create_grant("bhxh", make_grant(2, until_time=NOW))
    who = principal()
    call = call_of("IssueToken", principal=who)
    answer = await tokens_of(store).IssueToken(call, token_pb.IssueTokenRequest())
    token = verifier().verify(body_of(answer).token, who, NOW)
    assert token.grants.keys() == {1}
    assert call.token_id == token.token_id == bytes([5] * 16)
    assert body_of(answer).expires_time.seconds == NOW + 600
    assert body_of(answer).server_time.seconds == NOW
    assert answer.effect is None


async def test_a_token_may_be_restricted_to_purposes(store: AgencyStore) -> None:
    store.create_grant("bhxh", make_grant(1, purposes={PURPOSE: [LEGAL_BASIS], "tax.audit": ["x"]}))
    who = principal()
    methods = tokens_of(store)
    request = token_pb.IssueTokenRequest(purposes=[PURPOSE])
    answer = await methods.IssueToken(call_of("IssueToken", principal=who), request)
    assert verifier().verify(body_of(answer).token, who, NOW).grants[1].purposes.keys() == {PURPOSE}
    with pytest.raises(PurposeNotGranted):
        await methods.IssueToken(
            call_of("IssueToken", principal=who), token_pb.IssueTokenRequest(purposes=["health.admission"])
        )


async def test_no_token_is_issued_without_a_grant_or_after_a_revocation(store: AgencyStore) -> None:
    call = call_of("IssueToken", principal=principal())
    with pytest.raises(MethodNotGranted):
        await tokens_of(store).IssueToken(call, token_pb.IssueTokenRequest())
    store.revoke_agency("bhxh", NOW)
    with pytest.raises(CredentialRevoked):
        await tokens_of(store).IssueToken(call, token_pb.IssueTokenRequest())


async def test_an_agency_is_registered_by_the_effect(store: AgencyStore, administration: AgencyMethods) -> None:
    request = agency_pb.RegisterAgencyRequest(
        agency=agency_pb.Agency(code="health", name="Health", agency_class=options_pb2.AGENCY_CLASS_HEALTH)
    )
    answer = await administration.RegisterAgency(call_of("RegisterAgency"), request)
    assert body_of(answer).agency == request.agency
    assert "health" not in store.load_view().agencies
    await effect(answer)
    assert store.load_view().agencies["health"].agency_class == options_pb2.AGENCY_CLASS_HEALTH
    with pytest.raises(RecordExists):
        await administration.RegisterAgency(call_of("RegisterAgency"), request)


@pytest.mark.parametrize("agency_class", [0, 99])
async def test_an_agency_needs_a_class_of_the_contract(administration: AgencyMethods, agency_class: int) -> None:
    agency = agency_pb.Agency(code="health", name="Health", agency_class=agency_class)  # type: ignore[arg-type]
    with pytest.raises(ArgumentInvalid) as caught:
        await administration.RegisterAgency(call_of("RegisterAgency"), agency_pb.RegisterAgencyRequest(agency=agency))
    assert caught.value.violations[0].field == "agency.agency_class"


async def test_a_grant_is_resolved_numbered_and_given_by_the_effect(
    store: AgencyStore, administration: AgencyMethods
) -> None:
    request = agency_pb.CreateGrantRequest(agency="bhxh", grant=wanted())
    answer = await administration.CreateGrant(call_of("CreateGrant"), request)
    told = body_of(answer).grant
    assert (list(told.fields), told.contract_digest) == (["name"], CATALOGUE.digest)
    assert (told.from_time.seconds, told.until_time.seconds) == (NOW, NOW + 365 * 86400)
    assert not store.load_view().agencies["bhxh"].grants
    await effect(answer)
    (grant,) = store.load_view().agencies["bhxh"].grants
    assert grant_message(grant) == told
    again = await administration.CreateGrant(call_of("CreateGrant"), request)
    assert body_of(again).grant.grant_id > told.grant_id


async def test_what_may_be_verified_and_how_often_reads_back(store: AgencyStore, administration: AgencyMethods) -> None:
    request = agency_pb.CreateGrantRequest(
        agency="bhxh",
        grant=wanted(
            methods=["LookUpPerson", "PullChanges"],
            verify_fields=["name", "birth_date.year"],
            predicates=["alive", "age_at_least:0", "age_at_least:150"],
            leniency=agency_pb.MATCH_LENIENCY_LENIENT,
            quotas=[agency_pb.Quota(people_per_day=1 << 40), agency_pb.Quota(method="PullChanges", calls_at_once=2)],
            guesses_per_day=1000,
        ),
    )
    answer = await administration.CreateGrant(call_of("CreateGrant"), request)
    await effect(answer)
    (grant,) = store.load_view().agencies["bhxh"].grants
    assert grant_message(grant) == body_of(answer).grant
    assert grant.verify_fields == {"name", "birth_date.year"}
    assert grant.leniency == Leniency.LENIENT
    assert [quota.method for quota in grant.quotas] == ["", "PullChanges"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"methods": ["LookUpPerson", "Shutdown"]}, "grant.methods"),
        ({"methods": []}, "grant.methods"),
        ({"purposes": []}, "grant.purposes"),
        ({"purposes": [agency_pb.GrantedPurpose(purpose=PURPOSE)]}, "grant.purposes"),
        ({"provinces": ["1"]}, "grant.provinces"),
        ({"provinces": ["٠١"]}, "grant.provinces"),
        ({"until_time": NOW}, "grant.until_time"),
        ({"from_time": NOW, "until_time": NOW + 11 * 365 * 86400}, "grant.until_time"),
        ({"from_time": -1}, "grant.from_time"),
        ({"from_time": 10**12}, "grant.from_time"),
        ({"verify_fields": ["name", "religion"]}, "grant.verify_fields"),
        ({"verify_fields": ["social_insurance"]}, "grant.verify_fields"),
        ({"predicates": ["alive", "rich"]}, "grant.predicates[1]"),
        ({"predicates": ["age_at_least:151"]}, "grant.predicates[0]"),
        ({"leniency": 9}, "grant.leniency"),
        ({"guesses_per_day": 1001}, "grant.guesses_per_day"),
        ({"quotas": [agency_pb.Quota(), agency_pb.Quota()]}, "grant.quotas[1].method"),
        ({"quotas": [agency_pb.Quota(method="PullChanges")]}, "grant.quotas[0].method"),
        ({"quotas": [agency_pb.Quota(calls_burst=9)]}, "grant.quotas[0].calls_burst"),
    ],
    ids=str,
)
async def test_a_grant_that_makes_no_sense_names_its_field(
    administration: AgencyMethods, changed: dict[str, Any], field: str
) -> None:
    request = agency_pb.CreateGrantRequest(agency="bhxh", grant=wanted(**changed))
    with pytest.raises(ArgumentInvalid) as caught:
        await administration.CreateGrant(call_of("CreateGrant"), request)
    assert [violation.field for violation in caught.value.violations] == [field]


async def test_a_grant_of_unknown_fields_or_to_nobody_is_refused(administration: AgencyMethods) -> None:
    with pytest.raises(FieldUnknown):
        await administration.CreateGrant(
            call_of("CreateGrant"), agency_pb.CreateGrantRequest(agency="bhxh", grant=wanted(fields=["nothing"]))
        )
    with pytest.raises(RecordUnknown):
        await administration.CreateGrant(
            call_of("CreateGrant"), agency_pb.CreateGrantRequest(agency="none", grant=wanted())
        )


async def test_a_code_holds_after_its_effect(store: AgencyStore, administration: AgencyMethods) -> None:
    request = agency_pb.CreateEnrolmentCodeRequest(agency="bhxh", system="hq")
    answer = await administration.CreateEnrolmentCode(call_of("CreateEnrolmentCode"), request)
    code = body_of(answer).code
    assert re.fullmatch(r"[A-Z2-7]{5}(-[A-Z2-7]{5}){3}", code)
    assert code not in answer.note
    assert body_of(answer).expires_time.seconds == NOW + 86400
    with pytest.raises(EnrolmentRefused):
        store.redeem_code(code, NOW)
    await effect(answer)
    assert store.redeem_code(code, NOW) == ("bhxh", "hq")


async def test_a_code_for_nobody_is_refused(administration: AgencyMethods) -> None:
    with pytest.raises(RecordUnknown):
        await administration.CreateEnrolmentCode(
            call_of("CreateEnrolmentCode"), agency_pb.CreateEnrolmentCodeRequest(agency="none")
        )


async def test_agency_and_certificate_are_revoked_by_the_effect(
    store: AgencyStore, administration: AgencyMethods
) -> None:
    who = principal()
    store.record_credential(who, NOW)
    for request in (agency_pb.RevokeRequest(thumbprint=who.thumbprint), agency_pb.RevokeRequest(agency="bhxh")):
        answer = await administration.Revoke(call_of("Revoke"), request)
        version = store.policy_version()
        await effect(answer)
        assert store.policy_version() == version + 1
    listed = await administration.ListAgencies(call_of("ListAgencies"), agency_pb.ListAgenciesRequest())
    (agency,) = body_of(listed).agencies
    assert agency.revoked
    assert [credential.revoked for credential in agency.credentials] == [True]
    assert agency.credentials[0].thumbprint == who.thumbprint


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (agency_pb.RevokeRequest(), ArgumentInvalid),
        (agency_pb.RevokeRequest(thumbprint=b"short"), ArgumentInvalid),
        (agency_pb.RevokeRequest(thumbprint=bytes(32)), RecordUnknown),
        (agency_pb.RevokeRequest(agency="none"), RecordUnknown),
    ],
    ids=["nothing", "short", "unknown certificate", "unknown agency"],
)
async def test_a_revocation_names_something_that_exists(
    administration: AgencyMethods, request_: agency_pb.RevokeRequest, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await administration.Revoke(call_of("Revoke"), request_)


def test_codes_come_from_the_random_bytes_alone() -> None:
    assert enrolment_code(bytes) == "AAAAA-AAAAA-AAAAA-AAAAA"
    assert enrolment_code(lambda count: b"\xff" * count) == "77777-77777-77777-77777"
