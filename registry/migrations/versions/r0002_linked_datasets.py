"""The tables of the linked datasets. Frozen: it must build what it built then, so it imports no table."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"

Identifier = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL, INTEGER, TEXT = sa.SmallInteger(), sa.Integer(), sa.Text()


def key_text(length: int) -> sa.String:
    """Text compared byte by byte."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


Columns: TypeAlias = tuple[tuple[str, Any], ...]

ONE: Mapping[str, Columns] = {
    "health_insurance": (
        ("object_code", key_text(2)),
        ("benefit_level", SMALL),
        ("facility_code", key_text(5)),
        ("from_date", INTEGER),
        ("until_date", INTEGER),
    ),
    "enrolment": (
        ("sector_code", key_text(10)),
        ("school_code", key_text(8)),
        ("level", SMALL),
        ("grade", SMALL),
        ("school_year", SMALL),
    ),
    "public_post": (
        ("kind", SMALL),
        ("body_code", key_text(12)),
        ("title", TEXT),
        ("grade_code", key_text(12)),
        ("since_date", INTEGER),
    ),
    "driver_licence": (
        ("number", key_text(12)),
        ("classes", sa.String(32)),
        ("issued_date", INTEGER),
        ("expires_date", INTEGER),
        ("points", SMALL),
    ),
    "tax_registration": (
        ("former_code", key_text(10)),
        ("status", SMALL),
        ("dependants", SMALL),
        ("registered_date", INTEGER),
    ),
    "electronic_identity": (("level", SMALL), ("status", SMALL), ("issued_date", INTEGER)),
}
MANY: Mapping[str, Columns] = {
    "civil_event": (
        ("kind", SMALL),
        ("number", key_text(9)),
        ("commune_code", key_text(5)),
        ("event_date", INTEGER),
        ("registered_date", INTEGER),
    ),
    "vaccination": (
        ("vaccine", TEXT),
        ("dose", SMALL),
        ("lot", key_text(16)),
        ("given_date", INTEGER),
        ("facility_code", key_text(5)),
    ),
    "vehicle": (
        ("plate", key_text(16)),
        ("kind", SMALL),
        ("make", TEXT),
        ("colour", TEXT),
        ("registered_date", INTEGER),
    ),
    "mobile_subscription": (
        ("number", key_text(10)),
        ("carrier", TEXT),
        ("status", SMALL),
        ("activated_date", INTEGER),
    ),
    "business_interest": (("code", key_text(10)), ("name", TEXT), ("role", SMALL), ("registered_date", INTEGER)),
    "land_certificate": (
        ("serial", key_text(11)),
        ("commune_code", key_text(5)),
        ("sheet_number", INTEGER),
        ("plot_number", INTEGER),
        ("area_square_metres", INTEGER),
        ("issued_date", INTEGER),
    ),
    "passport": (("number", key_text(9)), ("issued_date", INTEGER), ("expires_date", INTEGER)),
    "portal_dossier": (("code", key_text(24)), ("procedure", TEXT), ("status", SMALL), ("submitted_date", INTEGER)),
}


def upgrade() -> None:
    """Create a table for each dataset; one row a person, or many."""
    for name, columns in ONE.items():
        owner = sa.Column("person_id", Identifier, autoincrement=False, nullable=False)
        _create(name, owner, columns, sa.PrimaryKeyConstraint("person_id", name=f"{name}_pkey"))
    for name, columns in MANY.items():
        _create(name, sa.Column("person_id", Identifier, nullable=False), columns)
        op.create_index(f"{name}_person_id_idx", name, ["person_id"])


def _create(
    name: str,
    owner: sa.Column[int],
    columns: Columns,
    *constraints: sa.Constraint,
) -> None:
    op.create_table(
        name,
        owner,
        *(sa.Column(column, kind) for column, kind in columns),
        sa.Column("updated_on", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=f"{name}_person_id_fkey"),
        *constraints,
    )
