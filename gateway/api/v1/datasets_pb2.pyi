from gateway.api.v1 import options_pb2 as _options_pb2
from google.type import date_pb2 as _date_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CivilEventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CIVIL_EVENT_KIND_UNSPECIFIED: _ClassVar[CivilEventKind]
    CIVIL_EVENT_KIND_BIRTH: _ClassVar[CivilEventKind]
    CIVIL_EVENT_KIND_MARRIAGE: _ClassVar[CivilEventKind]
    CIVIL_EVENT_KIND_DIVORCE: _ClassVar[CivilEventKind]
    CIVIL_EVENT_KIND_DEATH: _ClassVar[CivilEventKind]
    CIVIL_EVENT_KIND_PARENTAGE: _ClassVar[CivilEventKind]
    CIVIL_EVENT_KIND_GUARDIANSHIP: _ClassVar[CivilEventKind]

class SchoolLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCHOOL_LEVEL_UNSPECIFIED: _ClassVar[SchoolLevel]
    SCHOOL_LEVEL_PRESCHOOL: _ClassVar[SchoolLevel]
    SCHOOL_LEVEL_PRIMARY: _ClassVar[SchoolLevel]
    SCHOOL_LEVEL_LOWER_SECONDARY: _ClassVar[SchoolLevel]
    SCHOOL_LEVEL_UPPER_SECONDARY: _ClassVar[SchoolLevel]
    SCHOOL_LEVEL_VOCATIONAL: _ClassVar[SchoolLevel]
    SCHOOL_LEVEL_HIGHER: _ClassVar[SchoolLevel]

class PublicPostKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PUBLIC_POST_KIND_UNSPECIFIED: _ClassVar[PublicPostKind]
    PUBLIC_POST_KIND_TEACHER: _ClassVar[PublicPostKind]
    PUBLIC_POST_KIND_CADRE: _ClassVar[PublicPostKind]
    PUBLIC_POST_KIND_CIVIL_SERVANT: _ClassVar[PublicPostKind]
    PUBLIC_POST_KIND_PUBLIC_EMPLOYEE: _ClassVar[PublicPostKind]

class VehicleKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VEHICLE_KIND_UNSPECIFIED: _ClassVar[VehicleKind]
    VEHICLE_KIND_CAR: _ClassVar[VehicleKind]
    VEHICLE_KIND_MOTORCYCLE: _ClassVar[VehicleKind]
    VEHICLE_KIND_TRUCK: _ClassVar[VehicleKind]
    VEHICLE_KIND_BUS: _ClassVar[VehicleKind]
    VEHICLE_KIND_ELECTRIC_MOTORCYCLE: _ClassVar[VehicleKind]

class SubscriptionStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SUBSCRIPTION_STATUS_UNSPECIFIED: _ClassVar[SubscriptionStatus]
    SUBSCRIPTION_STATUS_ACTIVE: _ClassVar[SubscriptionStatus]
    SUBSCRIPTION_STATUS_ONE_WAY: _ClassVar[SubscriptionStatus]
    SUBSCRIPTION_STATUS_CLOSED: _ClassVar[SubscriptionStatus]

class TaxStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TAX_STATUS_UNSPECIFIED: _ClassVar[TaxStatus]
    TAX_STATUS_ACTIVE: _ClassVar[TaxStatus]
    TAX_STATUS_AWAITING_UPDATE: _ClassVar[TaxStatus]
    TAX_STATUS_CLOSED: _ClassVar[TaxStatus]

class BusinessRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BUSINESS_ROLE_UNSPECIFIED: _ClassVar[BusinessRole]
    BUSINESS_ROLE_REPRESENTATIVE: _ClassVar[BusinessRole]
    BUSINESS_ROLE_OWNER: _ClassVar[BusinessRole]
    BUSINESS_ROLE_MEMBER: _ClassVar[BusinessRole]

class ElectronicIdentityStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ELECTRONIC_IDENTITY_STATUS_UNSPECIFIED: _ClassVar[ElectronicIdentityStatus]
    ELECTRONIC_IDENTITY_STATUS_ISSUED: _ClassVar[ElectronicIdentityStatus]
    ELECTRONIC_IDENTITY_STATUS_ACTIVE: _ClassVar[ElectronicIdentityStatus]
    ELECTRONIC_IDENTITY_STATUS_LOCKED: _ClassVar[ElectronicIdentityStatus]

class DossierStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DOSSIER_STATUS_UNSPECIFIED: _ClassVar[DossierStatus]
    DOSSIER_STATUS_SUBMITTED: _ClassVar[DossierStatus]
    DOSSIER_STATUS_ACCEPTED: _ClassVar[DossierStatus]
    DOSSIER_STATUS_NOT_ACCEPTED: _ClassVar[DossierStatus]
    DOSSIER_STATUS_IN_PROGRESS: _ClassVar[DossierStatus]
    DOSSIER_STATUS_MORE_NEEDED: _ClassVar[DossierStatus]
    DOSSIER_STATUS_PAYMENT_NEEDED: _ClassVar[DossierStatus]
    DOSSIER_STATUS_WITHDRAWN: _ClassVar[DossierStatus]
    DOSSIER_STATUS_STOPPED: _ClassVar[DossierStatus]
    DOSSIER_STATUS_FINISHED: _ClassVar[DossierStatus]
    DOSSIER_STATUS_HANDED_OVER: _ClassVar[DossierStatus]
CIVIL_EVENT_KIND_UNSPECIFIED: CivilEventKind
CIVIL_EVENT_KIND_BIRTH: CivilEventKind
CIVIL_EVENT_KIND_MARRIAGE: CivilEventKind
CIVIL_EVENT_KIND_DIVORCE: CivilEventKind
CIVIL_EVENT_KIND_DEATH: CivilEventKind
CIVIL_EVENT_KIND_PARENTAGE: CivilEventKind
CIVIL_EVENT_KIND_GUARDIANSHIP: CivilEventKind
SCHOOL_LEVEL_UNSPECIFIED: SchoolLevel
SCHOOL_LEVEL_PRESCHOOL: SchoolLevel
SCHOOL_LEVEL_PRIMARY: SchoolLevel
SCHOOL_LEVEL_LOWER_SECONDARY: SchoolLevel
SCHOOL_LEVEL_UPPER_SECONDARY: SchoolLevel
SCHOOL_LEVEL_VOCATIONAL: SchoolLevel
SCHOOL_LEVEL_HIGHER: SchoolLevel
PUBLIC_POST_KIND_UNSPECIFIED: PublicPostKind
PUBLIC_POST_KIND_TEACHER: PublicPostKind
PUBLIC_POST_KIND_CADRE: PublicPostKind
PUBLIC_POST_KIND_CIVIL_SERVANT: PublicPostKind
PUBLIC_POST_KIND_PUBLIC_EMPLOYEE: PublicPostKind
VEHICLE_KIND_UNSPECIFIED: VehicleKind
VEHICLE_KIND_CAR: VehicleKind
VEHICLE_KIND_MOTORCYCLE: VehicleKind
VEHICLE_KIND_TRUCK: VehicleKind
VEHICLE_KIND_BUS: VehicleKind
VEHICLE_KIND_ELECTRIC_MOTORCYCLE: VehicleKind
SUBSCRIPTION_STATUS_UNSPECIFIED: SubscriptionStatus
SUBSCRIPTION_STATUS_ACTIVE: SubscriptionStatus
SUBSCRIPTION_STATUS_ONE_WAY: SubscriptionStatus
SUBSCRIPTION_STATUS_CLOSED: SubscriptionStatus
TAX_STATUS_UNSPECIFIED: TaxStatus
TAX_STATUS_ACTIVE: TaxStatus
TAX_STATUS_AWAITING_UPDATE: TaxStatus
TAX_STATUS_CLOSED: TaxStatus
BUSINESS_ROLE_UNSPECIFIED: BusinessRole
BUSINESS_ROLE_REPRESENTATIVE: BusinessRole
BUSINESS_ROLE_OWNER: BusinessRole
BUSINESS_ROLE_MEMBER: BusinessRole
ELECTRONIC_IDENTITY_STATUS_UNSPECIFIED: ElectronicIdentityStatus
ELECTRONIC_IDENTITY_STATUS_ISSUED: ElectronicIdentityStatus
ELECTRONIC_IDENTITY_STATUS_ACTIVE: ElectronicIdentityStatus
ELECTRONIC_IDENTITY_STATUS_LOCKED: ElectronicIdentityStatus
DOSSIER_STATUS_UNSPECIFIED: DossierStatus
DOSSIER_STATUS_SUBMITTED: DossierStatus
DOSSIER_STATUS_ACCEPTED: DossierStatus
DOSSIER_STATUS_NOT_ACCEPTED: DossierStatus
DOSSIER_STATUS_IN_PROGRESS: DossierStatus
DOSSIER_STATUS_MORE_NEEDED: DossierStatus
DOSSIER_STATUS_PAYMENT_NEEDED: DossierStatus
DOSSIER_STATUS_WITHDRAWN: DossierStatus
DOSSIER_STATUS_STOPPED: DossierStatus
DOSSIER_STATUS_FINISHED: DossierStatus
DOSSIER_STATUS_HANDED_OVER: DossierStatus

class CivilEvent(_message.Message):
    __slots__ = ("kind", "number", "commune_code", "event_date", "registered_date")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    COMMUNE_CODE_FIELD_NUMBER: _ClassVar[int]
    EVENT_DATE_FIELD_NUMBER: _ClassVar[int]
    REGISTERED_DATE_FIELD_NUMBER: _ClassVar[int]
    kind: CivilEventKind
    number: str
    commune_code: str
    event_date: _date_pb2.Date
    registered_date: _date_pb2.Date
    def __init__(self, kind: _Optional[_Union[CivilEventKind, str]] = ..., number: _Optional[str] = ..., commune_code: _Optional[str] = ..., event_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., registered_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...

class HealthInsurance(_message.Message):
    __slots__ = ("object_code", "benefit_level", "facility_code", "from_date", "until_date")
    OBJECT_CODE_FIELD_NUMBER: _ClassVar[int]
    BENEFIT_LEVEL_FIELD_NUMBER: _ClassVar[int]
    FACILITY_CODE_FIELD_NUMBER: _ClassVar[int]
    FROM_DATE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_DATE_FIELD_NUMBER: _ClassVar[int]
    object_code: str
    benefit_level: int
    facility_code: str
    from_date: _date_pb2.Date
    until_date: _date_pb2.Date
    def __init__(self, object_code: _Optional[str] = ..., benefit_level: _Optional[int] = ..., facility_code: _Optional[str] = ..., from_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., until_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...

class Vaccination(_message.Message):
    __slots__ = ("vaccine", "dose", "lot", "given_date", "facility_code")
    VACCINE_FIELD_NUMBER: _ClassVar[int]
    DOSE_FIELD_NUMBER: _ClassVar[int]
    LOT_FIELD_NUMBER: _ClassVar[int]
    GIVEN_DATE_FIELD_NUMBER: _ClassVar[int]
    FACILITY_CODE_FIELD_NUMBER: _ClassVar[int]
    vaccine: str
    dose: int
    lot: str
    given_date: _date_pb2.Date
    facility_code: str
    def __init__(self, vaccine: _Optional[str] = ..., dose: _Optional[int] = ..., lot: _Optional[str] = ..., given_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., facility_code: _Optional[str] = ...) -> None: ...

class Enrolment(_message.Message):
    __slots__ = ("sector_code", "school_code", "level", "grade", "school_year")
    SECTOR_CODE_FIELD_NUMBER: _ClassVar[int]
    SCHOOL_CODE_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    GRADE_FIELD_NUMBER: _ClassVar[int]
    SCHOOL_YEAR_FIELD_NUMBER: _ClassVar[int]
    sector_code: str
    school_code: str
    level: SchoolLevel
    grade: int
    school_year: int
    def __init__(self, sector_code: _Optional[str] = ..., school_code: _Optional[str] = ..., level: _Optional[_Union[SchoolLevel, str]] = ..., grade: _Optional[int] = ..., school_year: _Optional[int] = ...) -> None: ...

class PublicPost(_message.Message):
    __slots__ = ("kind", "body_code", "title", "grade_code", "since_date")
    KIND_FIELD_NUMBER: _ClassVar[int]
    BODY_CODE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    GRADE_CODE_FIELD_NUMBER: _ClassVar[int]
    SINCE_DATE_FIELD_NUMBER: _ClassVar[int]
    kind: PublicPostKind
    body_code: str
    title: str
    grade_code: str
    since_date: _date_pb2.Date
    def __init__(self, kind: _Optional[_Union[PublicPostKind, str]] = ..., body_code: _Optional[str] = ..., title: _Optional[str] = ..., grade_code: _Optional[str] = ..., since_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...

class DriverLicence(_message.Message):
    __slots__ = ("number", "classes", "issued_date", "expires_date", "points")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    ISSUED_DATE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_DATE_FIELD_NUMBER: _ClassVar[int]
    POINTS_FIELD_NUMBER: _ClassVar[int]
    number: str
    classes: str
    issued_date: _date_pb2.Date
    expires_date: _date_pb2.Date
    points: int
    def __init__(self, number: _Optional[str] = ..., classes: _Optional[str] = ..., issued_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., expires_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., points: _Optional[int] = ...) -> None: ...

class Vehicle(_message.Message):
    __slots__ = ("plate", "kind", "make", "colour", "registered_date")
    PLATE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MAKE_FIELD_NUMBER: _ClassVar[int]
    COLOUR_FIELD_NUMBER: _ClassVar[int]
    REGISTERED_DATE_FIELD_NUMBER: _ClassVar[int]
    plate: str
    kind: VehicleKind
    make: str
    colour: str
    registered_date: _date_pb2.Date
    def __init__(self, plate: _Optional[str] = ..., kind: _Optional[_Union[VehicleKind, str]] = ..., make: _Optional[str] = ..., colour: _Optional[str] = ..., registered_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...

class MobileSubscription(_message.Message):
    __slots__ = ("number", "carrier", "status", "activated_date")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CARRIER_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ACTIVATED_DATE_FIELD_NUMBER: _ClassVar[int]
    number: str
    carrier: str
    status: SubscriptionStatus
    activated_date: _date_pb2.Date
    def __init__(self, number: _Optional[str] = ..., carrier: _Optional[str] = ..., status: _Optional[_Union[SubscriptionStatus, str]] = ..., activated_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...

class TaxRegistration(_message.Message):
    __slots__ = ("former_code", "status", "dependants", "registered_date")
    FORMER_CODE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DEPENDANTS_FIELD_NUMBER: _ClassVar[int]
    REGISTERED_DATE_FIELD_NUMBER: _ClassVar[int]
    former_code: str
    status: TaxStatus
    dependants: int
    registered_date: _date_pb2.Date
    def __init__(self, former_code: _Optional[str] = ..., status: _Optional[_Union[TaxStatus, str]] = ..., dependants: _Optional[int] = ..., registered_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...

class BusinessInterest(_message.Message):
    __slots__ = ("code", "name", "role", "registered_date")
    CODE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    REGISTERED_DATE_FIELD_NUMBER: _ClassVar[int]
    code: str
    name: str
    role: BusinessRole
    registered_date: _date_pb2.Date
    def __init__(self, code: _Optional[str] = ..., name: _Optional[str] = ..., role: _Optional[_Union[BusinessRole, str]] = ..., registered_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...

class LandCertificate(_message.Message):
    __slots__ = ("serial", "commune_code", "sheet_number", "plot_number", "area_square_metres", "issued_date")
    SERIAL_FIELD_NUMBER: _ClassVar[int]
    COMMUNE_CODE_FIELD_NUMBER: _ClassVar[int]
    SHEET_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PLOT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    AREA_SQUARE_METRES_FIELD_NUMBER: _ClassVar[int]
    ISSUED_DATE_FIELD_NUMBER: _ClassVar[int]
    serial: str
    commune_code: str
    sheet_number: int
    plot_number: int
    area_square_metres: int
    issued_date: _date_pb2.Date
    def __init__(self, serial: _Optional[str] = ..., commune_code: _Optional[str] = ..., sheet_number: _Optional[int] = ..., plot_number: _Optional[int] = ..., area_square_metres: _Optional[int] = ..., issued_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...

class Passport(_message.Message):
    __slots__ = ("number", "issued_date", "expires_date")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ISSUED_DATE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_DATE_FIELD_NUMBER: _ClassVar[int]
    number: str
    issued_date: _date_pb2.Date
    expires_date: _date_pb2.Date
    def __init__(self, number: _Optional[str] = ..., issued_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., expires_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...

class ElectronicIdentity(_message.Message):
    __slots__ = ("level", "status", "issued_date")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ISSUED_DATE_FIELD_NUMBER: _ClassVar[int]
    level: int
    status: ElectronicIdentityStatus
    issued_date: _date_pb2.Date
    def __init__(self, level: _Optional[int] = ..., status: _Optional[_Union[ElectronicIdentityStatus, str]] = ..., issued_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...

class PortalDossier(_message.Message):
    __slots__ = ("code", "procedure", "status", "submitted_date")
    CODE_FIELD_NUMBER: _ClassVar[int]
    PROCEDURE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    SUBMITTED_DATE_FIELD_NUMBER: _ClassVar[int]
    code: str
    procedure: str
    status: DossierStatus
    submitted_date: _date_pb2.Date
    def __init__(self, code: _Optional[str] = ..., procedure: _Optional[str] = ..., status: _Optional[_Union[DossierStatus, str]] = ..., submitted_date: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...
