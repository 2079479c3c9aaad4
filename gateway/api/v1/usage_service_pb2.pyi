from gateway.api.v1 import context_pb2 as _context_pb2
from gateway.api.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetUsageStatementRequest(_message.Message):
    __slots__ = ("context", "agency", "month", "from_index")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    MONTH_FIELD_NUMBER: _ClassVar[int]
    FROM_INDEX_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    agency: str
    month: str
    from_index: int
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., agency: _Optional[str] = ..., month: _Optional[str] = ..., from_index: _Optional[int] = ...) -> None: ...

class MethodUsage(_message.Message):
    __slots__ = ("unit", "method", "calls", "people")
    UNIT_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    PEOPLE_FIELD_NUMBER: _ClassVar[int]
    unit: str
    method: str
    calls: int
    people: int
    def __init__(self, unit: _Optional[str] = ..., method: _Optional[str] = ..., calls: _Optional[int] = ..., people: _Optional[int] = ...) -> None: ...

class FieldUsage(_message.Message):
    __slots__ = ("unit", "method", "path", "people")
    UNIT_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    PEOPLE_FIELD_NUMBER: _ClassVar[int]
    unit: str
    method: str
    path: str
    people: int
    def __init__(self, unit: _Optional[str] = ..., method: _Optional[str] = ..., path: _Optional[str] = ..., people: _Optional[int] = ...) -> None: ...

class GetUsageStatementResponse(_message.Message):
    __slots__ = ("methods", "fields", "details_unreadable", "next_index", "more", "dong_per_field", "tariff_source", "receipt")
    METHODS_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    DETAILS_UNREADABLE_FIELD_NUMBER: _ClassVar[int]
    NEXT_INDEX_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    DONG_PER_FIELD_FIELD_NUMBER: _ClassVar[int]
    TARIFF_SOURCE_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    methods: _containers.RepeatedCompositeFieldContainer[MethodUsage]
    fields: _containers.RepeatedCompositeFieldContainer[FieldUsage]
    details_unreadable: int
    next_index: int
    more: bool
    dong_per_field: int
    tariff_source: str
    receipt: _context_pb2.Receipt
    def __init__(self, methods: _Optional[_Iterable[_Union[MethodUsage, _Mapping]]] = ..., fields: _Optional[_Iterable[_Union[FieldUsage, _Mapping]]] = ..., details_unreadable: _Optional[int] = ..., next_index: _Optional[int] = ..., more: _Optional[bool] = ..., dong_per_field: _Optional[int] = ..., tariff_source: _Optional[str] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...
