import datetime

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

class QueryAccessesRequest(_message.Message):
    __slots__ = ("context", "number", "from_time", "to_time", "entries_max", "before_index")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    TO_TIME_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_MAX_FIELD_NUMBER: _ClassVar[int]
    BEFORE_INDEX_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    number: str
    from_time: _timestamp_pb2.Timestamp
    to_time: _timestamp_pb2.Timestamp
    entries_max: int
    before_index: int
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., number: _Optional[str] = ..., from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., to_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., entries_max: _Optional[int] = ..., before_index: _Optional[int] = ...) -> None: ...

class Access(_message.Message):
    __slots__ = ("index", "time", "agency", "method", "purpose", "legal_basis", "allowed", "reason", "call_id", "fields", "case_reference", "unit", "signature")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    CASE_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    index: int
    time: _timestamp_pb2.Timestamp
    agency: str
    method: str
    purpose: str
    legal_basis: str
    allowed: bool
    reason: _reason_pb2.ErrorReason
    call_id: str
    fields: _containers.RepeatedScalarFieldContainer[str]
    case_reference: str
    unit: str
    signature: str
    def __init__(self, index: _Optional[int] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., agency: _Optional[str] = ..., method: _Optional[str] = ..., purpose: _Optional[str] = ..., legal_basis: _Optional[str] = ..., allowed: _Optional[bool] = ..., reason: _Optional[_Union[_reason_pb2.ErrorReason, str]] = ..., call_id: _Optional[str] = ..., fields: _Optional[_Iterable[str]] = ..., case_reference: _Optional[str] = ..., unit: _Optional[str] = ..., signature: _Optional[str] = ...) -> None: ...

class QueryAccessesResponse(_message.Message):
    __slots__ = ("accesses", "current_through_index", "more", "receipt")
    ACCESSES_FIELD_NUMBER: _ClassVar[int]
    CURRENT_THROUGH_INDEX_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    accesses: _containers.RepeatedCompositeFieldContainer[Access]
    current_through_index: int
    more: bool
    receipt: _context_pb2.Receipt
    def __init__(self, accesses: _Optional[_Iterable[_Union[Access, _Mapping]]] = ..., current_through_index: _Optional[int] = ..., more: _Optional[bool] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...
