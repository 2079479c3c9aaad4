"""The agencies of the tests: who they are, what each is granted, why it asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.agency.grants import Grant, Leniency, Quota
from gateway.api.v1 import options_pb2
from gateway.catalogue import Catalogue
from gateway.client import Context
from registry.linked import LINKED
from tests.world import BASIC

SOUTH = "79"


@dataclass(frozen=True, slots=True)
class Member:
    """An agency of the tests: what it is granted, and the context it asks in."""

    agency_class: int
    methods: tuple[str, ...] = ()
    purpose: str = ""
    fields: tuple[str, ...] = ()
    provinces: tuple[str, ...] = ()
    quotas: tuple[Quota, ...] = ()
    verify_fields: tuple[str, ...] = ()
    predicates: tuple[str, ...] = ()
    leniency: int = Leniency.EXACT
    guesses_per_day: int = 0
    pairwise: bool = False
    units: tuple[str, ...] = ()
    own_subjects: bool = False
    signed: bool = False

    @property
    def context(self) -> Context:
        """What the agency states."""
        return Context(self.purpose, "law26/2023:art10", "HS-2026-0001", "officer-17")


_INSURANCE = tuple(f"social_insurance.{field}" for field in ("code", "status", "health_card", "employer_unit"))
_BULK = ("LookUpPerson", "BatchLookUpPersons", "StreamLookUpPersons")
_SYNC = ("LookUpPerson", "Pull", "Push")
_VERIFYING = ("VerifyPerson", "BatchVerifyPersons", "StreamVerifyPersons")
_VERIFIED = (
    *("name", "number", "birth_date", "sex", "nationality", "legacy_number", "permanent_residence", "contact"),
    *("marital_status", "household_number", "social_insurance.code", "social_insurance.health_card"),
    *("enrolment.sector_code", "driver_licence.number", "tax_registration.former_code"),
)
_FINDING = ("LookUpHousehold", "LookUpRelatives", "ResolveNumber", "SearchPersons")
_TOKENED = (*_BULK, "Pull", "Push", *_FINDING, *_VERIFYING)
_STUDIED = (*BASIC, *_INSURANCE, "legacy_number", "identity_documents", "relatives", "household", "contact", "vehicles")
_TOKENED_MEMBER = replace(
    Member(options_pb2.AGENCY_CLASS_SOCIAL_INSURANCE, _TOKENED, "insurance.study", _STUDIED, pairwise=True),
    verify_fields=("name", "number", "household_number"),
    predicates=("same_household",),
)
_FUND = Member(
    options_pb2.AGENCY_CLASS_SOCIAL_INSURANCE,
    (*_BULK, *_VERIFYING, *_FINDING, "Pull", "Push", "EnrolSubjects", "WithdrawSubjects"),
    "insurance.own",
    (*BASIC, *_INSURANCE),
    verify_fields=("name",),
    predicates=("alive", "same_household"),
    guesses_per_day=1000,
    own_subjects=True,
)
"""Serves the people whom it enrolled and sees nobody else."""
AGENCIES: Mapping[str, Member] = {
    "hospital": Member(
        options_pb2.AGENCY_CLASS_HEALTH,
        _BULK,
        "health.admission",
        (*BASIC, "birth_place", "relatives", "household", *_INSURANCE),
        units=("bach-mai", "cho-ray"),
    ),
    "insurance": Member(options_pb2.AGENCY_CLASS_SOCIAL_INSURANCE, _SYNC, "insurance.mirror", (*BASIC, *_INSURANCE)),
    "insurance-south": Member(
        options_pb2.AGENCY_CLASS_SOCIAL_INSURANCE, _SYNC, "insurance.mirror", (*BASIC, *_INSURANCE), (SOUTH,)
    ),
    "province-south": Member(
        options_pb2.AGENCY_CLASS_PROVINCE, (*_BULK, "Pull"), "province.residence", BASIC, (SOUTH,)
    ),
    "carrier": Member(
        options_pb2.AGENCY_CLASS_CARRIER, ("LookUpPerson",), "subscriber.check", ("number", "birth_date.year")
    ),
    "auditor": Member(options_pb2.AGENCY_CLASS_AUDITOR, ("QueryAccesses",), "audit.inspection"),
    "ministry": Member(
        options_pb2.AGENCY_CLASS_MINISTRY,
        ("LookUpPerson", "Pull"),
        "ministry.registers",
        ("number", *sorted(LINKED)[::2]),
    ),
    "family": Member(options_pb2.AGENCY_CLASS_JUSTICE, _FINDING, "justice.family", (*BASIC, "relation_to_head")),
    "family-south": Member(
        options_pb2.AGENCY_CLASS_JUSTICE, _FINDING, "justice.family", (*BASIC, "relation_to_head"), (SOUTH,)
    ),
    "family-wide": Member(
        options_pb2.AGENCY_CLASS_JUSTICE, _FINDING, "justice.family", (*BASIC, "relatives", "household")
    ),
    "bank": Member(
        options_pb2.AGENCY_CLASS_MINISTRY,
        _VERIFYING,
        "customer.identification",
        verify_fields=_VERIFIED,
        predicates=("alive", "age_at_least:18", "resident_of_province", "same_household"),
        guesses_per_day=1000,
    ),
    "bank-south": Member(
        options_pb2.AGENCY_CLASS_MINISTRY,
        _VERIFYING,
        "customer.identification",
        provinces=(SOUTH,),
        verify_fields=("name", "birth_date.year", "legacy_number"),
        predicates=("alive", "same_household"),
        leniency=Leniency.SPELLING,
    ),
    "post": Member(
        options_pb2.AGENCY_CLASS_CARRIER,
        _VERIFYING,
        "subscriber.check",
        verify_fields=_VERIFIED,
        predicates=("alive",),
        leniency=Leniency.LENIENT,
        guesses_per_day=1000,
    ),
    "lender": Member(
        options_pb2.AGENCY_CLASS_MINISTRY,
        _VERIFYING,
        "customer.identification",
        verify_fields=("name", "birth_date"),
        predicates=("alive", "same_household"),
        guesses_per_day=2,
    ),
    "telecom": Member(
        options_pb2.AGENCY_CLASS_CARRIER,
        ("LookUpPerson", "BatchLookUpPersons", "GetUsageStatement"),
        "subscriber.check",
        ("number", "birth_date.year"),
    ),
    "tokened": _TOKENED_MEMBER,
    "tokened-too": _TOKENED_MEMBER,
    "tokened-south": replace(_TOKENED_MEMBER, provinces=(SOUTH,)),
    "notary": Member(
        options_pb2.AGENCY_CLASS_CARRIER,
        ("LookUpPerson", "BatchLookUpPersons"),
        "notary.deed",
        ("number", "name"),
        signed=True,
    ),
    "fund": _FUND,
    "fund-too": _FUND,
    "fund-south": replace(_FUND, provinces=(SOUTH,)),
    "newcomer": Member(options_pb2.AGENCY_CLASS_MINISTRY, (), "statistics"),
}
"""Who asks in the tests. The newcomer is registered and has no grant."""


def grant_of(grant_id: int, member: Member, catalogue: Catalogue, now: float) -> Grant:
    """What the agency is granted, for a day from now (unix seconds)."""
    return Grant(
        grant_id=grant_id,
        methods=frozenset(member.methods),
        purposes={member.purpose: frozenset({member.context.legal_basis})},
        fields=catalogue.resolve(member.fields),
        provinces=frozenset(member.provinces),
        from_time=int(now),
        until_time=int(now) + 86_400,
        contract_digest=catalogue.digest,
        quotas=member.quotas,
        verify_fields=catalogue.resolve(member.verify_fields),
        predicates=frozenset(member.predicates),
        leniency=member.leniency,
        guesses_per_day=member.guesses_per_day,
        own_subjects=member.own_subjects,
        signed=member.signed,
    )
