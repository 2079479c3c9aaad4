import datetime

from gateway.api.v1 import context_pb2 as _context_pb2
from gateway.api.v1 import options_pb2 as _options_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProposalState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROPOSAL_STATE_UNSPECIFIED: _ClassVar[ProposalState]
    PROPOSAL_STATE_OPEN: _ClassVar[ProposalState]
    PROPOSAL_STATE_APPROVED: _ClassVar[ProposalState]
    PROPOSAL_STATE_REJECTED: _ClassVar[ProposalState]
    PROPOSAL_STATE_SUGGESTED: _ClassVar[ProposalState]

class RevocationTarget(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REVOCATION_TARGET_UNSPECIFIED: _ClassVar[RevocationTarget]
    REVOCATION_TARGET_AGENCY: _ClassVar[RevocationTarget]
    REVOCATION_TARGET_UNIT: _ClassVar[RevocationTarget]
    REVOCATION_TARGET_CERTIFICATE: _ClassVar[RevocationTarget]
    REVOCATION_TARGET_TOKEN: _ClassVar[RevocationTarget]
    REVOCATION_TARGET_KEY: _ClassVar[RevocationTarget]

class MatchLeniency(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MATCH_LENIENCY_UNSPECIFIED: _ClassVar[MatchLeniency]
    MATCH_LENIENCY_EXACT: _ClassVar[MatchLeniency]
    MATCH_LENIENCY_SPELLING: _ClassVar[MatchLeniency]
    MATCH_LENIENCY_LENIENT: _ClassVar[MatchLeniency]
PROPOSAL_STATE_UNSPECIFIED: ProposalState
PROPOSAL_STATE_OPEN: ProposalState
PROPOSAL_STATE_APPROVED: ProposalState
PROPOSAL_STATE_REJECTED: ProposalState
PROPOSAL_STATE_SUGGESTED: ProposalState
REVOCATION_TARGET_UNSPECIFIED: RevocationTarget
REVOCATION_TARGET_AGENCY: RevocationTarget
REVOCATION_TARGET_UNIT: RevocationTarget
REVOCATION_TARGET_CERTIFICATE: RevocationTarget
REVOCATION_TARGET_TOKEN: RevocationTarget
REVOCATION_TARGET_KEY: RevocationTarget
MATCH_LENIENCY_UNSPECIFIED: MatchLeniency
MATCH_LENIENCY_EXACT: MatchLeniency
MATCH_LENIENCY_SPELLING: MatchLeniency
MATCH_LENIENCY_LENIENT: MatchLeniency

class Agency(_message.Message):
    __slots__ = ("code", "name", "agency_class", "revoked", "grants", "credentials", "pairwise", "units_count", "narrowings")
    CODE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    AGENCY_CLASS_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    CREDENTIALS_FIELD_NUMBER: _ClassVar[int]
    PAIRWISE_FIELD_NUMBER: _ClassVar[int]
    UNITS_COUNT_FIELD_NUMBER: _ClassVar[int]
    NARROWINGS_FIELD_NUMBER: _ClassVar[int]
    code: str
    name: str
    agency_class: _options_pb2.AgencyClass
    revoked: bool
    grants: _containers.RepeatedCompositeFieldContainer[Grant]
    credentials: _containers.RepeatedCompositeFieldContainer[Credential]
    pairwise: bool
    units_count: int
    narrowings: _containers.RepeatedCompositeFieldContainer[Grant]
    def __init__(self, code: _Optional[str] = ..., name: _Optional[str] = ..., agency_class: _Optional[_Union[_options_pb2.AgencyClass, str]] = ..., revoked: _Optional[bool] = ..., grants: _Optional[_Iterable[_Union[Grant, _Mapping]]] = ..., credentials: _Optional[_Iterable[_Union[Credential, _Mapping]]] = ..., pairwise: _Optional[bool] = ..., units_count: _Optional[int] = ..., narrowings: _Optional[_Iterable[_Union[Grant, _Mapping]]] = ...) -> None: ...

class Unit(_message.Message):
    __slots__ = ("code", "name", "revoked")
    CODE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    code: str
    name: str
    revoked: bool
    def __init__(self, code: _Optional[str] = ..., name: _Optional[str] = ..., revoked: _Optional[bool] = ...) -> None: ...

class GrantedPurpose(_message.Message):
    __slots__ = ("purpose", "legal_bases")
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASES_FIELD_NUMBER: _ClassVar[int]
    purpose: str
    legal_bases: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, purpose: _Optional[str] = ..., legal_bases: _Optional[_Iterable[str]] = ...) -> None: ...

class Grant(_message.Message):
    __slots__ = ("grant_id", "methods", "purposes", "fields", "provinces", "from_time", "until_time", "contract_digest", "verify_fields", "predicates", "leniency", "own_subjects", "quotas", "guesses_per_day", "field_sets", "verify_field_sets", "narrows", "unit", "system", "narrowed_by", "signed")
    GRANT_ID_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    PURPOSES_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    PROVINCES_FIELD_NUMBER: _ClassVar[int]
    FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    UNTIL_TIME_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    VERIFY_FIELDS_FIELD_NUMBER: _ClassVar[int]
    PREDICATES_FIELD_NUMBER: _ClassVar[int]
    LENIENCY_FIELD_NUMBER: _ClassVar[int]
    OWN_SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    QUOTAS_FIELD_NUMBER: _ClassVar[int]
    GUESSES_PER_DAY_FIELD_NUMBER: _ClassVar[int]
    FIELD_SETS_FIELD_NUMBER: _ClassVar[int]
    VERIFY_FIELD_SETS_FIELD_NUMBER: _ClassVar[int]
    NARROWS_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    NARROWED_BY_FIELD_NUMBER: _ClassVar[int]
    SIGNED_FIELD_NUMBER: _ClassVar[int]
    grant_id: int
    methods: _containers.RepeatedScalarFieldContainer[str]
    purposes: _containers.RepeatedCompositeFieldContainer[GrantedPurpose]
    fields: _containers.RepeatedScalarFieldContainer[str]
    provinces: _containers.RepeatedScalarFieldContainer[str]
    from_time: _timestamp_pb2.Timestamp
    until_time: _timestamp_pb2.Timestamp
    contract_digest: bytes
    verify_fields: _containers.RepeatedScalarFieldContainer[str]
    predicates: _containers.RepeatedScalarFieldContainer[str]
    leniency: MatchLeniency
    own_subjects: bool
    quotas: _containers.RepeatedCompositeFieldContainer[Quota]
    guesses_per_day: int
    field_sets: _containers.RepeatedScalarFieldContainer[str]
    verify_field_sets: _containers.RepeatedScalarFieldContainer[str]
    narrows: int
    unit: str
    system: str
    narrowed_by: _containers.RepeatedScalarFieldContainer[int]
    signed: bool
    def __init__(self, grant_id: _Optional[int] = ..., methods: _Optional[_Iterable[str]] = ..., purposes: _Optional[_Iterable[_Union[GrantedPurpose, _Mapping]]] = ..., fields: _Optional[_Iterable[str]] = ..., provinces: _Optional[_Iterable[str]] = ..., from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., contract_digest: _Optional[bytes] = ..., verify_fields: _Optional[_Iterable[str]] = ..., predicates: _Optional[_Iterable[str]] = ..., leniency: _Optional[_Union[MatchLeniency, str]] = ..., own_subjects: _Optional[bool] = ..., quotas: _Optional[_Iterable[_Union[Quota, _Mapping]]] = ..., guesses_per_day: _Optional[int] = ..., field_sets: _Optional[_Iterable[str]] = ..., verify_field_sets: _Optional[_Iterable[str]] = ..., narrows: _Optional[int] = ..., unit: _Optional[str] = ..., system: _Optional[str] = ..., narrowed_by: _Optional[_Iterable[int]] = ..., signed: _Optional[bool] = ...) -> None: ...

class Actor(_message.Message):
    __slots__ = ("agency", "unit", "system", "officer", "case_reference", "call_id")
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    OFFICER_FIELD_NUMBER: _ClassVar[int]
    CASE_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    agency: str
    unit: str
    system: str
    officer: str
    case_reference: str
    call_id: str
    def __init__(self, agency: _Optional[str] = ..., unit: _Optional[str] = ..., system: _Optional[str] = ..., officer: _Optional[str] = ..., case_reference: _Optional[str] = ..., call_id: _Optional[str] = ...) -> None: ...

class GrantProposal(_message.Message):
    __slots__ = ("proposal_id", "agency", "grant", "changes", "state", "proposed_by", "proposed_time", "decided_by", "decided_time")
    PROPOSAL_ID_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_BY_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_TIME_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    DECIDED_TIME_FIELD_NUMBER: _ClassVar[int]
    proposal_id: int
    agency: str
    grant: Grant
    changes: int
    state: ProposalState
    proposed_by: Actor
    proposed_time: _timestamp_pb2.Timestamp
    decided_by: Actor
    decided_time: _timestamp_pb2.Timestamp
    def __init__(self, proposal_id: _Optional[int] = ..., agency: _Optional[str] = ..., grant: _Optional[_Union[Grant, _Mapping]] = ..., changes: _Optional[int] = ..., state: _Optional[_Union[ProposalState, str]] = ..., proposed_by: _Optional[_Union[Actor, _Mapping]] = ..., proposed_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., decided_by: _Optional[_Union[Actor, _Mapping]] = ..., decided_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class UnitName(_message.Message):
    __slots__ = ("agency", "unit")
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    agency: str
    unit: str
    def __init__(self, agency: _Optional[str] = ..., unit: _Optional[str] = ...) -> None: ...

class Revocation(_message.Message):
    __slots__ = ("target", "value", "revoked_time", "revoked_by")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    REVOKED_TIME_FIELD_NUMBER: _ClassVar[int]
    REVOKED_BY_FIELD_NUMBER: _ClassVar[int]
    target: RevocationTarget
    value: str
    revoked_time: _timestamp_pb2.Timestamp
    revoked_by: Actor
    def __init__(self, target: _Optional[_Union[RevocationTarget, str]] = ..., value: _Optional[str] = ..., revoked_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoked_by: _Optional[_Union[Actor, _Mapping]] = ...) -> None: ...

class Act(_message.Message):
    __slots__ = ("number", "time", "actor", "kind", "subject", "record")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    number: int
    time: _timestamp_pb2.Timestamp
    actor: Actor
    kind: str
    subject: str
    record: str
    def __init__(self, number: _Optional[int] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actor: _Optional[_Union[Actor, _Mapping]] = ..., kind: _Optional[str] = ..., subject: _Optional[str] = ..., record: _Optional[str] = ...) -> None: ...

class Quota(_message.Message):
    __slots__ = ("method", "calls_per_second", "calls_burst", "people_per_day", "calls_at_once", "streams_at_once")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    CALLS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    CALLS_BURST_FIELD_NUMBER: _ClassVar[int]
    PEOPLE_PER_DAY_FIELD_NUMBER: _ClassVar[int]
    CALLS_AT_ONCE_FIELD_NUMBER: _ClassVar[int]
    STREAMS_AT_ONCE_FIELD_NUMBER: _ClassVar[int]
    method: str
    calls_per_second: int
    calls_burst: int
    people_per_day: int
    calls_at_once: int
    streams_at_once: int
    def __init__(self, method: _Optional[str] = ..., calls_per_second: _Optional[int] = ..., calls_burst: _Optional[int] = ..., people_per_day: _Optional[int] = ..., calls_at_once: _Optional[int] = ..., streams_at_once: _Optional[int] = ...) -> None: ...

class Credential(_message.Message):
    __slots__ = ("thumbprint", "system", "issued_time", "expires_time", "revoked", "unit")
    THUMBPRINT_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    ISSUED_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_TIME_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    thumbprint: bytes
    system: str
    issued_time: _timestamp_pb2.Timestamp
    expires_time: _timestamp_pb2.Timestamp
    revoked: bool
    unit: str
    def __init__(self, thumbprint: _Optional[bytes] = ..., system: _Optional[str] = ..., issued_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoked: _Optional[bool] = ..., unit: _Optional[str] = ...) -> None: ...

class RegisterAgencyRequest(_message.Message):
    __slots__ = ("context", "agency")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    agency: Agency
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., agency: _Optional[_Union[Agency, _Mapping]] = ...) -> None: ...

class RegisterAgencyResponse(_message.Message):
    __slots__ = ("agency", "receipt")
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    agency: Agency
    receipt: _context_pb2.Receipt
    def __init__(self, agency: _Optional[_Union[Agency, _Mapping]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class RegisterUnitsRequest(_message.Message):
    __slots__ = ("context", "agency", "units")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    agency: str
    units: _containers.RepeatedCompositeFieldContainer[Unit]
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., agency: _Optional[str] = ..., units: _Optional[_Iterable[_Union[Unit, _Mapping]]] = ...) -> None: ...

class RegisterUnitsResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _context_pb2.Receipt
    def __init__(self, receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class ListUnitsRequest(_message.Message):
    __slots__ = ("context", "agency", "after_code", "units_max")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    AFTER_CODE_FIELD_NUMBER: _ClassVar[int]
    UNITS_MAX_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    agency: str
    after_code: str
    units_max: int
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., agency: _Optional[str] = ..., after_code: _Optional[str] = ..., units_max: _Optional[int] = ...) -> None: ...

class ListUnitsResponse(_message.Message):
    __slots__ = ("units", "more", "receipt")
    UNITS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    units: _containers.RepeatedCompositeFieldContainer[Unit]
    more: bool
    receipt: _context_pb2.Receipt
    def __init__(self, units: _Optional[_Iterable[_Union[Unit, _Mapping]]] = ..., more: _Optional[bool] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class CreateGrantRequest(_message.Message):
    __slots__ = ("context", "agency", "grant")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    agency: str
    grant: Grant
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., agency: _Optional[str] = ..., grant: _Optional[_Union[Grant, _Mapping]] = ...) -> None: ...

class CreateGrantResponse(_message.Message):
    __slots__ = ("grant", "receipt")
    GRANT_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    grant: Grant
    receipt: _context_pb2.Receipt
    def __init__(self, grant: _Optional[_Union[Grant, _Mapping]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class ChangeGrantRequest(_message.Message):
    __slots__ = ("context", "grant_id", "grant")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    GRANT_ID_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    grant_id: int
    grant: Grant
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., grant_id: _Optional[int] = ..., grant: _Optional[_Union[Grant, _Mapping]] = ...) -> None: ...

class ChangeGrantResponse(_message.Message):
    __slots__ = ("proposal", "receipt")
    PROPOSAL_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    proposal: GrantProposal
    receipt: _context_pb2.Receipt
    def __init__(self, proposal: _Optional[_Union[GrantProposal, _Mapping]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class ApproveGrantRequest(_message.Message):
    __slots__ = ("context", "proposal_id")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    PROPOSAL_ID_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    proposal_id: int
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., proposal_id: _Optional[int] = ...) -> None: ...

class ApproveGrantResponse(_message.Message):
    __slots__ = ("proposal", "receipt")
    PROPOSAL_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    proposal: GrantProposal
    receipt: _context_pb2.Receipt
    def __init__(self, proposal: _Optional[_Union[GrantProposal, _Mapping]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class RejectGrantRequest(_message.Message):
    __slots__ = ("context", "proposal_id")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    PROPOSAL_ID_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    proposal_id: int
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., proposal_id: _Optional[int] = ...) -> None: ...

class RejectGrantResponse(_message.Message):
    __slots__ = ("proposal", "receipt")
    PROPOSAL_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    proposal: GrantProposal
    receipt: _context_pb2.Receipt
    def __init__(self, proposal: _Optional[_Union[GrantProposal, _Mapping]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class EndGrantRequest(_message.Message):
    __slots__ = ("context", "grant_id")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    GRANT_ID_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    grant_id: int
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., grant_id: _Optional[int] = ...) -> None: ...

class EndGrantResponse(_message.Message):
    __slots__ = ("grant", "receipt")
    GRANT_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    grant: Grant
    receipt: _context_pb2.Receipt
    def __init__(self, grant: _Optional[_Union[Grant, _Mapping]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class ListProposalsRequest(_message.Message):
    __slots__ = ("context", "state", "agency", "before_id", "proposals_max")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    BEFORE_ID_FIELD_NUMBER: _ClassVar[int]
    PROPOSALS_MAX_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    state: ProposalState
    agency: str
    before_id: int
    proposals_max: int
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., state: _Optional[_Union[ProposalState, str]] = ..., agency: _Optional[str] = ..., before_id: _Optional[int] = ..., proposals_max: _Optional[int] = ...) -> None: ...

class ListProposalsResponse(_message.Message):
    __slots__ = ("proposals", "more", "receipt")
    PROPOSALS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    proposals: _containers.RepeatedCompositeFieldContainer[GrantProposal]
    more: bool
    receipt: _context_pb2.Receipt
    def __init__(self, proposals: _Optional[_Iterable[_Union[GrantProposal, _Mapping]]] = ..., more: _Optional[bool] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class CreateEnrolmentCodeRequest(_message.Message):
    __slots__ = ("context", "agency", "system", "unit")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    agency: str
    system: str
    unit: str
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., agency: _Optional[str] = ..., system: _Optional[str] = ..., unit: _Optional[str] = ...) -> None: ...

class CreateEnrolmentCodeResponse(_message.Message):
    __slots__ = ("code", "expires_time", "receipt")
    CODE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_TIME_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    code: str
    expires_time: _timestamp_pb2.Timestamp
    receipt: _context_pb2.Receipt
    def __init__(self, code: _Optional[str] = ..., expires_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class RevokeRequest(_message.Message):
    __slots__ = ("context", "agency", "thumbprint", "unit", "token_id", "key_id")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    THUMBPRINT_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    agency: str
    thumbprint: bytes
    unit: UnitName
    token_id: bytes
    key_id: str
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., agency: _Optional[str] = ..., thumbprint: _Optional[bytes] = ..., unit: _Optional[_Union[UnitName, _Mapping]] = ..., token_id: _Optional[bytes] = ..., key_id: _Optional[str] = ...) -> None: ...

class RevokeResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _context_pb2.Receipt
    def __init__(self, receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class LiftRevocationRequest(_message.Message):
    __slots__ = ("context", "agency", "thumbprint", "unit", "token_id", "key_id")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    THUMBPRINT_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    agency: str
    thumbprint: bytes
    unit: UnitName
    token_id: bytes
    key_id: str
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., agency: _Optional[str] = ..., thumbprint: _Optional[bytes] = ..., unit: _Optional[_Union[UnitName, _Mapping]] = ..., token_id: _Optional[bytes] = ..., key_id: _Optional[str] = ...) -> None: ...

class LiftRevocationResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _context_pb2.Receipt
    def __init__(self, receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class ListRevocationsRequest(_message.Message):
    __slots__ = ("context",)
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ...) -> None: ...

class ListRevocationsResponse(_message.Message):
    __slots__ = ("revocations", "more", "receipt")
    REVOCATIONS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    revocations: _containers.RepeatedCompositeFieldContainer[Revocation]
    more: bool
    receipt: _context_pb2.Receipt
    def __init__(self, revocations: _Optional[_Iterable[_Union[Revocation, _Mapping]]] = ..., more: _Optional[bool] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class ListActsRequest(_message.Message):
    __slots__ = ("context", "after_number", "acts_max")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    AFTER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    ACTS_MAX_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    after_number: int
    acts_max: int
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., after_number: _Optional[int] = ..., acts_max: _Optional[int] = ...) -> None: ...

class ListActsResponse(_message.Message):
    __slots__ = ("acts", "more", "receipt")
    ACTS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    acts: _containers.RepeatedCompositeFieldContainer[Act]
    more: bool
    receipt: _context_pb2.Receipt
    def __init__(self, acts: _Optional[_Iterable[_Union[Act, _Mapping]]] = ..., more: _Optional[bool] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class ListAgenciesRequest(_message.Message):
    __slots__ = ("context", "after_code", "agencies_max")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    AFTER_CODE_FIELD_NUMBER: _ClassVar[int]
    AGENCIES_MAX_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    after_code: str
    agencies_max: int
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., after_code: _Optional[str] = ..., agencies_max: _Optional[int] = ...) -> None: ...

class ListAgenciesResponse(_message.Message):
    __slots__ = ("agencies", "more", "receipt")
    AGENCIES_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    agencies: _containers.RepeatedCompositeFieldContainer[Agency]
    more: bool
    receipt: _context_pb2.Receipt
    def __init__(self, agencies: _Optional[_Iterable[_Union[Agency, _Mapping]]] = ..., more: _Optional[bool] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...
