import datetime

from gateway.api.v1 import context_pb2 as _context_pb2
from gateway.api.v1 import options_pb2 as _options_pb2
from gateway.api.v1 import person_pb2 as _person_pb2
from gateway.api.v1 import reason_pb2 as _reason_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PullKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PULL_KIND_UNSPECIFIED: _ClassVar[PullKind]
    PULL_KIND_SNAPSHOT: _ClassVar[PullKind]
    PULL_KIND_CHANGED: _ClassVar[PullKind]
    PULL_KIND_REMOVED: _ClassVar[PullKind]

class PushOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PUSH_OUTCOME_UNSPECIFIED: _ClassVar[PushOutcome]
    PUSH_OUTCOME_APPLIED: _ClassVar[PushOutcome]
    PUSH_OUTCOME_UNCHANGED: _ClassVar[PushOutcome]
    PUSH_OUTCOME_REFUSED: _ClassVar[PushOutcome]
PULL_KIND_UNSPECIFIED: PullKind
PULL_KIND_SNAPSHOT: PullKind
PULL_KIND_CHANGED: PullKind
PULL_KIND_REMOVED: PullKind
PUSH_OUTCOME_UNSPECIFIED: PushOutcome
PUSH_OUTCOME_APPLIED: PushOutcome
PUSH_OUTCOME_UNCHANGED: PushOutcome
PUSH_OUTCOME_REFUSED: PushOutcome

class PullRequest(_message.Message):
    __slots__ = ("context", "cursor", "field_mask", "people_max")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    FIELD_MASK_FIELD_NUMBER: _ClassVar[int]
    PEOPLE_MAX_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    cursor: bytes
    field_mask: _field_mask_pb2.FieldMask
    people_max: int
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., cursor: _Optional[bytes] = ..., field_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., people_max: _Optional[int] = ...) -> None: ...

class PulledPerson(_message.Message):
    __slots__ = ("kind", "person", "version", "superseded_numbers")
    KIND_FIELD_NUMBER: _ClassVar[int]
    PERSON_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDED_NUMBERS_FIELD_NUMBER: _ClassVar[int]
    kind: PullKind
    person: _person_pb2.Person
    version: int
    superseded_numbers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, kind: _Optional[_Union[PullKind, str]] = ..., person: _Optional[_Union[_person_pb2.Person, _Mapping]] = ..., version: _Optional[int] = ..., superseded_numbers: _Optional[_Iterable[str]] = ...) -> None: ...

class PullResponse(_message.Message):
    __slots__ = ("people", "next_cursor", "current_through_time", "more", "withheld", "receipt")
    PEOPLE_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    CURRENT_THROUGH_TIME_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    people: _containers.RepeatedCompositeFieldContainer[PulledPerson]
    next_cursor: bytes
    current_through_time: _timestamp_pb2.Timestamp
    more: bool
    withheld: _containers.RepeatedCompositeFieldContainer[_context_pb2.WithheldField]
    receipt: _context_pb2.Receipt
    def __init__(self, people: _Optional[_Iterable[_Union[PulledPerson, _Mapping]]] = ..., next_cursor: _Optional[bytes] = ..., current_through_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., more: _Optional[bool] = ..., withheld: _Optional[_Iterable[_Union[_context_pb2.WithheldField, _Mapping]]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class PushRequest(_message.Message):
    __slots__ = ("context", "update_mask", "items")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    update_mask: _field_mask_pb2.FieldMask
    items: _containers.RepeatedCompositeFieldContainer[PushItem]
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., items: _Optional[_Iterable[_Union[PushItem, _Mapping]]] = ...) -> None: ...

class PushItem(_message.Message):
    __slots__ = ("reference", "person")
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    PERSON_FIELD_NUMBER: _ClassVar[int]
    reference: str
    person: _person_pb2.Person
    def __init__(self, reference: _Optional[str] = ..., person: _Optional[_Union[_person_pb2.Person, _Mapping]] = ...) -> None: ...

class PushResult(_message.Message):
    __slots__ = ("reference", "outcome", "reason", "version")
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    reference: str
    outcome: PushOutcome
    reason: _reason_pb2.ErrorReason
    version: int
    def __init__(self, reference: _Optional[str] = ..., outcome: _Optional[_Union[PushOutcome, str]] = ..., reason: _Optional[_Union[_reason_pb2.ErrorReason, str]] = ..., version: _Optional[int] = ...) -> None: ...

class PushResponse(_message.Message):
    __slots__ = ("results", "receipt")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[PushResult]
    receipt: _context_pb2.Receipt
    def __init__(self, results: _Optional[_Iterable[_Union[PushResult, _Mapping]]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...
