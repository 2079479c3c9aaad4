"""The datasets that other agencies own and link to a person: one table each, columns named as the contract's fields.

Adding one is an entry here, a migration, and the message in the contract; reading, trimming and filling follow.

Trust: see registry/tables.py; what stands here was pushed by its owner.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Column, ForeignKey, Index, Integer, SmallInteger, String, Table, Text

from registry.datasets import Dataset
from registry.tables import Identifier, if_present, key_text, metadata, social_insurance


@dataclass(frozen=True, slots=True)
class Linked:
    """A dataset: `name` is the field of a person in the contract, `columns` are the fields of its message.

    `many`: a person has any number of rows, told in the order of `order_by`; otherwise at most one. Dates are
    `yyyymmdd`. Every table also says when its owner last wrote the row: `updated_on`.
    """

    name: str
    dataset: Dataset
    table: Table
    columns: tuple[str, ...]
    many: bool = False
    order_by: str = "person_id"


def _one(name: str, dataset: Dataset, *columns: Column[object], searched: str = "") -> Linked:
    owner = Column("person_id", Identifier, ForeignKey("person.person_id"), primary_key=True, autoincrement=False)
    indexes = [if_present(searched)] if searched else []
    table = Table(name, metadata, owner, *columns, Column("updated_on", Integer, nullable=False), *indexes)
    return Linked(name, dataset, table, tuple(column.name for column in columns))


def _many(name: str, dataset: Dataset, table_name: str, order_by: str, *columns: Column[object]) -> Linked:
    owner = Column("person_id", Identifier, ForeignKey("person.person_id"), nullable=False)
    updated = Column("updated_on", Integer, nullable=False)
    table = Table(table_name, metadata, owner, *columns, updated, Index(None, "person_id"))
    return Linked(name, dataset, table, tuple(column.name for column in columns), many=True, order_by=order_by)


def _code(name: str, length: int) -> Column[object]:
    return Column(name, key_text(length))


def _small(name: str) -> Column[object]:
    return Column(name, SmallInteger)


def _date(name: str) -> Column[object]:
    return Column(name, Integer)


def _words(name: str) -> Column[object]:
    return Column(name, Text)


_DATASETS = (
    Linked(
        "social_insurance",
        Dataset.SOCIAL_INSURANCE,
        social_insurance,
        ("code", "status", "health_card", "employer_unit"),
    ),
    _one(
        "health_insurance",
        Dataset.HEALTH_INSURANCE,
        _code("object_code", 2),
        _small("benefit_level"),
        _code("facility_code", 5),
        _date("from_date"),
        _date("until_date"),
    ),
    _many(
        "civil_events",
        Dataset.CIVIL_STATUS,
        "civil_event",
        "event_date",
        _small("kind"),
        _code("number", 9),
        _code("commune_code", 5),
        _date("event_date"),
        _date("registered_date"),
    ),
    _many(
        "vaccinations",
        Dataset.VACCINATION,
        "vaccination",
        "given_date",
        _words("vaccine"),
        _small("dose"),
        _code("lot", 16),
        _date("given_date"),
        _code("facility_code", 5),
    ),
    _one(
        "enrolment",
        Dataset.EDUCATION,
        _code("sector_code", 10),
        _code("school_code", 8),
        _small("level"),
        _small("grade"),
        _small("school_year"),
    ),
    _one(
        "public_post",
        Dataset.PUBLIC_POST,
        _small("kind"),
        _code("body_code", 12),
        _words("title"),
        _code("grade_code", 12),
        _date("since_date"),
    ),
    _one(
        "driver_licence",
        Dataset.DRIVER_LICENCE,
        _code("number", 12),
        Column("classes", String(32)),
        _date("issued_date"),
        _date("expires_date"),
        _small("points"),
    ),
    _many(
        "vehicles",
        Dataset.VEHICLE,
        "vehicle",
        "registered_date",
        _code("plate", 16),
        _small("kind"),
        _words("make"),
        _words("colour"),
        _date("registered_date"),
    ),
    _many(
        "mobile_subscriptions",
        Dataset.MOBILE,
        "mobile_subscription",
        "activated_date",
        _code("number", 10),
        _words("carrier"),
        _small("status"),
        _date("activated_date"),
    ),
    _one(
        "tax_registration",
        Dataset.TAX,
        _code("former_code", 10),
        _small("status"),
        _small("dependants"),
        _date("registered_date"),
        searched="former_code",
    ),
    _many(
        "business_interests",
        Dataset.BUSINESS,
        "business_interest",
        "registered_date",
        _code("code", 10),
        _words("name"),
        _small("role"),
        _date("registered_date"),
    ),
    _many(
        "land_certificates",
        Dataset.LAND,
        "land_certificate",
        "issued_date",
        _code("serial", 11),
        _code("commune_code", 5),
        Column("sheet_number", Integer),
        Column("plot_number", Integer),
        Column("area_square_metres", Integer),
        _date("issued_date"),
    ),
    _many(
        "passports",
        Dataset.PASSPORT,
        "passport",
        "issued_date",
        _code("number", 9),
        _date("issued_date"),
        _date("expires_date"),
    ),
    _one(
        "electronic_identity",
        Dataset.ELECTRONIC_IDENTITY,
        _small("level"),
        _small("status"),
        _date("issued_date"),
    ),
    _many(
        "portal_dossiers",
        Dataset.PORTAL,
        "portal_dossier",
        "submitted_date",
        _code("code", 24),
        _words("procedure"),
        _small("status"),
        _date("submitted_date"),
    ),
)

LINKED: Mapping[str, Linked] = {linked.name: linked for linked in _DATASETS}
"""Every linked dataset by its name in the contract."""
