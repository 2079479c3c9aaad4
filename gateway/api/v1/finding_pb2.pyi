import datetime

from gateway.api.v1 import context_pb2 as _context_pb2
from gateway.api.v1 import options_pb2 as _options_pb2
from gateway.api.v1 import person_pb2 as _person_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.type import date_pb2 as _date_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NumberKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NUMBER_KIND_UNSPECIFIED: _ClassVar[NumberKind]
    NUMBER_KIND_PERSONAL: _ClassVar[NumberKind]
    NUMBER_KIND_LEGACY_CARD: _ClassVar[NumberKind]
    NUMBER_KIND_SOCIAL_INSURANCE: _ClassVar[NumberKind]
    NUMBER_KIND_TAX: _ClassVar[NumberKind]

class MatchReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MATCH_REASON_UNSPECIFIED: _ClassVar[MatchReason]
    MATCH_REASON_NAME: _ClassVar[MatchReason]
    MATCH_REASON_NAME_UNMARKED: _ClassVar[MatchReason]
    MATCH_REASON_NAME_MARKS: _ClassVar[MatchReason]
    MATCH_REASON_NAME_ORDER: _ClassVar[MatchReason]
    MATCH_REASON_NAME_MIDDLE: _ClassVar[MatchReason]
    MATCH_REASON_NAME_SIMILAR: _ClassVar[MatchReason]
    MATCH_REASON_BIRTH: _ClassVar[MatchReason]
    MATCH_REASON_BIRTH_PARTIAL: _ClassVar[MatchReason]
    MATCH_REASON_BIRTH_EXCHANGED: _ClassVar[MatchReason]
    MATCH_REASON_BIRTH_NEAR: _ClassVar[MatchReason]
    MATCH_REASON_BIRTH_YEAR: _ClassVar[MatchReason]
    MATCH_REASON_PLACE: _ClassVar[MatchReason]
    MATCH_REASON_PLACE_PROVINCE: _ClassVar[MatchReason]
    MATCH_REASON_FATHER: _ClassVar[MatchReason]
    MATCH_REASON_MOTHER: _ClassVar[MatchReason]
NUMBER_KIND_UNSPECIFIED: NumberKind
NUMBER_KIND_PERSONAL: NumberKind
NUMBER_KIND_LEGACY_CARD: NumberKind
NUMBER_KIND_SOCIAL_INSURANCE: NumberKind
NUMBER_KIND_TAX: NumberKind
MATCH_REASON_UNSPECIFIED: MatchReason
MATCH_REASON_NAME: MatchReason
MATCH_REASON_NAME_UNMARKED: MatchReason
MATCH_REASON_NAME_MARKS: MatchReason
MATCH_REASON_NAME_ORDER: MatchReason
MATCH_REASON_NAME_MIDDLE: MatchReason
MATCH_REASON_NAME_SIMILAR: MatchReason
MATCH_REASON_BIRTH: MatchReason
MATCH_REASON_BIRTH_PARTIAL: MatchReason
MATCH_REASON_BIRTH_EXCHANGED: MatchReason
MATCH_REASON_BIRTH_NEAR: MatchReason
MATCH_REASON_BIRTH_YEAR: MatchReason
MATCH_REASON_PLACE: MatchReason
MATCH_REASON_PLACE_PROVINCE: MatchReason
MATCH_REASON_FATHER: MatchReason
MATCH_REASON_MOTHER: MatchReason

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
    __slots__ = ("members", "withheld", "read_time", "more", "sources", "receipt")
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    members: _containers.RepeatedCompositeFieldContainer[FoundPerson]
    withheld: _containers.RepeatedCompositeFieldContainer[_context_pb2.WithheldField]
    read_time: _timestamp_pb2.Timestamp
    more: bool
    sources: _containers.RepeatedCompositeFieldContainer[_context_pb2.DatasetSource]
    receipt: _context_pb2.Receipt
    def __init__(self, members: _Optional[_Iterable[_Union[FoundPerson, _Mapping]]] = ..., withheld: _Optional[_Iterable[_Union[_context_pb2.WithheldField, _Mapping]]] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., more: _Optional[bool] = ..., sources: _Optional[_Iterable[_Union[_context_pb2.DatasetSource, _Mapping]]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

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
    __slots__ = ("relatives", "withheld", "read_time", "sources", "receipt")
    RELATIVES_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    relatives: _containers.RepeatedCompositeFieldContainer[FoundRelative]
    withheld: _containers.RepeatedCompositeFieldContainer[_context_pb2.WithheldField]
    read_time: _timestamp_pb2.Timestamp
    sources: _containers.RepeatedCompositeFieldContainer[_context_pb2.DatasetSource]
    receipt: _context_pb2.Receipt
    def __init__(self, relatives: _Optional[_Iterable[_Union[FoundRelative, _Mapping]]] = ..., withheld: _Optional[_Iterable[_Union[_context_pb2.WithheldField, _Mapping]]] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sources: _Optional[_Iterable[_Union[_context_pb2.DatasetSource, _Mapping]]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class ResolveNumberRequest(_message.Message):
    __slots__ = ("context", "number", "field_mask", "kind")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    FIELD_MASK_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    number: str
    field_mask: _field_mask_pb2.FieldMask
    kind: NumberKind
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., number: _Optional[str] = ..., field_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., kind: _Optional[_Union[NumberKind, str]] = ...) -> None: ...

class ResolveNumberResponse(_message.Message):
    __slots__ = ("person", "withheld", "read_time", "sources", "version", "kinds", "receipt")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    person: _person_pb2.Person
    withheld: _containers.RepeatedCompositeFieldContainer[_context_pb2.WithheldField]
    read_time: _timestamp_pb2.Timestamp
    sources: _containers.RepeatedCompositeFieldContainer[_context_pb2.DatasetSource]
    version: int
    kinds: _containers.RepeatedScalarFieldContainer[NumberKind]
    receipt: _context_pb2.Receipt
    def __init__(self, person: _Optional[_Union[_person_pb2.Person, _Mapping]] = ..., withheld: _Optional[_Iterable[_Union[_context_pb2.WithheldField, _Mapping]]] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sources: _Optional[_Iterable[_Union[_context_pb2.DatasetSource, _Mapping]]] = ..., version: _Optional[int] = ..., kinds: _Optional[_Iterable[_Union[NumberKind, str]]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class SearchPersonsRequest(_message.Message):
    __slots__ = ("context", "name", "field_mask", "birth_date", "first_birth_year", "last_birth_year", "sex", "commune_code", "former_commune_code", "province_code", "former_province_code", "father_name", "mother_name")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    FIELD_MASK_FIELD_NUMBER: _ClassVar[int]
    BIRTH_DATE_FIELD_NUMBER: _ClassVar[int]
    FIRST_BIRTH_YEAR_FIELD_NUMBER: _ClassVar[int]
    LAST_BIRTH_YEAR_FIELD_NUMBER: _ClassVar[int]
    SEX_FIELD_NUMBER: _ClassVar[int]
    COMMUNE_CODE_FIELD_NUMBER: _ClassVar[int]
    FORMER_COMMUNE_CODE_FIELD_NUMBER: _ClassVar[int]
    PROVINCE_CODE_FIELD_NUMBER: _ClassVar[int]
    FORMER_PROVINCE_CODE_FIELD_NUMBER: _ClassVar[int]
    FATHER_NAME_FIELD_NUMBER: _ClassVar[int]
    MOTHER_NAME_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    name: str
    field_mask: _field_mask_pb2.FieldMask
    birth_date: _date_pb2.Date
    first_birth_year: int
    last_birth_year: int
    sex: _person_pb2.Sex
    commune_code: str
    former_commune_code: str
    province_code: str
    former_province_code: str
    father_name: str
    mother_name: str
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., name: _Optional[str] = ..., field_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., birth_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., first_birth_year: _Optional[int] = ..., last_birth_year: _Optional[int] = ..., sex: _Optional[_Union[_person_pb2.Sex, str]] = ..., commune_code: _Optional[str] = ..., former_commune_code: _Optional[str] = ..., province_code: _Optional[str] = ..., former_province_code: _Optional[str] = ..., father_name: _Optional[str] = ..., mother_name: _Optional[str] = ...) -> None: ...

class FoundCandidate(_message.Message):
    __slots__ = ("person", "version", "score", "reasons")
    PERSON_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    person: _person_pb2.Person
    version: int
    score: int
    reasons: _containers.RepeatedScalarFieldContainer[MatchReason]
    def __init__(self, person: _Optional[_Union[_person_pb2.Person, _Mapping]] = ..., version: _Optional[int] = ..., score: _Optional[int] = ..., reasons: _Optional[_Iterable[_Union[MatchReason, str]]] = ...) -> None: ...

class SearchPersonsResponse(_message.Message):
    __slots__ = ("candidates", "withheld", "read_time", "sources", "receipt")
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    candidates: _containers.RepeatedCompositeFieldContainer[FoundCandidate]
    withheld: _containers.RepeatedCompositeFieldContainer[_context_pb2.WithheldField]
    read_time: _timestamp_pb2.Timestamp
    sources: _containers.RepeatedCompositeFieldContainer[_context_pb2.DatasetSource]
    receipt: _context_pb2.Receipt
    def __init__(self, candidates: _Optional[_Iterable[_Union[FoundCandidate, _Mapping]]] = ..., withheld: _Optional[_Iterable[_Union[_context_pb2.WithheldField, _Mapping]]] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sources: _Optional[_Iterable[_Union[_context_pb2.DatasetSource, _Mapping]]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...
