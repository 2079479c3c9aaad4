"""The tables of the first release. Frozen: it must build what it built then, so it imports no table."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

Identifier = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def key_text(length: int | None = None) -> sa.String:
    """Text compared byte by byte."""
    plain = sa.Text() if length is None else sa.String(length)
    collated = sa.Text(collation="C") if length is None else sa.String(length, collation="C")
    return plain.with_variant(collated, "postgresql")


def upgrade() -> None:
    """Create every table, those that others refer to first."""
    _household()
    _registry_meta()
    _unit()
    _unit_successor()
    _person()
    _change()
    _identity_document()
    _membership()
    _person_name()
    _person_number()
    _residence()
    _social_insurance()


def _household() -> None:
    op.create_table(
        "household",
        sa.Column("household_id", Identifier, autoincrement=False, nullable=False),
        sa.Column("number", key_text(), nullable=False),
        sa.Column("head_person_id", Identifier, nullable=False),
        sa.Column("commune_old", key_text(5)),
        sa.Column("commune", key_text(5), nullable=False),
        sa.Column("line", sa.Text()),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("household_id", name="household_pkey"),
    )
    op.create_index("household_number_idx", "household", ["number"], unique=True)


def _registry_meta() -> None:
    op.create_table(
        "registry_meta",
        sa.Column("key", key_text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="registry_meta_pkey"),
    )


def _unit() -> None:
    op.create_table(
        "unit",
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("code", key_text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent_code", key_text()),
        sa.PrimaryKeyConstraint("version", "level", "code", name="unit_pkey"),
    )


def _unit_successor() -> None:
    op.create_table(
        "unit_successor",
        sa.Column("commune_code_old", key_text(5), nullable=False),
        sa.Column("commune_code", key_text(5), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("commune_code_old", "commune_code", name="unit_successor_pkey"),
    )


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("person_id", Identifier, autoincrement=False, nullable=False),
        sa.Column("number", key_text(12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=False),
        sa.Column("name_key", key_text(), nullable=False),
        sa.Column("birth_year", sa.SmallInteger(), nullable=False),
        sa.Column("birth_month", sa.SmallInteger(), nullable=False),
        sa.Column("birth_day", sa.SmallInteger(), nullable=False),
        sa.Column("sex", sa.SmallInteger(), nullable=False),
        sa.Column("birth_place", key_text(5)),
        sa.Column("birth_registration", key_text(5)),
        sa.Column("native_place", key_text(5)),
        sa.Column("ethnic_group", key_text(2)),
        sa.Column("religion", sa.SmallInteger()),
        sa.Column("nationality", key_text(2)),
        sa.Column("blood_group", sa.Text()),
        sa.Column("legacy_number", key_text(9)),
        sa.Column("father_id", Identifier),
        sa.Column("mother_id", Identifier),
        sa.Column("spouse_id", Identifier),
        sa.Column("permanent_commune_old", key_text(5)),
        sa.Column("permanent_commune", key_text(5)),
        sa.Column("permanent_line", sa.Text()),
        sa.Column("permanent_since", sa.Integer()),
        sa.Column("household_id", Identifier),
        sa.Column("household_number", sa.Text()),
        sa.Column("relation_to_head", sa.SmallInteger()),
        sa.Column("marital_status", sa.SmallInteger()),
        sa.Column("absence_status", sa.SmallInteger()),
        sa.Column("residence_dossier", sa.Text()),
        sa.Column("death_date", sa.Integer()),
        sa.Column("phone", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("scope", key_text(2), nullable=False),
        sa.ForeignKeyConstraint(["father_id"], ["person.person_id"], name="person_father_id_fkey"),
        sa.ForeignKeyConstraint(["household_id"], ["household.household_id"], name="person_household_id_fkey"),
        sa.ForeignKeyConstraint(["mother_id"], ["person.person_id"], name="person_mother_id_fkey"),
        sa.ForeignKeyConstraint(["spouse_id"], ["person.person_id"], name="person_spouse_id_fkey"),
        sa.PrimaryKeyConstraint("person_id", name="person_pkey"),
        postgresql_with={"fillfactor": 85},
    )
    op.create_index("person_father_id_idx", "person", ["father_id"])
    op.create_index("person_mother_id_idx", "person", ["mother_id"])
    op.create_index("person_name_key_idx", "person", ["name_key"])
    op.create_index("person_number_idx", "person", ["number"], unique=True)
    op.create_index("person_scope_person_id_idx", "person", ["scope", "person_id"])


def _change() -> None:
    op.create_table(
        "change",
        sa.Column("position", Identifier, autoincrement=False, nullable=False),
        sa.Column("person_id", Identifier, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("dataset", sa.SmallInteger(), nullable=False),
        sa.Column("kinds", sa.BigInteger(), nullable=False),
        sa.Column("scope_before", key_text(2), nullable=False),
        sa.Column("scope_after", key_text(2), nullable=False),
        sa.Column("audit_index", sa.BigInteger()),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="change_person_id_fkey"),
        sa.PrimaryKeyConstraint("position", name="change_pkey"),
    )


def _identity_document() -> None:
    op.create_table(
        "identity_document",
        sa.Column("person_id", Identifier, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Integer(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Integer()),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="identity_document_person_id_fkey"),
    )
    op.create_index("identity_document_person_id_idx", "identity_document", ["person_id"])


def _membership() -> None:
    op.create_table(
        "membership",
        sa.Column("person_id", Identifier, nullable=False),
        sa.Column("household_id", Identifier, nullable=False),
        sa.Column("relation", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("valid_from", sa.Integer(), nullable=False),
        sa.Column("valid_to", sa.Integer()),
        sa.ForeignKeyConstraint(["household_id"], ["household.household_id"], name="membership_household_id_fkey"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="membership_person_id_fkey"),
    )
    op.create_index("membership_household_id_idx", "membership", ["household_id"])
    op.create_index("membership_person_id_idx", "membership", ["person_id"])


def _person_name() -> None:
    op.create_table(
        "person_name",
        sa.Column("person_id", Identifier, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Integer()),
        sa.Column("valid_to", sa.Integer()),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="person_name_person_id_fkey"),
    )
    op.create_index("person_name_person_id_idx", "person_name", ["person_id"])


def _person_number() -> None:
    op.create_table(
        "person_number",
        sa.Column("number", key_text(12), nullable=False),
        sa.Column("person_id", Identifier, nullable=False),
        sa.Column("valid_from", sa.Integer(), nullable=False),
        sa.Column("valid_to", sa.Integer()),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="person_number_person_id_fkey"),
    )
    op.create_index("person_number_number_idx", "person_number", ["number"], unique=True)
    op.create_index("person_number_person_id_idx", "person_number", ["person_id"])


def _residence() -> None:
    op.create_table(
        "residence",
        sa.Column("person_id", Identifier, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("commune_old", key_text(5)),
        sa.Column("commune", key_text(5), nullable=False),
        sa.Column("line", sa.Text()),
        sa.Column("valid_from", sa.Integer(), nullable=False),
        sa.Column("valid_to", sa.Integer()),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="residence_person_id_fkey"),
    )
    op.create_index("residence_person_id_idx", "residence", ["person_id"])


def _social_insurance() -> None:
    op.create_table(
        "social_insurance",
        sa.Column("person_id", Identifier, autoincrement=False, nullable=False),
        sa.Column("code", key_text(10)),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("health_card", sa.Text()),
        sa.Column("employer_unit", sa.Text()),
        sa.Column("updated_on", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name="social_insurance_person_id_fkey"),
        sa.PrimaryKeyConstraint("person_id", name="social_insurance_pkey"),
    )
