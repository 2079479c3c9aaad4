"""What operators' decisions answer, that nothing holds before its effect, and that nobody gives alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.agency.administration import AgencyMethods, enrolment_code
from gateway.agency.grants import Leniency
from gateway.agency.messages import grant_message
from gateway.agency.store import AgencyStore
from gateway.api.v1 import agency_service_pb2 as agency_pb
from gateway.api.v1 import options_pb2
from gateway.catalogue import Catalogue
from gateway.chain.base import Answer
from gateway.chain.turns import Threads
from gateway.errors import (
    ApproverNotOther,
    ArgumentInvalid,
    EnrolmentRefused,
    FieldUnknown,
    GrantWider,
    OperatorForeign,
    ProposalClosed,
    RecordExists,
    RecordUnknown,
)
from tests.unit.agency.calls import body_of, by, effect, wanted
from tests.unit.agency.world import NOW, PURPOSE, make_grant, principal

CATALOGUE = Catalogue.compile()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AgencyStore]:
    made = AgencyStore.create(tmp_path / "gateway.db")
    made.register_agency("bhxh", "Social insurance", 3, NOW)
    yield made
    made.close()


@pytest.fixture
def administration(store: AgencyStore) -> AgencyMethods:
    methods = frozenset({"LookUpPerson", "StreamLookUpPersons", "PullChanges"})
    streamed = frozenset({"StreamLookUpPersons"})
    return AgencyMethods(store, CATALOGUE, methods, lambda: NOW, Threads(), settle_seconds=0, streamed=streamed)


async def add_units(administration: AgencyMethods, *codes: str) -> None:
    units = [agency_pb.Unit(code=code, name=f"Unit {code}") for code in codes]
    request = agency_pb.RegisterUnitsRequest(agency="bhxh", units=units)
    await effect(await administration.RegisterUnits(by("RegisterUnits"), request))


async def propose(administration: AgencyMethods, **changed: Any) -> int:
    """The number of a proposal for a grant."""
    request = agency_pb.CreateGrantRequest(agency="bhxh", grant=wanted(**changed))
    answer = await administration.CreateGrant(by("CreateGrant"), request)
    await effect(answer)
    return int(body_of(answer).grant.grant_id)


async def approve(administration: AgencyMethods, number: int, operator: str = "operator-second") -> Answer:
    request = agency_pb.ApproveGrantRequest(proposal_id=number)
    answer = await administration.ApproveGrant(by("ApproveGrant", operator), request)
    await effect(answer)
    return answer


async def test_an_agency_is_registered_by_the_effect(store: AgencyStore, administration: AgencyMethods) -> None:
    request = agency_pb.RegisterAgencyRequest(
        agency=agency_pb.Agency(code="health", name="Health", agency_class=options_pb2.AGENCY_CLASS_HEALTH)
    )
    answer = await administration.RegisterAgency(by("RegisterAgency"), request)
    assert body_of(answer).agency == request.agency
    assert "health" not in store.load_view().agencies
    await effect(answer)
    assert store.load_view().agencies["health"].agency_class == options_pb2.AGENCY_CLASS_HEALTH
    with pytest.raises(RecordExists):
        await administration.RegisterAgency(by("RegisterAgency"), request)


@pytest.mark.parametrize("agency_class", [0, 99])
async def test_an_agency_needs_a_class_of_the_contract(administration: AgencyMethods, agency_class: int) -> None:
    agency = agency_pb.Agency(code="health", name="Health", agency_class=agency_class)  # type: ignore[arg-type]
    with pytest.raises(ArgumentInvalid) as caught:
        await administration.RegisterAgency(by("RegisterAgency"), agency_pb.RegisterAgencyRequest(agency=agency))
    assert caught.value.violations[0].field == "agency.agency_class"


async def test_a_grant_is_resolved_numbered_and_in_force_once_another_operator_approved_it(
    store: AgencyStore, administration: AgencyMethods
) -> None:
    request = agency_pb.CreateGrantRequest(agency="bhxh", grant=wanted())
    answer = await administration.CreateGrant(by("CreateGrant"), request)
    told = body_of(answer).grant
    assert (list(told.fields), told.contract_digest) == (["name"], CATALOGUE.digest)
    assert (told.from_time.seconds, told.until_time.seconds) == (NOW, NOW + 365 * 86400)
    await effect(answer)
    assert not store.load_view().agencies["bhxh"].grants
    with pytest.raises(ApproverNotOther):
        await approve(administration, told.grant_id, "operator")
    approved = body_of(await approve(administration, told.grant_id)).proposal
    (grant,) = store.load_view().agencies["bhxh"].grants
    assert grant_message(grant) == told == approved.grant
    assert (approved.proposed_by.agency, approved.decided_by.agency) == ("operator", "operator-second")
    assert (approved.proposed_by.officer, approved.proposed_by.case_reference) == ("op-1", "K-1")
    with pytest.raises(ProposalClosed):
        await approve(administration, told.grant_id, "operator-third")
    again = await administration.CreateGrant(by("CreateGrant"), request)
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
    answer = await administration.CreateGrant(by("CreateGrant"), request)
    await effect(answer)
    await approve(administration, body_of(answer).grant.grant_id)
    (grant,) = store.load_view().agencies["bhxh"].grants
    assert grant_message(grant) == body_of(answer).grant
    assert grant.verify_fields == {"name", "birth_date.year"}
    assert grant.leniency == Leniency.LENIENT
    assert [quota.method for quota in grant.quotas] == ["", "PullChanges"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"methods": ["LookUpPerson", "Shutdown"]}, "grant.methods[1]"),
        ({"methods": []}, "grant.methods"),
        ({"purposes": []}, "grant.purposes"),
        ({"purposes": [agency_pb.GrantedPurpose(purpose=PURPOSE)]}, "grant.purposes"),
        ({"provinces": ["1"]}, "grant.provinces"),
        ({"provinces": ["٠١"]}, "grant.provinces"),
        ({"until_time": NOW}, "grant.until_time"),
        ({"from_time": NOW, "until_time": NOW + 11 * 365 * 86400}, "grant.until_time"),
        ({"from_time": -1}, "grant.from_time"),
        ({"from_time": 10**12}, "grant.from_time"),
        ({"field_sets": ["everything"]}, "grant.field_sets[0]"),
        ({"verify_field_sets": ["basic_six", "all"]}, "grant.verify_field_sets[1]"),
        ({"verify_fields": ["name", "religion"]}, "grant.verify_fields"),
        ({"verify_fields": ["social_insurance"]}, "grant.verify_fields"),
        ({"predicates": ["alive", "rich"]}, "grant.predicates[1]"),
        ({"predicates": ["age_at_least:151"]}, "grant.predicates[0]"),
        ({"leniency": 9}, "grant.leniency"),
        ({"signed": True, "methods": ["LookUpPerson", "StreamLookUpPersons"]}, "grant.signed"),
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
        await administration.CreateGrant(by("CreateGrant"), request)
    assert [violation.field for violation in caught.value.violations] == [field]


async def test_a_grant_of_unknown_fields_or_to_nobody_is_refused(administration: AgencyMethods) -> None:
    with pytest.raises(FieldUnknown):
        await administration.CreateGrant(
            by("CreateGrant"), agency_pb.CreateGrantRequest(agency="bhxh", grant=wanted(fields=["nothing"]))
        )
    with pytest.raises(RecordUnknown):
        await administration.CreateGrant(by("CreateGrant"), agency_pb.CreateGrantRequest(agency="none", grant=wanted()))


async def test_a_code_holds_after_its_effect(store: AgencyStore, administration: AgencyMethods) -> None:
    request = agency_pb.CreateEnrolmentCodeRequest(agency="bhxh", system="hq")
    answer = await administration.CreateEnrolmentCode(by("CreateEnrolmentCode"), request)
    code = body_of(answer).code
    assert re.fullmatch(r"[A-Z2-7]{5}(-[A-Z2-7]{5}){3}", code)
    assert code not in answer.note
    assert body_of(answer).expires_time.seconds == NOW + 86400
    with pytest.raises(EnrolmentRefused):
        store.redeem_code(code, NOW)
    await effect(answer)
    assert store.redeem_code(code, NOW) == ("bhxh", "", "hq")


async def test_a_code_for_nobody_is_refused(administration: AgencyMethods) -> None:
    with pytest.raises(RecordUnknown):
        await administration.CreateEnrolmentCode(
            by("CreateEnrolmentCode"), agency_pb.CreateEnrolmentCodeRequest(agency="none")
        )


TARGETS: list[dict[str, Any]] = [
    {"agency": "bhxh"},
    {"unit": agency_pb.UnitName(agency="bhxh", unit="01")},
    {"token_id": bytes(16)},
    {"key_id": "a-key"},
]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: next(iter(target)))
async def test_what_is_revoked_is_listed_until_it_is_lifted(
    store: AgencyStore, administration: AgencyMethods, target: dict[str, Any]
) -> None:
    await add_units(administration, "01")
    lift = agency_pb.LiftRevocationRequest(**target)
    with pytest.raises(RecordUnknown):
        await administration.LiftRevocation(by("LiftRevocation"), lift)
    before = store.load_view()
    for _ in range(2):  # again is no error
        await effect(await administration.Revoke(by("Revoke"), agency_pb.RevokeRequest(**target)))
    assert store.load_view() != replace(before, version=before.version + 2)
    listed = body_of(
        await administration.ListRevocations(by("ListRevocations"), agency_pb.ListRevocationsRequest())
    ).revocations
    assert [(each.revoked_time.seconds, each.revoked_by.agency) for each in listed] == [(NOW, "operator")]
    await effect(await administration.LiftRevocation(by("LiftRevocation", "operator-second"), lift))
    assert store.load_view() == replace(before, version=before.version + 3)
    acts = body_of(await administration.ListActs(by("ListActs"), agency_pb.ListActsRequest(after_number=2))).acts
    assert [(act.kind, act.actor.agency) for act in acts] == [
        ("revocation", "operator"),
        ("revocation", "operator"),
        ("lifting", "operator-second"),
    ]
    assert len({act.subject for act in acts}) == 1


async def test_a_certificate_is_revoked_by_the_effect(store: AgencyStore, administration: AgencyMethods) -> None:
    who = principal()
    store.record_credential(who, NOW)
    answer = await administration.Revoke(by("Revoke"), agency_pb.RevokeRequest(thumbprint=who.thumbprint))
    assert store.load_view().revoked_thumbprints == set()
    await effect(answer)
    assert store.load_view().revoked_thumbprints == {who.thumbprint}
    listed = await administration.ListAgencies(by("ListAgencies"), agency_pb.ListAgenciesRequest())
    (agency,) = body_of(listed).agencies
    assert [credential.revoked for credential in agency.credentials] == [True]
    assert agency.credentials[0].thumbprint == who.thumbprint


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (agency_pb.RevokeRequest(), ArgumentInvalid),
        (agency_pb.RevokeRequest(thumbprint=b"short"), ArgumentInvalid),
        (agency_pb.RevokeRequest(thumbprint=bytes(32)), RecordUnknown),
        (agency_pb.RevokeRequest(agency="none"), RecordUnknown),
        (agency_pb.RevokeRequest(unit=agency_pb.UnitName(agency="bhxh", unit="none")), RecordUnknown),
        (agency_pb.RevokeRequest(token_id=bytes(15)), ArgumentInvalid),
        (agency_pb.RevokeRequest(key_id="a key"), ArgumentInvalid),
    ],
    ids=["nothing", "short", "certificate", "agency", "unit", "short token id", "key id"],
)
async def test_a_revocation_names_something_that_exists(
    administration: AgencyMethods, request_: agency_pb.RevokeRequest, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await administration.Revoke(by("Revoke"), request_)


def test_codes_come_from_the_random_bytes_alone() -> None:
    assert enrolment_code(bytes) == "AAAAA-AAAAA-AAAAA-AAAAA"
    assert enrolment_code(lambda count: b"\xff" * count) == "77777-77777-77777-77777"


async def test_units_are_listed_by_code_page_by_page(administration: AgencyMethods) -> None:
    await add_units(administration, "b", "a", "c")
    with pytest.raises(RecordExists):
        await add_units(administration, "d", "a")
    pages, after = [], ""
    for _ in range(2):
        request = agency_pb.ListUnitsRequest(agency="bhxh", after_code=after, units_max=2)
        page = body_of(await administration.ListUnits(by("ListUnits"), request))
        pages.append(([unit.code for unit in page.units], page.more))
        after = page.units[-1].code
    assert pages == [(["a", "b"], True), (["c"], False)]
    listed = body_of(await administration.ListAgencies(by("ListAgencies"), agency_pb.ListAgenciesRequest()))
    assert listed.agencies[0].units_count == 3


async def test_a_unit_has_what_its_narrowing_leaves_of_its_agencys_grant(
    store: AgencyStore, administration: AgencyMethods
) -> None:
    await add_units(administration, "01", "02")
    parent = await propose(administration, field_sets=["basic_six"], provinces=["01", "79"])
    await approve(administration, parent)
    wider: list[dict[str, Any]] = [{"fields": ["religion"]}, {"provinces": []}, {"methods": ["PullChanges"]}]
    for wide in wider:
        with pytest.raises(GrantWider) as caught:
            await propose(administration, narrows=parent, unit="01", **({"provinces": ["01"]} | wide))
        assert caught.value.metadata == {"fields": next(iter(wide)), "grant_id": str(parent)}
    with pytest.raises(RecordUnknown):
        await propose(administration, narrows=parent, unit="03")
    with pytest.raises(GrantWider):
        await propose(administration, narrows=parent)
    narrowing = await propose(administration, narrows=parent, unit="01", fields=["name", "birth_date.year"])
    await approve(administration, narrowing)

    view = store.load_view()
    (own,), (other,) = view.grants_at("bhxh", "01", "hq"), view.grants_at("bhxh", "02", "hq")
    assert (own.grant_id, set(own.fields), set(own.provinces)) == (parent, {"name", "birth_date.year"}, {"01"})
    assert own.narrowed_by == (narrowing,)
    assert other == view.agency("bhxh").grants[0]

    # The parent is made smaller: so is what the unit has, in the same moment.
    request = agency_pb.ChangeGrantRequest(grant_id=parent, grant=wanted(fields=["name"], provinces=["79"]))
    answer = await administration.ChangeGrant(by("ChangeGrant"), request)
    await effect(answer)
    await approve(administration, body_of(answer).proposal.proposal_id)
    (own,) = store.load_view().grants_at("bhxh", "01", "hq")
    assert (set(own.methods), set(own.fields)) == (set(), {"name"})


async def test_a_change_is_refused_when_the_grant_was_changed_meanwhile(administration: AgencyMethods) -> None:
    number = await propose(administration)
    await approve(administration, number)
    request = agency_pb.ChangeGrantRequest(grant_id=number, grant=wanted(fields=["number"]))
    answer = await administration.ChangeGrant(by("ChangeGrant"), request)
    await effect(answer)
    ended = await administration.EndGrant(by("EndGrant"), agency_pb.EndGrantRequest(grant_id=number))
    await effect(ended)
    assert body_of(ended).grant.until_time.seconds == NOW
    with pytest.raises(ProposalClosed):
        await approve(administration, body_of(answer).proposal.proposal_id)


async def test_a_rejected_proposal_gives_nothing(store: AgencyStore, administration: AgencyMethods) -> None:
    number = await propose(administration)
    listed = body_of(await administration.ListProposals(by("ListProposals"), agency_pb.ListProposalsRequest()))
    assert [proposal.proposal_id for proposal in listed.proposals] == [number]
    request = agency_pb.RejectGrantRequest(proposal_id=number)
    await effect(await administration.RejectGrant(by("RejectGrant"), request))
    with pytest.raises(ProposalClosed):
        await approve(administration, number)
    assert not store.load_view().agencies["bhxh"].grants
    asked = agency_pb.ListProposalsRequest(state=agency_pb.PROPOSAL_STATE_REJECTED)
    listed = body_of(await administration.ListProposals(by("ListProposals"), asked))
    assert [proposal.decided_by.agency for proposal in listed.proposals] == ["operator"]


async def test_new_fields_of_a_set_are_suggested_and_not_granted(
    store: AgencyStore, administration: AgencyMethods
) -> None:
    held = make_grant(1, fields=["number", "name"])
    store.create_grant("bhxh", replace(held, field_sets=frozenset({"basic_six"}), until_time=NOW + 100))
    store.create_grant("bhxh", make_grant(2, fields=["number"]))
    listed = body_of(await administration.ListProposals(by("ListProposals"), agency_pb.ListProposalsRequest()))
    (suggested,) = listed.proposals
    assert (suggested.proposal_id, suggested.changes) == (0, 1)
    assert suggested.state == agency_pb.PROPOSAL_STATE_SUGGESTED
    assert {"birth_date", "name"} < set(suggested.grant.fields)
    assert store.load_view().agencies["bhxh"].grants[1].fields == {"number", "name"}


async def test_a_proposal_of_another_release_is_not_approved(store: AgencyStore, administration: AgencyMethods) -> None:
    number = await propose(administration)
    later = AgencyMethods(
        store, Catalogue(CATALOGUE.leaves, bytes(32)), frozenset(), lambda: NOW, Threads(), settle_seconds=0
    )
    with pytest.raises(ProposalClosed):
        await approve(later, number)


async def test_one_operator_cannot_enrol_as_another_one(store: AgencyStore, administration: AgencyMethods) -> None:
    for code in ("operator", "operator-second"):
        store.register_agency(code, code, options_pb2.AGENCY_CLASS_OPERATOR, NOW)
    asked = agency_pb.CreateEnrolmentCodeRequest(agency="operator-second")
    await administration.CreateEnrolmentCode(by("CreateEnrolmentCode"), asked)  # the very first certificate
    store.record_credential(principal("operator-second"), NOW)
    with pytest.raises(OperatorForeign):
        await administration.CreateEnrolmentCode(by("CreateEnrolmentCode"), asked)
    await administration.CreateEnrolmentCode(by("CreateEnrolmentCode", "operator-second"), asked)


async def test_a_key_that_is_in_use_is_not_revoked(store: AgencyStore) -> None:
    methods = AgencyMethods(
        store, CATALOGUE, frozenset(), lambda: NOW, Threads(), settle_seconds=0, in_use=lambda: frozenset({"active"})
    )
    with pytest.raises(ArgumentInvalid) as caught:
        await methods.Revoke(by("Revoke"), agency_pb.RevokeRequest(key_id="active"))
    assert [violation.field for violation in caught.value.violations] == ["key_id"]
    await effect(await methods.Revoke(by("Revoke"), agency_pb.RevokeRequest(key_id="retired")))
    assert store.load_view().revoked_keys == {"retired"}
