from gateway.api.v1 import datasets_pb2 as _datasets_pb2
from gateway.api.v1 import options_pb2 as _options_pb2
from google.type import date_pb2 as _date_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Sex(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEX_UNSPECIFIED: _ClassVar[Sex]
    SEX_MALE: _ClassVar[Sex]
    SEX_FEMALE: _ClassVar[Sex]

class BloodGroup(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BLOOD_GROUP_UNSPECIFIED: _ClassVar[BloodGroup]
    BLOOD_GROUP_A: _ClassVar[BloodGroup]
    BLOOD_GROUP_B: _ClassVar[BloodGroup]
    BLOOD_GROUP_AB: _ClassVar[BloodGroup]
    BLOOD_GROUP_O: _ClassVar[BloodGroup]

class Religion(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RELIGION_UNSPECIFIED: _ClassVar[Religion]
    RELIGION_NONE: _ClassVar[Religion]
    RELIGION_BUDDHIST: _ClassVar[Religion]
    RELIGION_CATHOLIC: _ClassVar[Religion]
    RELIGION_PROTESTANT: _ClassVar[Religion]
    RELIGION_CAO_DAI: _ClassVar[Religion]
    RELIGION_HOA_HAO: _ClassVar[Religion]
    RELIGION_ISLAM: _ClassVar[Religion]
    RELIGION_OTHER: _ClassVar[Religion]

class MaritalStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MARITAL_STATUS_UNSPECIFIED: _ClassVar[MaritalStatus]
    MARITAL_STATUS_NEVER_MARRIED: _ClassVar[MaritalStatus]
    MARITAL_STATUS_MARRIED: _ClassVar[MaritalStatus]
    MARITAL_STATUS_WIDOWED: _ClassVar[MaritalStatus]
    MARITAL_STATUS_DIVORCED: _ClassVar[MaritalStatus]
    MARITAL_STATUS_SEPARATED: _ClassVar[MaritalStatus]

class RelationToHead(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RELATION_TO_HEAD_UNSPECIFIED: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_HEAD: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_WIFE: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_HUSBAND: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_CHILD: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_ADOPTED_CHILD: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_DAUGHTER_IN_LAW: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_SON_IN_LAW: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_FATHER: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_MOTHER: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_FATHER_IN_LAW: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_MOTHER_IN_LAW: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_GRANDFATHER: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_GRANDMOTHER: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_GRANDCHILD: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_ELDER_BROTHER: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_ELDER_SISTER: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_YOUNGER_SIBLING: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_GUARDIAN: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_LODGER: _ClassVar[RelationToHead]
    RELATION_TO_HEAD_OTHER: _ClassVar[RelationToHead]

class AbsenceStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ABSENCE_STATUS_UNSPECIFIED: _ClassVar[AbsenceStatus]
    ABSENCE_STATUS_PRESENT: _ClassVar[AbsenceStatus]
    ABSENCE_STATUS_DECLARED: _ClassVar[AbsenceStatus]

class NameKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NAME_KIND_UNSPECIFIED: _ClassVar[NameKind]
    NAME_KIND_BIRTH: _ClassVar[NameKind]
    NAME_KIND_OTHER: _ClassVar[NameKind]
    NAME_KIND_FORMER: _ClassVar[NameKind]

class DocumentKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DOCUMENT_KIND_UNSPECIFIED: _ClassVar[DocumentKind]
    DOCUMENT_KIND_IDENTITY_CARD: _ClassVar[DocumentKind]
    DOCUMENT_KIND_CITIZEN_CARD: _ClassVar[DocumentKind]
    DOCUMENT_KIND_PEOPLES_CARD: _ClassVar[DocumentKind]

class Kinship(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KINSHIP_UNSPECIFIED: _ClassVar[Kinship]
    KINSHIP_FATHER: _ClassVar[Kinship]
    KINSHIP_MOTHER: _ClassVar[Kinship]
    KINSHIP_SPOUSE: _ClassVar[Kinship]
    KINSHIP_CHILD: _ClassVar[Kinship]
    KINSHIP_REPRESENTATIVE: _ClassVar[Kinship]
    KINSHIP_REPRESENTED: _ClassVar[Kinship]

class InsuranceStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INSURANCE_STATUS_UNSPECIFIED: _ClassVar[InsuranceStatus]
    INSURANCE_STATUS_PARTICIPATING: _ClassVar[InsuranceStatus]
    INSURANCE_STATUS_SUSPENDED: _ClassVar[InsuranceStatus]
    INSURANCE_STATUS_PENSION: _ClassVar[InsuranceStatus]
    INSURANCE_STATUS_ENDED: _ClassVar[InsuranceStatus]
SEX_UNSPECIFIED: Sex
SEX_MALE: Sex
SEX_FEMALE: Sex
BLOOD_GROUP_UNSPECIFIED: BloodGroup
BLOOD_GROUP_A: BloodGroup
BLOOD_GROUP_B: BloodGroup
BLOOD_GROUP_AB: BloodGroup
BLOOD_GROUP_O: BloodGroup
RELIGION_UNSPECIFIED: Religion
RELIGION_NONE: Religion
RELIGION_BUDDHIST: Religion
RELIGION_CATHOLIC: Religion
RELIGION_PROTESTANT: Religion
RELIGION_CAO_DAI: Religion
RELIGION_HOA_HAO: Religion
RELIGION_ISLAM: Religion
RELIGION_OTHER: Religion
MARITAL_STATUS_UNSPECIFIED: MaritalStatus
MARITAL_STATUS_NEVER_MARRIED: MaritalStatus
MARITAL_STATUS_MARRIED: MaritalStatus
MARITAL_STATUS_WIDOWED: MaritalStatus
MARITAL_STATUS_DIVORCED: MaritalStatus
MARITAL_STATUS_SEPARATED: MaritalStatus
RELATION_TO_HEAD_UNSPECIFIED: RelationToHead
RELATION_TO_HEAD_HEAD: RelationToHead
RELATION_TO_HEAD_WIFE: RelationToHead
RELATION_TO_HEAD_HUSBAND: RelationToHead
RELATION_TO_HEAD_CHILD: RelationToHead
RELATION_TO_HEAD_ADOPTED_CHILD: RelationToHead
RELATION_TO_HEAD_DAUGHTER_IN_LAW: RelationToHead
RELATION_TO_HEAD_SON_IN_LAW: RelationToHead
RELATION_TO_HEAD_FATHER: RelationToHead
RELATION_TO_HEAD_MOTHER: RelationToHead
RELATION_TO_HEAD_FATHER_IN_LAW: RelationToHead
RELATION_TO_HEAD_MOTHER_IN_LAW: RelationToHead
RELATION_TO_HEAD_GRANDFATHER: RelationToHead
RELATION_TO_HEAD_GRANDMOTHER: RelationToHead
RELATION_TO_HEAD_GRANDCHILD: RelationToHead
RELATION_TO_HEAD_ELDER_BROTHER: RelationToHead
RELATION_TO_HEAD_ELDER_SISTER: RelationToHead
RELATION_TO_HEAD_YOUNGER_SIBLING: RelationToHead
RELATION_TO_HEAD_GUARDIAN: RelationToHead
RELATION_TO_HEAD_LODGER: RelationToHead
RELATION_TO_HEAD_OTHER: RelationToHead
ABSENCE_STATUS_UNSPECIFIED: AbsenceStatus
ABSENCE_STATUS_PRESENT: AbsenceStatus
ABSENCE_STATUS_DECLARED: AbsenceStatus
NAME_KIND_UNSPECIFIED: NameKind
NAME_KIND_BIRTH: NameKind
NAME_KIND_OTHER: NameKind
NAME_KIND_FORMER: NameKind
DOCUMENT_KIND_UNSPECIFIED: DocumentKind
DOCUMENT_KIND_IDENTITY_CARD: DocumentKind
DOCUMENT_KIND_CITIZEN_CARD: DocumentKind
DOCUMENT_KIND_PEOPLES_CARD: DocumentKind
KINSHIP_UNSPECIFIED: Kinship
KINSHIP_FATHER: Kinship
KINSHIP_MOTHER: Kinship
KINSHIP_SPOUSE: Kinship
KINSHIP_CHILD: Kinship
KINSHIP_REPRESENTATIVE: Kinship
KINSHIP_REPRESENTED: Kinship
INSURANCE_STATUS_UNSPECIFIED: InsuranceStatus
INSURANCE_STATUS_PARTICIPATING: InsuranceStatus
INSURANCE_STATUS_SUSPENDED: InsuranceStatus
INSURANCE_STATUS_PENSION: InsuranceStatus
INSURANCE_STATUS_ENDED: InsuranceStatus

class PersonName(_message.Message):
    __slots__ = ("surname", "middle_name", "given_name")
    SURNAME_FIELD_NUMBER: _ClassVar[int]
    MIDDLE_NAME_FIELD_NUMBER: _ClassVar[int]
    GIVEN_NAME_FIELD_NUMBER: _ClassVar[int]
    surname: str
    middle_name: str
    given_name: str
    def __init__(self, surname: _Optional[str] = ..., middle_name: _Optional[str] = ..., given_name: _Optional[str] = ...) -> None: ...

class OtherName(_message.Message):
    __slots__ = ("kind", "name")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    kind: NameKind
    name: PersonName
    def __init__(self, kind: _Optional[_Union[NameKind, str]] = ..., name: _Optional[_Union[PersonName, _Mapping]] = ...) -> None: ...

class Place(_message.Message):
    __slots__ = ("commune_code", "province_code", "text")
    COMMUNE_CODE_FIELD_NUMBER: _ClassVar[int]
    PROVINCE_CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    commune_code: str
    province_code: str
    text: str
    def __init__(self, commune_code: _Optional[str] = ..., province_code: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class Residence(_message.Message):
    __slots__ = ("line", "commune_code", "province_code", "former_commune_code", "text", "since_date")
    LINE_FIELD_NUMBER: _ClassVar[int]
    COMMUNE_CODE_FIELD_NUMBER: _ClassVar[int]
    PROVINCE_CODE_FIELD_NUMBER: _ClassVar[int]
    FORMER_COMMUNE_CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SINCE_DATE_FIELD_NUMBER: _ClassVar[int]
    line: str
    commune_code: str
    province_code: str
    former_commune_code: str
    text: str
    since_date: _date_pb2.Date
    def __init__(self, line: _Optional[str] = ..., commune_code: _Optional[str] = ..., province_code: _Optional[str] = ..., former_commune_code: _Optional[str] = ..., text: _Optional[str] = ..., since_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...

class IdentityDocument(_message.Message):
    __slots__ = ("kind", "number", "issued_date", "issued_by", "expires_date")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ISSUED_DATE_FIELD_NUMBER: _ClassVar[int]
    ISSUED_BY_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_DATE_FIELD_NUMBER: _ClassVar[int]
    kind: DocumentKind
    number: str
    issued_date: _date_pb2.Date
    issued_by: str
    expires_date: _date_pb2.Date
    def __init__(self, kind: _Optional[_Union[DocumentKind, str]] = ..., number: _Optional[str] = ..., issued_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., issued_by: _Optional[str] = ..., expires_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...

class Relative(_message.Message):
    __slots__ = ("kinship", "name", "number", "nationality")
    KINSHIP_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    NATIONALITY_FIELD_NUMBER: _ClassVar[int]
    kinship: Kinship
    name: PersonName
    number: str
    nationality: str
    def __init__(self, kinship: _Optional[_Union[Kinship, str]] = ..., name: _Optional[_Union[PersonName, _Mapping]] = ..., number: _Optional[str] = ..., nationality: _Optional[str] = ...) -> None: ...

class HouseholdMember(_message.Message):
    __slots__ = ("number", "name", "relation")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    RELATION_FIELD_NUMBER: _ClassVar[int]
    number: str
    name: PersonName
    relation: RelationToHead
    def __init__(self, number: _Optional[str] = ..., name: _Optional[_Union[PersonName, _Mapping]] = ..., relation: _Optional[_Union[RelationToHead, str]] = ...) -> None: ...

class Household(_message.Message):
    __slots__ = ("head_number", "head_name", "members")
    HEAD_NUMBER_FIELD_NUMBER: _ClassVar[int]
    HEAD_NAME_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    head_number: str
    head_name: PersonName
    members: _containers.RepeatedCompositeFieldContainer[HouseholdMember]
    def __init__(self, head_number: _Optional[str] = ..., head_name: _Optional[_Union[PersonName, _Mapping]] = ..., members: _Optional[_Iterable[_Union[HouseholdMember, _Mapping]]] = ...) -> None: ...

class Death(_message.Message):
    __slots__ = ("date",)
    DATE_FIELD_NUMBER: _ClassVar[int]
    date: _date_pb2.Date
    def __init__(self, date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...

class Contact(_message.Message):
    __slots__ = ("mobile_number", "email")
    MOBILE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    mobile_number: str
    email: str
    def __init__(self, mobile_number: _Optional[str] = ..., email: _Optional[str] = ...) -> None: ...

class SocialInsurance(_message.Message):
    __slots__ = ("code", "status", "health_card", "employer_unit")
    CODE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    HEALTH_CARD_FIELD_NUMBER: _ClassVar[int]
    EMPLOYER_UNIT_FIELD_NUMBER: _ClassVar[int]
    code: str
    status: InsuranceStatus
    health_card: str
    employer_unit: str
    def __init__(self, code: _Optional[str] = ..., status: _Optional[_Union[InsuranceStatus, str]] = ..., health_card: _Optional[str] = ..., employer_unit: _Optional[str] = ...) -> None: ...

class Person(_message.Message):
    __slots__ = ("name", "other_names", "number", "birth_date", "sex", "birth_place", "birth_registration_place", "native_place", "ethnic_group", "religion", "nationality", "blood_group", "legacy_number", "identity_documents", "relatives", "permanent_residence", "temporary_residence", "current_residence", "absence_status", "residence_dossier_number", "marital_status", "relation_to_head", "household", "death", "contact", "household_number", "social_insurance", "health_insurance", "civil_events", "vaccinations", "enrolment", "public_post", "driver_licence", "vehicles", "mobile_subscriptions", "tax_registration", "business_interests", "land_certificates", "passports", "electronic_identity", "portal_dossiers")
    NAME_FIELD_NUMBER: _ClassVar[int]
    OTHER_NAMES_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    BIRTH_DATE_FIELD_NUMBER: _ClassVar[int]
    SEX_FIELD_NUMBER: _ClassVar[int]
    BIRTH_PLACE_FIELD_NUMBER: _ClassVar[int]
    BIRTH_REGISTRATION_PLACE_FIELD_NUMBER: _ClassVar[int]
    NATIVE_PLACE_FIELD_NUMBER: _ClassVar[int]
    ETHNIC_GROUP_FIELD_NUMBER: _ClassVar[int]
    RELIGION_FIELD_NUMBER: _ClassVar[int]
    NATIONALITY_FIELD_NUMBER: _ClassVar[int]
    BLOOD_GROUP_FIELD_NUMBER: _ClassVar[int]
    LEGACY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_DOCUMENTS_FIELD_NUMBER: _ClassVar[int]
    RELATIVES_FIELD_NUMBER: _ClassVar[int]
    PERMANENT_RESIDENCE_FIELD_NUMBER: _ClassVar[int]
    TEMPORARY_RESIDENCE_FIELD_NUMBER: _ClassVar[int]
    CURRENT_RESIDENCE_FIELD_NUMBER: _ClassVar[int]
    ABSENCE_STATUS_FIELD_NUMBER: _ClassVar[int]
    RESIDENCE_DOSSIER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    MARITAL_STATUS_FIELD_NUMBER: _ClassVar[int]
    RELATION_TO_HEAD_FIELD_NUMBER: _ClassVar[int]
    HOUSEHOLD_FIELD_NUMBER: _ClassVar[int]
    DEATH_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    HOUSEHOLD_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SOCIAL_INSURANCE_FIELD_NUMBER: _ClassVar[int]
    HEALTH_INSURANCE_FIELD_NUMBER: _ClassVar[int]
    CIVIL_EVENTS_FIELD_NUMBER: _ClassVar[int]
    VACCINATIONS_FIELD_NUMBER: _ClassVar[int]
    ENROLMENT_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_POST_FIELD_NUMBER: _ClassVar[int]
    DRIVER_LICENCE_FIELD_NUMBER: _ClassVar[int]
    VEHICLES_FIELD_NUMBER: _ClassVar[int]
    MOBILE_SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    TAX_REGISTRATION_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_INTERESTS_FIELD_NUMBER: _ClassVar[int]
    LAND_CERTIFICATES_FIELD_NUMBER: _ClassVar[int]
    PASSPORTS_FIELD_NUMBER: _ClassVar[int]
    ELECTRONIC_IDENTITY_FIELD_NUMBER: _ClassVar[int]
    PORTAL_DOSSIERS_FIELD_NUMBER: _ClassVar[int]
    name: PersonName
    other_names: _containers.RepeatedCompositeFieldContainer[OtherName]
    number: str
    birth_date: _date_pb2.Date
    sex: Sex
    birth_place: Place
    birth_registration_place: Place
    native_place: Place
    ethnic_group: str
    religion: Religion
    nationality: str
    blood_group: BloodGroup
    legacy_number: str
    identity_documents: _containers.RepeatedCompositeFieldContainer[IdentityDocument]
    relatives: _containers.RepeatedCompositeFieldContainer[Relative]
    permanent_residence: Residence
    temporary_residence: Residence
    current_residence: Residence
    absence_status: AbsenceStatus
    residence_dossier_number: str
    marital_status: MaritalStatus
    relation_to_head: RelationToHead
    household: Household
    death: Death
    contact: Contact
    household_number: str
    social_insurance: SocialInsurance
    health_insurance: _datasets_pb2.HealthInsurance
    civil_events: _containers.RepeatedCompositeFieldContainer[_datasets_pb2.CivilEvent]
    vaccinations: _containers.RepeatedCompositeFieldContainer[_datasets_pb2.Vaccination]
    enrolment: _datasets_pb2.Enrolment
    public_post: _datasets_pb2.PublicPost
    driver_licence: _datasets_pb2.DriverLicence
    vehicles: _containers.RepeatedCompositeFieldContainer[_datasets_pb2.Vehicle]
    mobile_subscriptions: _containers.RepeatedCompositeFieldContainer[_datasets_pb2.MobileSubscription]
    tax_registration: _datasets_pb2.TaxRegistration
    business_interests: _containers.RepeatedCompositeFieldContainer[_datasets_pb2.BusinessInterest]
    land_certificates: _containers.RepeatedCompositeFieldContainer[_datasets_pb2.LandCertificate]
    passports: _containers.RepeatedCompositeFieldContainer[_datasets_pb2.Passport]
    electronic_identity: _datasets_pb2.ElectronicIdentity
    portal_dossiers: _containers.RepeatedCompositeFieldContainer[_datasets_pb2.PortalDossier]
    def __init__(self, name: _Optional[_Union[PersonName, _Mapping]] = ..., other_names: _Optional[_Iterable[_Union[OtherName, _Mapping]]] = ..., number: _Optional[str] = ..., birth_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., sex: _Optional[_Union[Sex, str]] = ..., birth_place: _Optional[_Union[Place, _Mapping]] = ..., birth_registration_place: _Optional[_Union[Place, _Mapping]] = ..., native_place: _Optional[_Union[Place, _Mapping]] = ..., ethnic_group: _Optional[str] = ..., religion: _Optional[_Union[Religion, str]] = ..., nationality: _Optional[str] = ..., blood_group: _Optional[_Union[BloodGroup, str]] = ..., legacy_number: _Optional[str] = ..., identity_documents: _Optional[_Iterable[_Union[IdentityDocument, _Mapping]]] = ..., relatives: _Optional[_Iterable[_Union[Relative, _Mapping]]] = ..., permanent_residence: _Optional[_Union[Residence, _Mapping]] = ..., temporary_residence: _Optional[_Union[Residence, _Mapping]] = ..., current_residence: _Optional[_Union[Residence, _Mapping]] = ..., absence_status: _Optional[_Union[AbsenceStatus, str]] = ..., residence_dossier_number: _Optional[str] = ..., marital_status: _Optional[_Union[MaritalStatus, str]] = ..., relation_to_head: _Optional[_Union[RelationToHead, str]] = ..., household: _Optional[_Union[Household, _Mapping]] = ..., death: _Optional[_Union[Death, _Mapping]] = ..., contact: _Optional[_Union[Contact, _Mapping]] = ..., household_number: _Optional[str] = ..., social_insurance: _Optional[_Union[SocialInsurance, _Mapping]] = ..., health_insurance: _Optional[_Union[_datasets_pb2.HealthInsurance, _Mapping]] = ..., civil_events: _Optional[_Iterable[_Union[_datasets_pb2.CivilEvent, _Mapping]]] = ..., vaccinations: _Optional[_Iterable[_Union[_datasets_pb2.Vaccination, _Mapping]]] = ..., enrolment: _Optional[_Union[_datasets_pb2.Enrolment, _Mapping]] = ..., public_post: _Optional[_Union[_datasets_pb2.PublicPost, _Mapping]] = ..., driver_licence: _Optional[_Union[_datasets_pb2.DriverLicence, _Mapping]] = ..., vehicles: _Optional[_Iterable[_Union[_datasets_pb2.Vehicle, _Mapping]]] = ..., mobile_subscriptions: _Optional[_Iterable[_Union[_datasets_pb2.MobileSubscription, _Mapping]]] = ..., tax_registration: _Optional[_Union[_datasets_pb2.TaxRegistration, _Mapping]] = ..., business_interests: _Optional[_Iterable[_Union[_datasets_pb2.BusinessInterest, _Mapping]]] = ..., land_certificates: _Optional[_Iterable[_Union[_datasets_pb2.LandCertificate, _Mapping]]] = ..., passports: _Optional[_Iterable[_Union[_datasets_pb2.Passport, _Mapping]]] = ..., electronic_identity: _Optional[_Union[_datasets_pb2.ElectronicIdentity, _Mapping]] = ..., portal_dossiers: _Optional[_Iterable[_Union[_datasets_pb2.PortalDossier, _Mapping]]] = ...) -> None: ...
