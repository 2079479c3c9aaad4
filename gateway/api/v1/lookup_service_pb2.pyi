import datetime

from gateway.api.v1 import context_pb2 as _context_pb2
from gateway.api.v1 import finding_pb2 as _finding_pb2
from gateway.api.v1 import options_pb2 as _options_pb2
from gateway.api.v1 import person_pb2 as _person_pb2
from gateway.api.v1 import reason_pb2 as _reason_pb2
from gateway.api.v1 import verification_pb2 as _verification_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LookUpPersonRequest(_message.Message):
    __slots__ = ("context", "number", "field_mask")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    FIELD_MASK_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    number: str
    field_mask: _field_mask_pb2.FieldMask
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., number: _Optional[str] = ..., field_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class LookUpPersonResponse(_message.Message):
    __slots__ = ("person", "withheld", "read_time", "version", "number_superseded", "sources", "receipt")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    NUMBER_SUPERSEDED_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    person: _person_pb2.Person
    withheld: _containers.RepeatedCompositeFieldContainer[_context_pb2.WithheldField]
    read_time: _timestamp_pb2.Timestamp
    version: int
    number_superseded: bool
    sources: _containers.RepeatedCompositeFieldContainer[_context_pb2.DatasetSource]
    receipt: _context_pb2.Receipt
    def __init__(self, person: _Optional[_Union[_person_pb2.Person, _Mapping]] = ..., withheld: _Optional[_Iterable[_Union[_context_pb2.WithheldField, _Mapping]]] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[int] = ..., number_superseded: _Optional[bool] = ..., sources: _Optional[_Iterable[_Union[_context_pb2.DatasetSource, _Mapping]]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class BatchLookUpPersonsRequest(_message.Message):
    __slots__ = ("context", "field_mask", "items", "numbers")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    FIELD_MASK_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    field_mask: _field_mask_pb2.FieldMask
    items: _containers.RepeatedCompositeFieldContainer[LookUpItem]
    numbers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., field_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., items: _Optional[_Iterable[_Union[LookUpItem, _Mapping]]] = ..., numbers: _Optional[_Iterable[str]] = ...) -> None: ...

class LookUpItem(_message.Message):
    __slots__ = ("number", "reference")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    number: str
    reference: str
    def __init__(self, number: _Optional[str] = ..., reference: _Optional[str] = ...) -> None: ...

class BatchLookUpPersonsResponse(_message.Message):
    __slots__ = ("results", "withheld", "read_time", "sources", "people_count", "receipt")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    PEOPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[LookUpResult]
    withheld: _containers.RepeatedCompositeFieldContainer[_context_pb2.WithheldField]
    read_time: _timestamp_pb2.Timestamp
    sources: _containers.RepeatedCompositeFieldContainer[_context_pb2.DatasetSource]
    people_count: int
    receipt: _context_pb2.Receipt
    def __init__(self, results: _Optional[_Iterable[_Union[LookUpResult, _Mapping]]] = ..., withheld: _Optional[_Iterable[_Union[_context_pb2.WithheldField, _Mapping]]] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sources: _Optional[_Iterable[_Union[_context_pb2.DatasetSource, _Mapping]]] = ..., people_count: _Optional[int] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class LookUpResult(_message.Message):
    __slots__ = ("person", "version", "number_superseded", "reason", "reference")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    NUMBER_SUPERSEDED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    person: _person_pb2.Person
    version: int
    number_superseded: bool
    reason: _reason_pb2.ErrorReason
    reference: str
    def __init__(self, person: _Optional[_Union[_person_pb2.Person, _Mapping]] = ..., version: _Optional[int] = ..., number_superseded: _Optional[bool] = ..., reason: _Optional[_Union[_reason_pb2.ErrorReason, str]] = ..., reference: _Optional[str] = ...) -> None: ...

class StreamLookUpPersonsRequest(_message.Message):
    __slots__ = ("batch", "call_id")
    BATCH_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    batch: BatchLookUpPersonsRequest
    call_id: str
    def __init__(self, batch: _Optional[_Union[BatchLookUpPersonsRequest, _Mapping]] = ..., call_id: _Optional[str] = ...) -> None: ...

class StreamLookUpPersonsResponse(_message.Message):
    __slots__ = ("batch", "refusal", "sequence", "call_id")
    BATCH_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    batch: BatchLookUpPersonsResponse
    refusal: _status_pb2.Status
    sequence: int
    call_id: str
    def __init__(self, batch: _Optional[_Union[BatchLookUpPersonsResponse, _Mapping]] = ..., refusal: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., sequence: _Optional[int] = ..., call_id: _Optional[str] = ...) -> None: ...
