import datetime

from gateway.api.v1 import context_pb2 as _context_pb2
from gateway.api.v1 import options_pb2 as _options_pb2
from gateway.api.v1 import person_pb2 as _person_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LookUpHouseholdRequest(_message.Message):
    __slots__ = ("context", "number", "field_mask", "household_number")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    FIELD_MASK_FIELD_NUMBER: _ClassVar[int]
    HOUSEHOLD_NUMBER_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    number: str
    field_mask: _field_mask_pb2.FieldMask
    household_number: str
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., number: _Optional[str] = ..., field_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., household_number: _Optional[str] = ...) -> None: ...

class FoundPerson(_message.Message):
    __slots__ = ("person", "version")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    person: _person_pb2.Person
    version: int
    def __init__(self, person: _Optional[_Union[_person_pb2.Person, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class LookUpHouseholdResponse(_message.Message):
    __slots__ = ("members", "withheld", "read_time", "more", "receipt")
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    members: _containers.RepeatedCompositeFieldContainer[FoundPerson]
    withheld: _containers.RepeatedCompositeFieldContainer[_context_pb2.WithheldField]
    read_time: _timestamp_pb2.Timestamp
    more: bool
    receipt: _context_pb2.Receipt
    def __init__(self, members: _Optional[_Iterable[_Union[FoundPerson, _Mapping]]] = ..., withheld: _Optional[_Iterable[_Union[_context_pb2.WithheldField, _Mapping]]] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., more: _Optional[bool] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class LookUpRelativesRequest(_message.Message):
    __slots__ = ("context", "number", "field_mask", "kinships")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    FIELD_MASK_FIELD_NUMBER: _ClassVar[int]
    KINSHIPS_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    number: str
    field_mask: _field_mask_pb2.FieldMask
    kinships: _containers.RepeatedScalarFieldContainer[_person_pb2.Kinship]
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., number: _Optional[str] = ..., field_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., kinships: _Optional[_Iterable[_Union[_person_pb2.Kinship, str]]] = ...) -> None: ...

class FoundRelative(_message.Message):
    __slots__ = ("kinships", "person", "version")
    KINSHIPS_FIELD_NUMBER: _ClassVar[int]
    PERSON_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    kinships: _containers.RepeatedScalarFieldContainer[_person_pb2.Kinship]
    person: _person_pb2.Person
    version: int
    def __init__(self, kinships: _Optional[_Iterable[_Union[_person_pb2.Kinship, str]]] = ..., person: _Optional[_Union[_person_pb2.Person, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class LookUpRelativesResponse(_message.Message):
    __slots__ = ("relatives", "withheld", "read_time", "receipt")
    RELATIVES_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    relatives: _containers.RepeatedCompositeFieldContainer[FoundRelative]
    withheld: _containers.RepeatedCompositeFieldContainer[_context_pb2.WithheldField]
    read_time: _timestamp_pb2.Timestamp
    receipt: _context_pb2.Receipt
    def __init__(self, relatives: _Optional[_Iterable[_Union[FoundRelative, _Mapping]]] = ..., withheld: _Optional[_Iterable[_Union[_context_pb2.WithheldField, _Mapping]]] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...
