import datetime

from gateway.api.v1 import context_pb2 as _context_pb2
from gateway.api.v1 import options_pb2 as _options_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RecordKeyRotationRequest(_message.Message):
    __slots__ = ("context", "kind", "name", "effective_time")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    kind: str
    name: str
    effective_time: _timestamp_pb2.Timestamp
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., kind: _Optional[str] = ..., name: _Optional[str] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RecordKeyRotationResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _context_pb2.Receipt
    def __init__(self, receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...
