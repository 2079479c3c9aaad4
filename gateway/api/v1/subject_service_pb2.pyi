from gateway.api.v1 import context_pb2 as _context_pb2
from gateway.api.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EnrolSubjectsRequest(_message.Message):
    __slots__ = ("context", "numbers")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    numbers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., numbers: _Optional[_Iterable[str]] = ...) -> None: ...

class EnrolSubjectsResponse(_message.Message):
    __slots__ = ("numbers_count", "receipt")
    NUMBERS_COUNT_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    numbers_count: int
    receipt: _context_pb2.Receipt
    def __init__(self, numbers_count: _Optional[int] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class WithdrawSubjectsRequest(_message.Message):
    __slots__ = ("context", "numbers")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    numbers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., numbers: _Optional[_Iterable[str]] = ...) -> None: ...

class WithdrawSubjectsResponse(_message.Message):
    __slots__ = ("numbers_count", "receipt")
    NUMBERS_COUNT_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    numbers_count: int
    receipt: _context_pb2.Receipt
    def __init__(self, numbers_count: _Optional[int] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...
