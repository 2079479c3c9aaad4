import datetime

from gateway.api.v1 import options_pb2 as _options_pb2
from gateway.api.v1 import reason_pb2 as _reason_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RequestContext(_message.Message):
    __slots__ = ("purpose", "legal_basis", "case_reference", "officer")
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    CASE_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    OFFICER_FIELD_NUMBER: _ClassVar[int]
    purpose: str
    legal_basis: str
    case_reference: str
    officer: str
    def __init__(self, purpose: _Optional[str] = ..., legal_basis: _Optional[str] = ..., case_reference: _Optional[str] = ..., officer: _Optional[str] = ...) -> None: ...

class WithheldField(_message.Message):
    __slots__ = ("path", "reason")
    PATH_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    path: str
    reason: _reason_pb2.ErrorReason
    def __init__(self, path: _Optional[str] = ..., reason: _Optional[_Union[_reason_pb2.ErrorReason, str]] = ...) -> None: ...

class DatasetSource(_message.Message):
    __slots__ = ("dataset", "owner", "read_time")
    DATASET_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    dataset: _options_pb2.Dataset
    owner: _options_pb2.AgencyClass
    read_time: _timestamp_pb2.Timestamp
    def __init__(self, dataset: _Optional[_Union[_options_pb2.Dataset, str]] = ..., owner: _Optional[_Union[_options_pb2.AgencyClass, str]] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Receipt(_message.Message):
    __slots__ = ("origin", "index", "leaf_hash", "commit_first", "commit_count", "path", "signature", "key_id")
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    LEAF_HASH_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIRST_FIELD_NUMBER: _ClassVar[int]
    COMMIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    origin: str
    index: int
    leaf_hash: bytes
    commit_first: int
    commit_count: int
    path: _containers.RepeatedScalarFieldContainer[bytes]
    signature: bytes
    key_id: int
    def __init__(self, origin: _Optional[str] = ..., index: _Optional[int] = ..., leaf_hash: _Optional[bytes] = ..., commit_first: _Optional[int] = ..., commit_count: _Optional[int] = ..., path: _Optional[_Iterable[bytes]] = ..., signature: _Optional[bytes] = ..., key_id: _Optional[int] = ...) -> None: ...
