import datetime

from gateway.api.v1 import context_pb2 as _context_pb2
from gateway.api.v1 import finding_pb2 as _finding_pb2
from gateway.api.v1 import options_pb2 as _options_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_MATCH: _ClassVar[Verdict]
    VERDICT_MISMATCH: _ClassVar[Verdict]
    VERDICT_ABSENT: _ClassVar[Verdict]
    VERDICT_WITHHELD: _ClassVar[Verdict]
    VERDICT_UNREADABLE: _ClassVar[Verdict]
    VERDICT_CLOSE_PUNCTUATION: _ClassVar[Verdict]
    VERDICT_CLOSE_APOSTROPHE: _ClassVar[Verdict]
    VERDICT_CLOSE_STROKE: _ClassVar[Verdict]
    VERDICT_CLOSE_TONE_PLACEMENT: _ClassVar[Verdict]
    VERDICT_CLOSE_I_OR_Y: _ClassVar[Verdict]
    VERDICT_CLOSE_TONE_MISPLACED: _ClassVar[Verdict]
    VERDICT_CLOSE_WORD_ORDER: _ClassVar[Verdict]
    VERDICT_CLOSE_DIACRITICS_MISSING: _ClassVar[Verdict]
    VERDICT_CLOSE_MIDDLE_NAME_MISSING: _ClassVar[Verdict]
    VERDICT_CLOSE_MIDDLE_NAME_ABBREVIATED: _ClassVar[Verdict]
    VERDICT_CLOSE_WORDS_JOINED: _ClassVar[Verdict]
    VERDICT_CLOSE_DATE_PARTIAL: _ClassVar[Verdict]
    VERDICT_CLOSE_DATE_PLACEHOLDER: _ClassVar[Verdict]
    VERDICT_CLOSE_DATE_SWAPPED: _ClassVar[Verdict]
    VERDICT_CLOSE_NUMBER_SUPERSEDED: _ClassVar[Verdict]
    VERDICT_CLOSE_PHONE_FORMER_PREFIX: _ClassVar[Verdict]
    VERDICT_CLOSE_ADDRESS_WRITING: _ClassVar[Verdict]
    VERDICT_CLOSE_ADDRESS_UNIT_WORDS: _ClassVar[Verdict]
    VERDICT_CLOSE_UNIT_SUCCEEDED: _ClassVar[Verdict]

class PersonOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PERSON_OUTCOME_UNSPECIFIED: _ClassVar[PersonOutcome]
    PERSON_OUTCOME_FOUND: _ClassVar[PersonOutcome]
    PERSON_OUTCOME_ABSENT: _ClassVar[PersonOutcome]
    PERSON_OUTCOME_UNREADABLE: _ClassVar[PersonOutcome]
    PERSON_OUTCOME_QUOTA_EXHAUSTED: _ClassVar[PersonOutcome]
    PERSON_OUTCOME_AMBIGUOUS: _ClassVar[PersonOutcome]
    PERSON_OUTCOME_WITHHELD: _ClassVar[PersonOutcome]

class YesNo(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    YES_NO_UNSPECIFIED: _ClassVar[YesNo]
    YES_NO_YES: _ClassVar[YesNo]
    YES_NO_NO: _ClassVar[YesNo]
    YES_NO_UNKNOWN: _ClassVar[YesNo]
    YES_NO_WITHHELD: _ClassVar[YesNo]
    YES_NO_UNREADABLE: _ClassVar[YesNo]
VERDICT_UNSPECIFIED: Verdict
VERDICT_MATCH: Verdict
VERDICT_MISMATCH: Verdict
VERDICT_ABSENT: Verdict
VERDICT_WITHHELD: Verdict
VERDICT_UNREADABLE: Verdict
VERDICT_CLOSE_PUNCTUATION: Verdict
VERDICT_CLOSE_APOSTROPHE: Verdict
VERDICT_CLOSE_STROKE: Verdict
VERDICT_CLOSE_TONE_PLACEMENT: Verdict
VERDICT_CLOSE_I_OR_Y: Verdict
VERDICT_CLOSE_TONE_MISPLACED: Verdict
VERDICT_CLOSE_WORD_ORDER: Verdict
VERDICT_CLOSE_DIACRITICS_MISSING: Verdict
VERDICT_CLOSE_MIDDLE_NAME_MISSING: Verdict
VERDICT_CLOSE_MIDDLE_NAME_ABBREVIATED: Verdict
VERDICT_CLOSE_WORDS_JOINED: Verdict
VERDICT_CLOSE_DATE_PARTIAL: Verdict
VERDICT_CLOSE_DATE_PLACEHOLDER: Verdict
VERDICT_CLOSE_DATE_SWAPPED: Verdict
VERDICT_CLOSE_NUMBER_SUPERSEDED: Verdict
VERDICT_CLOSE_PHONE_FORMER_PREFIX: Verdict
VERDICT_CLOSE_ADDRESS_WRITING: Verdict
VERDICT_CLOSE_ADDRESS_UNIT_WORDS: Verdict
VERDICT_CLOSE_UNIT_SUCCEEDED: Verdict
PERSON_OUTCOME_UNSPECIFIED: PersonOutcome
PERSON_OUTCOME_FOUND: PersonOutcome
PERSON_OUTCOME_ABSENT: PersonOutcome
PERSON_OUTCOME_UNREADABLE: PersonOutcome
PERSON_OUTCOME_QUOTA_EXHAUSTED: PersonOutcome
PERSON_OUTCOME_AMBIGUOUS: PersonOutcome
PERSON_OUTCOME_WITHHELD: PersonOutcome
YES_NO_UNSPECIFIED: YesNo
YES_NO_YES: YesNo
YES_NO_NO: YesNo
YES_NO_UNKNOWN: YesNo
YES_NO_WITHHELD: YesNo
YES_NO_UNREADABLE: YesNo

class VerifyPersonRequest(_message.Message):
    __slots__ = ("context", "number", "card_text", "claims", "questions", "kind")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CARD_TEXT_FIELD_NUMBER: _ClassVar[int]
    CLAIMS_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    number: str
    card_text: str
    claims: _containers.RepeatedCompositeFieldContainer[Claim]
    questions: _containers.RepeatedCompositeFieldContainer[Question]
    kind: _finding_pb2.NumberKind
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., number: _Optional[str] = ..., card_text: _Optional[str] = ..., claims: _Optional[_Iterable[_Union[Claim, _Mapping]]] = ..., questions: _Optional[_Iterable[_Union[Question, _Mapping]]] = ..., kind: _Optional[_Union[_finding_pb2.NumberKind, str]] = ...) -> None: ...

class Claim(_message.Message):
    __slots__ = ("path", "value")
    PATH_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    path: str
    value: str
    def __init__(self, path: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class Question(_message.Message):
    __slots__ = ("predicate", "value")
    PREDICATE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    predicate: str
    value: str
    def __init__(self, predicate: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class VerifyPersonResponse(_message.Message):
    __slots__ = ("outcome", "verdicts", "answers", "withheld", "read_time", "rules_version", "sources", "receipt")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    RULES_VERSION_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    outcome: PersonOutcome
    verdicts: _containers.RepeatedCompositeFieldContainer[ClaimVerdict]
    answers: _containers.RepeatedCompositeFieldContainer[QuestionAnswer]
    withheld: _containers.RepeatedCompositeFieldContainer[_context_pb2.WithheldField]
    read_time: _timestamp_pb2.Timestamp
    rules_version: int
    sources: _containers.RepeatedCompositeFieldContainer[_context_pb2.DatasetSource]
    receipt: _context_pb2.Receipt
    def __init__(self, outcome: _Optional[_Union[PersonOutcome, str]] = ..., verdicts: _Optional[_Iterable[_Union[ClaimVerdict, _Mapping]]] = ..., answers: _Optional[_Iterable[_Union[QuestionAnswer, _Mapping]]] = ..., withheld: _Optional[_Iterable[_Union[_context_pb2.WithheldField, _Mapping]]] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., rules_version: _Optional[int] = ..., sources: _Optional[_Iterable[_Union[_context_pb2.DatasetSource, _Mapping]]] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class ClaimVerdict(_message.Message):
    __slots__ = ("path", "verdict")
    PATH_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    path: str
    verdict: Verdict
    def __init__(self, path: _Optional[str] = ..., verdict: _Optional[_Union[Verdict, str]] = ...) -> None: ...

class QuestionAnswer(_message.Message):
    __slots__ = ("predicate", "answer")
    PREDICATE_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    predicate: str
    answer: YesNo
    def __init__(self, predicate: _Optional[str] = ..., answer: _Optional[_Union[YesNo, str]] = ...) -> None: ...

class BatchVerifyPersonsRequest(_message.Message):
    __slots__ = ("context", "numbers", "card_texts", "claims", "questions", "kind")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    CARD_TEXTS_FIELD_NUMBER: _ClassVar[int]
    CLAIMS_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.RequestContext
    numbers: _containers.RepeatedScalarFieldContainer[str]
    card_texts: _containers.RepeatedScalarFieldContainer[str]
    claims: _containers.RepeatedCompositeFieldContainer[ClaimColumn]
    questions: _containers.RepeatedCompositeFieldContainer[QuestionColumn]
    kind: _finding_pb2.NumberKind
    def __init__(self, context: _Optional[_Union[_context_pb2.RequestContext, _Mapping]] = ..., numbers: _Optional[_Iterable[str]] = ..., card_texts: _Optional[_Iterable[str]] = ..., claims: _Optional[_Iterable[_Union[ClaimColumn, _Mapping]]] = ..., questions: _Optional[_Iterable[_Union[QuestionColumn, _Mapping]]] = ..., kind: _Optional[_Union[_finding_pb2.NumberKind, str]] = ...) -> None: ...

class ClaimColumn(_message.Message):
    __slots__ = ("path", "values")
    PATH_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    path: str
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, path: _Optional[str] = ..., values: _Optional[_Iterable[str]] = ...) -> None: ...

class QuestionColumn(_message.Message):
    __slots__ = ("predicate", "values")
    PREDICATE_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    predicate: str
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, predicate: _Optional[str] = ..., values: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchVerifyPersonsResponse(_message.Message):
    __slots__ = ("paths", "outcomes", "verdicts", "answers", "withheld", "read_time", "rules_version", "sources", "people_count", "receipt")
    PATHS_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    RULES_VERSION_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    PEOPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    paths: _containers.RepeatedScalarFieldContainer[str]
    outcomes: bytes
    verdicts: bytes
    answers: bytes
    withheld: _containers.RepeatedCompositeFieldContainer[_context_pb2.WithheldField]
    read_time: _timestamp_pb2.Timestamp
    rules_version: int
    sources: _containers.RepeatedCompositeFieldContainer[_context_pb2.DatasetSource]
    people_count: int
    receipt: _context_pb2.Receipt
    def __init__(self, paths: _Optional[_Iterable[str]] = ..., outcomes: _Optional[bytes] = ..., verdicts: _Optional[bytes] = ..., answers: _Optional[bytes] = ..., withheld: _Optional[_Iterable[_Union[_context_pb2.WithheldField, _Mapping]]] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., rules_version: _Optional[int] = ..., sources: _Optional[_Iterable[_Union[_context_pb2.DatasetSource, _Mapping]]] = ..., people_count: _Optional[int] = ..., receipt: _Optional[_Union[_context_pb2.Receipt, _Mapping]] = ...) -> None: ...

class StreamVerifyPersonsRequest(_message.Message):
    __slots__ = ("batch", "call_id")
    BATCH_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    batch: BatchVerifyPersonsRequest
    call_id: str
    def __init__(self, batch: _Optional[_Union[BatchVerifyPersonsRequest, _Mapping]] = ..., call_id: _Optional[str] = ...) -> None: ...

class StreamVerifyPersonsResponse(_message.Message):
    __slots__ = ("batch", "refusal", "sequence", "call_id")
    BATCH_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    batch: BatchVerifyPersonsResponse
    refusal: _status_pb2.Status
    sequence: int
    call_id: str
    def __init__(self, batch: _Optional[_Union[BatchVerifyPersonsResponse, _Mapping]] = ..., refusal: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., sequence: _Optional[int] = ..., call_id: _Optional[str] = ...) -> None: ...
