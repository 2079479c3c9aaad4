import datetime

from gateway.api.v1 import agency_service_pb2 as _agency_service_pb2
from gateway.api.v1 import context_pb2 as _context_pb2
from gateway.api.v1 import options_pb2 as _options_pb2
from gateway.api.v1 import reason_pb2 as _reason_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListFieldHoldersRequest(_message.Message):
    __slots__ = ("context", "field")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    field: str
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., field: _Optional[str] = ...) -> None: ...

class FieldHolder(_message.Message):
    __slots__ = ("agency", "grant_id", "unit", "system", "seen", "verified", "purposes", "provinces", "until_time", "own_subjects")
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    GRANT_ID_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    SEEN_FIELD_NUMBER: _ClassVar[int]
    VERIFIED_FIELD_NUMBER: _ClassVar[int]
    PURPOSES_FIELD_NUMBER: _ClassVar[int]
    PROVINCES_FIELD_NUMBER: _ClassVar[int]
    UNTIL_TIME_FIELD_NUMBER: _ClassVar[int]
    OWN_SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    agency: str
    grant_id: int
    unit: str
    system: str
    seen: _containers.RepeatedScalarFieldContainer[str]
    verified: _containers.RepeatedScalarFieldContainer[str]
    purposes: _containers.RepeatedScalarFieldContainer[str]
    provinces: _containers.RepeatedScalarFieldContainer[str]
    until_time: _timestamp_pb2.Timestamp
    own_subjects: bool
    def __init__(self, agency: _Optional[str] = ..., grant_id: _Optional[int] = ..., unit: _Optional[str] = ..., system: _Optional[str] = ..., seen: _Optional[_Iterable[str]] = ..., verified: _Optional[_Iterable[str]] = ..., purposes: _Optional[_Iterable[str]] = ..., provinces: _Optional[_Iterable[str]] = ..., until_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., own_subjects: _Optional[bool] = ...) -> None: ...

class ListFieldHoldersResponse(_message.Message):
    __slots__ = ("holders", "receipt")
    HOLDERS_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    holders: _containers.RepeatedCompositeFieldContainer[FieldHolder]
    receipt: _context_pb2.Receipt
    def __init__(self, holders: _Optional[_Iterable[_Union[FieldHolder, _Mapping]]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class PreviewCallRequest(_message.Message):
    __slots__ = ("context", "agency", "unit", "system", "method", "purpose", "legal_basis", "fields", "province")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    PROVINCE_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    agency: str
    unit: str
    system: str
    method: str
    purpose: str
    legal_basis: str
    fields: _containers.RepeatedScalarFieldContainer[str]
    province: str
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., agency: _Optional[str] = ..., unit: _Optional[str] = ..., system: _Optional[str] = ..., method: _Optional[str] = ..., purpose: _Optional[str] = ..., legal_basis: _Optional[str] = ..., fields: _Optional[_Iterable[str]] = ..., province: _Optional[str] = ...) -> None: ...

class PreviewCallResponse(_message.Message):
    __slots__ = ("allowed", "reason", "grant_id", "grant", "disclosed", "withheld", "receipt")
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    GRANT_ID_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    DISCLOSED_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    allowed: bool
    reason: _reason_pb2.ErrorReason
    grant_id: int
    grant: _agency_service_pb2.Grant
    disclosed: _containers.RepeatedScalarFieldContainer[str]
    withheld: _containers.RepeatedScalarFieldContainer[str]
    receipt: _context_pb2.Receipt
    def __init__(self, allowed: _Optional[bool] = ..., reason: _Optional[_Union[_reason_pb2.ErrorReason, str]] = ..., grant_id: _Optional[int] = ..., grant: _Optional[_Union[_agency_service_pb2.Grant, _Mapping]] = ..., disclosed: _Optional[_Iterable[str]] = ..., withheld: _Optional[_Iterable[str]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class ListUnusedRightsRequest(_message.Message):
    __slots__ = ("context", "days", "agency")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    days: int
    agency: str
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., days: _Optional[int] = ..., agency: _Optional[str] = ...) -> None: ...

class UnusedRight(_message.Message):
    __slots__ = ("agency", "grant_id", "purposes", "methods", "fields")
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    GRANT_ID_FIELD_NUMBER: _ClassVar[int]
    PURPOSES_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    agency: str
    grant_id: int
    purposes: _containers.RepeatedScalarFieldContainer[str]
    methods: _containers.RepeatedScalarFieldContainer[str]
    fields: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, agency: _Optional[str] = ..., grant_id: _Optional[int] = ..., purposes: _Optional[_Iterable[str]] = ..., methods: _Optional[_Iterable[str]] = ..., fields: _Optional[_Iterable[str]] = ...) -> None: ...

class ListUnusedRightsResponse(_message.Message):
    __slots__ = ("rights", "entries_count", "from_time", "complete", "receipt")
    RIGHTS_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_COUNT_FIELD_NUMBER: _ClassVar[int]
    FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    rights: _containers.RepeatedCompositeFieldContainer[UnusedRight]
    entries_count: int
    from_time: _timestamp_pb2.Timestamp
    complete: bool
    receipt: _context_pb2.Receipt
    def __init__(self, rights: _Optional[_Iterable[_Union[UnusedRight, _Mapping]]] = ..., entries_count: _Optional[int] = ..., from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., complete: _Optional[bool] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class ListExpiringGrantsRequest(_message.Message):
    __slots__ = ("context", "days")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    days: int
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., days: _Optional[int] = ...) -> None: ...

class ExpiringGrant(_message.Message):
    __slots__ = ("agency", "grant")
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    agency: str
    grant: _agency_service_pb2.Grant
    def __init__(self, agency: _Optional[str] = ..., grant: _Optional[_Union[_agency_service_pb2.Grant, _Mapping]] = ...) -> None: ...

class ListExpiringGrantsResponse(_message.Message):
    __slots__ = ("grants", "receipt")
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    grants: _containers.RepeatedCompositeFieldContainer[ExpiringGrant]
    receipt: _context_pb2.Receipt
    def __init__(self, grants: _Optional[_Iterable[_Union[ExpiringGrant, _Mapping]]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...
