from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Dataset(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DATASET_UNSPECIFIED: _ClassVar[Dataset]
    DATASET_IDENTITY: _ClassVar[Dataset]
    DATASET_RESIDENCE: _ClassVar[Dataset]
    DATASET_HOUSEHOLD: _ClassVar[Dataset]
    DATASET_DOCUMENTS: _ClassVar[Dataset]
    DATASET_FAMILY: _ClassVar[Dataset]
    DATASET_CIVIL_STATUS: _ClassVar[Dataset]
    DATASET_CONTACT: _ClassVar[Dataset]
    DATASET_SOCIAL_INSURANCE: _ClassVar[Dataset]
    DATASET_HEALTH_INSURANCE: _ClassVar[Dataset]
    DATASET_VACCINATION: _ClassVar[Dataset]
    DATASET_EDUCATION: _ClassVar[Dataset]
    DATASET_PUBLIC_POST: _ClassVar[Dataset]
    DATASET_DRIVER_LICENCE: _ClassVar[Dataset]
    DATASET_VEHICLE: _ClassVar[Dataset]
    DATASET_MOBILE: _ClassVar[Dataset]
    DATASET_TAX: _ClassVar[Dataset]
    DATASET_BUSINESS: _ClassVar[Dataset]
    DATASET_LAND: _ClassVar[Dataset]
    DATASET_PASSPORT: _ClassVar[Dataset]
    DATASET_ELECTRONIC_IDENTITY: _ClassVar[Dataset]
    DATASET_PORTAL: _ClassVar[Dataset]

class AgencyClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AGENCY_CLASS_UNSPECIFIED: _ClassVar[AgencyClass]
    AGENCY_CLASS_POLICE: _ClassVar[AgencyClass]
    AGENCY_CLASS_JUSTICE: _ClassVar[AgencyClass]
    AGENCY_CLASS_SOCIAL_INSURANCE: _ClassVar[AgencyClass]
    AGENCY_CLASS_HEALTH: _ClassVar[AgencyClass]
    AGENCY_CLASS_PROVINCE: _ClassVar[AgencyClass]
    AGENCY_CLASS_MINISTRY: _ClassVar[AgencyClass]
    AGENCY_CLASS_CARRIER: _ClassVar[AgencyClass]
    AGENCY_CLASS_FINANCE: _ClassVar[AgencyClass]
    AGENCY_CLASS_LAND: _ClassVar[AgencyClass]
    AGENCY_CLASS_EDUCATION: _ClassVar[AgencyClass]
    AGENCY_CLASS_HOME_AFFAIRS: _ClassVar[AgencyClass]
    AGENCY_CLASS_PORTAL: _ClassVar[AgencyClass]
    AGENCY_CLASS_CREDIT: _ClassVar[AgencyClass]
    AGENCY_CLASS_OTHER: _ClassVar[AgencyClass]
    AGENCY_CLASS_AUDITOR: _ClassVar[AgencyClass]
    AGENCY_CLASS_OPERATOR: _ClassVar[AgencyClass]

class Sensitivity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SENSITIVITY_UNSPECIFIED: _ClassVar[Sensitivity]
    SENSITIVITY_BASIC: _ClassVar[Sensitivity]
    SENSITIVITY_PERSONAL: _ClassVar[Sensitivity]
    SENSITIVITY_SENSITIVE: _ClassVar[Sensitivity]

class Listener(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LISTENER_UNSPECIFIED: _ClassVar[Listener]
    LISTENER_AGENCY: _ClassVar[Listener]
    LISTENER_ENROLMENT: _ClassVar[Listener]

class AuditRule(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUDIT_RULE_UNSPECIFIED: _ClassVar[AuditRule]
    AUDIT_RULE_DISCLOSURE: _ClassVar[AuditRule]
    AUDIT_RULE_WRITE: _ClassVar[AuditRule]
    AUDIT_RULE_ADMINISTRATION: _ClassVar[AuditRule]
    AUDIT_RULE_CREDENTIAL: _ClassVar[AuditRule]
    AUDIT_RULE_NONE: _ClassVar[AuditRule]

class QuotaClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUOTA_CLASS_UNSPECIFIED: _ClassVar[QuotaClass]
    QUOTA_CLASS_PEOPLE: _ClassVar[QuotaClass]
    QUOTA_CLASS_WRITES: _ClassVar[QuotaClass]
    QUOTA_CLASS_CONTROL: _ClassVar[QuotaClass]

class SignatureRule(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIGNATURE_RULE_UNSPECIFIED: _ClassVar[SignatureRule]
    SIGNATURE_RULE_REGISTERED_KEY: _ClassVar[SignatureRule]
    SIGNATURE_RULE_INTRODUCED_KEY: _ClassVar[SignatureRule]
DATASET_UNSPECIFIED: Dataset
DATASET_IDENTITY: Dataset
DATASET_RESIDENCE: Dataset
DATASET_HOUSEHOLD: Dataset
DATASET_DOCUMENTS: Dataset
DATASET_FAMILY: Dataset
DATASET_CIVIL_STATUS: Dataset
DATASET_CONTACT: Dataset
DATASET_SOCIAL_INSURANCE: Dataset
DATASET_HEALTH_INSURANCE: Dataset
DATASET_VACCINATION: Dataset
DATASET_EDUCATION: Dataset
DATASET_PUBLIC_POST: Dataset
DATASET_DRIVER_LICENCE: Dataset
DATASET_VEHICLE: Dataset
DATASET_MOBILE: Dataset
DATASET_TAX: Dataset
DATASET_BUSINESS: Dataset
DATASET_LAND: Dataset
DATASET_PASSPORT: Dataset
DATASET_ELECTRONIC_IDENTITY: Dataset
DATASET_PORTAL: Dataset
AGENCY_CLASS_UNSPECIFIED: AgencyClass
AGENCY_CLASS_POLICE: AgencyClass
AGENCY_CLASS_JUSTICE: AgencyClass
AGENCY_CLASS_SOCIAL_INSURANCE: AgencyClass
AGENCY_CLASS_HEALTH: AgencyClass
AGENCY_CLASS_PROVINCE: AgencyClass
AGENCY_CLASS_MINISTRY: AgencyClass
AGENCY_CLASS_CARRIER: AgencyClass
AGENCY_CLASS_FINANCE: AgencyClass
AGENCY_CLASS_LAND: AgencyClass
AGENCY_CLASS_EDUCATION: AgencyClass
AGENCY_CLASS_HOME_AFFAIRS: AgencyClass
AGENCY_CLASS_PORTAL: AgencyClass
AGENCY_CLASS_CREDIT: AgencyClass
AGENCY_CLASS_OTHER: AgencyClass
AGENCY_CLASS_AUDITOR: AgencyClass
AGENCY_CLASS_OPERATOR: AgencyClass
SENSITIVITY_UNSPECIFIED: Sensitivity
SENSITIVITY_BASIC: Sensitivity
SENSITIVITY_PERSONAL: Sensitivity
SENSITIVITY_SENSITIVE: Sensitivity
LISTENER_UNSPECIFIED: Listener
LISTENER_AGENCY: Listener
LISTENER_ENROLMENT: Listener
AUDIT_RULE_UNSPECIFIED: AuditRule
AUDIT_RULE_DISCLOSURE: AuditRule
AUDIT_RULE_WRITE: AuditRule
AUDIT_RULE_ADMINISTRATION: AuditRule
AUDIT_RULE_CREDENTIAL: AuditRule
AUDIT_RULE_NONE: AuditRule
QUOTA_CLASS_UNSPECIFIED: QuotaClass
QUOTA_CLASS_PEOPLE: QuotaClass
QUOTA_CLASS_WRITES: QuotaClass
QUOTA_CLASS_CONTROL: QuotaClass
SIGNATURE_RULE_UNSPECIFIED: SignatureRule
SIGNATURE_RULE_REGISTERED_KEY: SignatureRule
SIGNATURE_RULE_INTRODUCED_KEY: SignatureRule
CATALOGUE_FIELD_NUMBER: _ClassVar[int]
catalogue: _descriptor.FieldDescriptor
RULE_FIELD_NUMBER: _ClassVar[int]
rule: _descriptor.FieldDescriptor
POLICY_FIELD_NUMBER: _ClassVar[int]
policy: _descriptor.FieldDescriptor

class FieldCatalogue(_message.Message):
    __slots__ = ("dataset", "owner", "sensitivity", "verifiable", "identifier")
    DATASET_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    SENSITIVITY_FIELD_NUMBER: _ClassVar[int]
    VERIFIABLE_FIELD_NUMBER: _ClassVar[int]
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    dataset: Dataset
    owner: AgencyClass
    sensitivity: Sensitivity
    verifiable: bool
    identifier: bool
    def __init__(self, dataset: _Optional[_Union[Dataset, str]] = ..., owner: _Optional[_Union[AgencyClass, str]] = ..., sensitivity: _Optional[_Union[Sensitivity, str]] = ..., verifiable: _Optional[bool] = ..., identifier: _Optional[bool] = ...) -> None: ...

class FieldRule(_message.Message):
    __slots__ = ("required", "bytes_max", "items_max", "pattern", "by_item", "form")
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    ITEMS_MAX_FIELD_NUMBER: _ClassVar[int]
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    BY_ITEM_FIELD_NUMBER: _ClassVar[int]
    FORM_FIELD_NUMBER: _ClassVar[int]
    required: bool
    bytes_max: int
    items_max: int
    pattern: str
    by_item: bool
    form: str
    def __init__(self, required: _Optional[bool] = ..., bytes_max: _Optional[int] = ..., items_max: _Optional[int] = ..., pattern: _Optional[str] = ..., by_item: _Optional[bool] = ..., form: _Optional[str] = ...) -> None: ...

class MethodPolicy(_message.Message):
    __slots__ = ("listener", "token", "context", "audit", "quota", "signed")
    LISTENER_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    AUDIT_FIELD_NUMBER: _ClassVar[int]
    QUOTA_FIELD_NUMBER: _ClassVar[int]
    SIGNED_FIELD_NUMBER: _ClassVar[int]
    listener: Listener
    token: bool
    context: bool
    audit: AuditRule
    quota: QuotaClass
    signed: SignatureRule
    def __init__(self, listener: _Optional[_Union[Listener, str]] = ..., token: _Optional[bool] = ..., context: _Optional[bool] = ..., audit: _Optional[_Union[AuditRule, str]] = ..., quota: _Optional[_Union[QuotaClass, str]] = ..., signed: _Optional[_Union[SignatureRule, str]] = ...) -> None: ...
