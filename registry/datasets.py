"""The datasets a person's record is made of, and the codes their columns hold: names for numbers only."""

from enum import IntEnum, IntFlag


class Dataset(IntEnum):
    """A set of facts with one owner. Codes are never reused."""

    IDENTITY = 1
    RESIDENCE = 2
    HOUSEHOLD = 3
    DOCUMENTS = 4
    FAMILY = 5
    CIVIL_STATUS = 6
    CONTACT = 7
    SOCIAL_INSURANCE = 20
    HEALTH_INSURANCE = 21
    VACCINATION = 22
    EDUCATION = 23
    PUBLIC_POST = 24
    DRIVER_LICENCE = 25
    VEHICLE = 26
    MOBILE = 27
    TAX = 28
    BUSINESS = 29
    LAND = 30
    PASSPORT = 31
    ELECTRONIC_IDENTITY = 32
    PORTAL = 33


class ChangeKind(IntFlag):
    """What happened to a person in one change, as bits of `change.kinds`. Bits are never reused."""

    VALUES = 1  # values of the dataset, with none of the events below
    NUMBER = 2
    NAME = 4
    RESIDENCE = 8
    HOUSEHOLD = 16
    BIRTH = 32
    DEATH = 64
    MARRIAGE = 128


class Sex(IntEnum):
    """As registered; the number's fourth digit says the same."""

    MALE = 1
    FEMALE = 2


class ResidenceKind(IntEnum):
    """Three separate facts: registered for good, registered for a time, really living there."""

    PERMANENT = 1
    TEMPORARY = 2
    CURRENT = 3


class MembershipKind(IntEnum):
    """Whether a person belongs to a household for good or for a time; the same codes in `household.kind`."""

    PERMANENT = 1
    TEMPORARY = 2


class DocumentKind(IntEnum):
    """Identity documents, newest form first."""

    IDENTITY_CARD = 1  # căn cước, since 1/7/2024
    CITIZEN_CARD = 2  # căn cước công dân
    OLD_CARD_12 = 3  # chứng minh nhân dân with 12 digits


class NameKind(IntEnum):
    """Why a name stands in `person_name`."""

    BIRTH = 1
    OTHER = 2
    FORMER = 3


class Relation(IntEnum):
    """Relation of a member to the head of the household."""

    HEAD = 1
    WIFE = 2
    HUSBAND = 3
    CHILD = 4
    ADOPTED_CHILD = 5
    DAUGHTER_IN_LAW = 6
    SON_IN_LAW = 7
    FATHER = 8
    MOTHER = 9
    FATHER_IN_LAW = 10
    MOTHER_IN_LAW = 11
    GRANDFATHER = 12
    GRANDMOTHER = 13
    GRANDCHILD = 14
    ELDER_BROTHER = 15
    ELDER_SISTER = 16
    YOUNGER_SIBLING = 17
    GUARDIAN = 18
    LODGER = 19
    OTHER = 20


class Link(IntEnum):
    """How a relative stands to the person asked about, in the rows of `related.relatives`."""

    FATHER = 1
    MOTHER = 2
    SPOUSE = 3
    CHILD = 4


class MaritalStatus(IntEnum):
    """The five values of the registry's form."""

    NEVER_MARRIED = 1
    MARRIED = 2
    WIDOWED = 3
    DIVORCED = 4
    SEPARATED = 5


class AbsenceStatus(IntEnum):
    """Whether the person declared an absence from the permanent residence (tạm vắng)."""

    NONE = 1  # 0 would mean "not registered" in the contract
    DECLARED = 2


class UnitVersion(IntEnum):
    """Which map of administrative units: 63 provinces until 30/6/2025, 34 since 1/7/2025."""

    UNTIL_2025_06_30 = 63
    SINCE_2025_07_01 = 34


class UnitLevel(IntEnum):
    """Level of an administrative unit; the map of 34 has no districts."""

    PROVINCE = 1
    DISTRICT = 2
    COMMUNE = 3
