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

class MatchLeniency(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MATCH_LENIENCY_UNSPECIFIED: _ClassVar[MatchLeniency]
    MATCH_LENIENCY_EXACT: _ClassVar[MatchLeniency]
    MATCH_LENIENCY_SPELLING: _ClassVar[MatchLeniency]
    MATCH_LENIENCY_LENIENT: _ClassVar[MatchLeniency]
MATCH_LENIENCY_UNSPECIFIED: MatchLeniency
MATCH_LENIENCY_EXACT: MatchLeniency
MATCH_LENIENCY_SPELLING: MatchLeniency
MATCH_LENIENCY_LENIENT: MatchLeniency

class Agency(_message.Message):
    __slots__ = ("code", "name", "agency_class", "revoked", "grants", "credentials", "pairwise")
    CODE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    AGENCY_CLASS_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    CREDENTIALS_FIELD_NUMBER: _ClassVar[int]
    PAIRWISE_FIELD_NUMBER: _ClassVar[int]
    code: str
    name: str
    agency_class: _options_pb2.AgencyClass
    revoked: bool
    grants: _containers.RepeatedCompositeFieldContainer[Grant]
    credentials: _containers.RepeatedCompositeFieldContainer[Credential]
    pairwise: bool
    def __init__(self, code: _Optional[str] = ..., name: _Optional[str] = ..., agency_class: _Optional[_Union[_options_pb2.AgencyClass, str]] = ..., revoked: _Optional[bool] = ..., grants: _Optional[_Iterable[_Union[Grant, _Mapping]]] = ..., credentials: _Optional[_Iterable[_Union[Credential, _Mapping]]] = ..., pairwise: _Optional[bool] = ...) -> None: ...

class GrantedPurpose(_message.Message):
    __slots__ = ("purpose", "legal_bases")
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASES_FIELD_NUMBER: _ClassVar[int]
    purpose: str
    legal_bases: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, purpose: _Optional[str] = ..., legal_bases: _Optional[_Iterable[str]] = ...) -> None: ...

class Grant(_message.Message):
    __slots__ = ("grant_id", "methods", "purposes", "fields", "provinces", "from_time", "until_time", "contract_digest", "verify_fields", "predicates", "leniency", "own_subjects", "quotas", "guesses_per_day")
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
    def __init__(self, grant_id: _Optional[int] = ..., methods: _Optional[_Iterable[str]] = ..., purposes: _Optional[_Iterable[_Union[GrantedPurpose, _Mapping]]] = ..., fields: _Optional[_Iterable[str]] = ..., provinces: _Optional[_Iterable[str]] = ..., from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., contract_digest: _Optional[bytes] = ..., verify_fields: _Optional[_Iterable[str]] = ..., predicates: _Optional[_Iterable[str]] = ..., leniency: _Optional[_Union[MatchLeniency, str]] = ..., own_subjects: _Optional[bool] = ..., quotas: _Optional[_Iterable[_Union[Quota, _Mapping]]] = ..., guesses_per_day: _Optional[int] = ...) -> None: ...

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
    __slots__ = ("thumbprint", "system", "issued_time", "expires_time", "revoked")
    THUMBPRINT_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    ISSUED_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_TIME_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    thumbprint: bytes
    system: str
    issued_time: _timestamp_pb2.Timestamp
    expires_time: _timestamp_pb2.Timestamp
    revoked: bool
    def __init__(self, thumbprint: _Optional[bytes] = ..., system: _Optional[str] = ..., issued_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoked: _Optional[bool] = ...) -> None: ...

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

class CreateEnrolmentCodeRequest(_message.Message):
    __slots__ = ("context", "agency", "system")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    agency: str
    system: str
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., agency: _Optional[str] = ..., system: _Optional[str] = ...) -> None: ...

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
    __slots__ = ("context", "agency", "thumbprint")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    THUMBPRINT_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    agency: str
    thumbprint: bytes
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., agency: _Optional[str] = ..., thumbprint: _Optional[bytes] = ...) -> None: ...

class RevokeResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _context_pb2.Receipt
    def __init__(self, receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

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
