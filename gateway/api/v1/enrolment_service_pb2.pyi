import datetime

from gateway.api.v1 import context_pb2 as _context_pb2
from gateway.api.v1 import options_pb2 as _options_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EnrolRequest(_message.Message):
    __slots__ = ("code", "csr")
    CODE_FIELD_NUMBER: _ClassVar[int]
    CSR_FIELD_NUMBER: _ClassVar[int]
    code: str
    csr: bytes
    def __init__(self, code: _Optional[str] = ..., csr: _Optional[bytes] = ...) -> None: ...

class EnrolResponse(_message.Message):
    __slots__ = ("certificate_chain", "trust_bundle", "expires_time", "agency", "receipt")
    CERTIFICATE_CHAIN_FIELD_NUMBER: _ClassVar[int]
    TRUST_BUNDLE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_TIME_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    certificate_chain: str
    trust_bundle: TrustBundle
    expires_time: _timestamp_pb2.Timestamp
    agency: str
    receipt: _context_pb2.Receipt
    def __init__(self, certificate_chain: _Optional[str] = ..., trust_bundle: _Optional[_Union[TrustBundle, _Mapping]] = ..., expires_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., agency: _Optional[str] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class RenewCertificateRequest(_message.Message):
    __slots__ = ("certificate", "csr", "signed_time", "signature")
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    CSR_FIELD_NUMBER: _ClassVar[int]
    SIGNED_TIME_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    certificate: bytes
    csr: bytes
    signed_time: _timestamp_pb2.Timestamp
    signature: bytes
    def __init__(self, certificate: _Optional[bytes] = ..., csr: _Optional[bytes] = ..., signed_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., signature: _Optional[bytes] = ...) -> None: ...

class RenewCertificateResponse(_message.Message):
    __slots__ = ("certificate_chain", "trust_bundle", "expires_time", "superseded_time", "server_time", "receipt")
    CERTIFICATE_CHAIN_FIELD_NUMBER: _ClassVar[int]
    TRUST_BUNDLE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_TIME_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDED_TIME_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    certificate_chain: str
    trust_bundle: TrustBundle
    expires_time: _timestamp_pb2.Timestamp
    superseded_time: _timestamp_pb2.Timestamp
    server_time: _timestamp_pb2.Timestamp
    receipt: _context_pb2.Receipt
    def __init__(self, certificate_chain: _Optional[str] = ..., trust_bundle: _Optional[_Union[TrustBundle, _Mapping]] = ..., expires_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., superseded_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class TrustBundle(_message.Message):
    __slots__ = ("root_certificates", "log_origin", "log_verifier", "receipt_verifier", "trust_domain", "receipt_verifiers")
    ROOT_CERTIFICATES_FIELD_NUMBER: _ClassVar[int]
    LOG_ORIGIN_FIELD_NUMBER: _ClassVar[int]
    LOG_VERIFIER_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_VERIFIER_FIELD_NUMBER: _ClassVar[int]
    TRUST_DOMAIN_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_VERIFIERS_FIELD_NUMBER: _ClassVar[int]
    root_certificates: str
    log_origin: str
    log_verifier: str
    receipt_verifier: str
    trust_domain: str
    receipt_verifiers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, root_certificates: _Optional[str] = ..., log_origin: _Optional[str] = ..., log_verifier: _Optional[str] = ..., receipt_verifier: _Optional[str] = ..., trust_domain: _Optional[str] = ..., receipt_verifiers: _Optional[_Iterable[str]] = ...) -> None: ...

class GetTrustBundleRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetTrustBundleResponse(_message.Message):
    __slots__ = ("trust_bundle", "server_time")
    TRUST_BUNDLE_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    trust_bundle: TrustBundle
    server_time: _timestamp_pb2.Timestamp
    def __init__(self, trust_bundle: _Optional[_Union[TrustBundle, _Mapping]] = ..., server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
