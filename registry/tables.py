"""The tables of the population, the same on SQLite and PostgreSQL. Shapes only: no statement is written here.

Trust: this store is trusted. Who alters it changes what agencies are told; the access log still shows what
was answered and to whom, but it cannot show that an answer was wrong.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

# On SQLite only "INTEGER PRIMARY KEY" is the row's own address; BIGINT would cost a second tree and look-up.
Identifier = BigInteger().with_variant(Integer(), "sqlite")


def key_text(length: int | None = None) -> String:
    """Text that is only ever compared byte by byte, whatever the database's collation is."""
    plain = Text() if length is None else String(length)
    collated = Text(collation="C") if length is None else String(length, collation="C")
    return plain.with_variant(collated, "postgresql")


def if_present(column: str) -> Index:
    """An index of the rows that have a value there, which are few."""
    present = text(f"{column} IS NOT NULL")
    return Index(None, column, sqlite_where=present, postgresql_where=present)


def _person(**options: Any) -> Column[int]:
    """A reference to a person, not null unless said."""
    options.setdefault("nullable", False)
    return Column("person_id", Identifier, ForeignKey("person.person_id"), **options)


person = Table(
    "person",
    metadata,
    Column("person_id", Identifier, primary_key=True, autoincrement=False),
    Column("number", key_text(12), nullable=False),
    Column("version", Integer, nullable=False),
    Column("surname", Text, nullable=False),
    Column("middle_name", Text, nullable=False),
    Column("given_name", Text, nullable=False),
    Column("name_key", key_text(), nullable=False),
    Column("birth_year", SmallInteger, nullable=False),
    Column("birth_month", SmallInteger, nullable=False),
    Column("birth_day", SmallInteger, nullable=False),
    Column("sex", SmallInteger, nullable=False),
    Column("birth_place", key_text(5)),
    Column("birth_registration", key_text(5)),
    Column("native_place", key_text(5)),
    Column("ethnic_group", key_text(2)),
    Column("religion", SmallInteger),
    Column("nationality", key_text(2)),
    Column("blood_group", Text),
    Column("legacy_number", key_text(9)),
    Column("father_id", Identifier, ForeignKey("person.person_id")),
    Column("mother_id", Identifier, ForeignKey("person.person_id")),
    Column("spouse_id", Identifier, ForeignKey("person.person_id")),
    Column("permanent_commune_old", key_text(5)),
    Column("permanent_commune", key_text(5)),
    Column("permanent_line", Text),
    Column("permanent_since", Integer),
    Column("household_id", Identifier, ForeignKey("household.household_id")),
    Column("household_number", Text),
    Column("relation_to_head", SmallInteger),
    Column("marital_status", SmallInteger),
    Column("absence_status", SmallInteger),
    Column("residence_dossier", Text),
    Column("death_date", Integer),
    Column("phone", Text),
    Column("email", Text),
    Column("scope", key_text(2), nullable=False),
    Column("search_key", key_text()),
    Index(None, "number", unique=True),
    Index(None, "name_key"),
    Index(None, "search_key", "birth_year"),
    Index(None, "permanent_commune", "birth_year"),
    if_present("legacy_number"),
    Index(None, "father_id"),
    Index(None, "mother_id"),
    Index(None, "scope", "person_id"),
    postgresql_with={"fillfactor": 85},  # room to update a row in its page: without it each push moves the row
)

# The key is a unique index, not a primary key, so that a bulk load can build it at the end.
person_number = Table(
    "person_number",
    metadata,
    Column("number", key_text(12), nullable=False),
    _person(),
    Column("valid_from", Integer, nullable=False),
    Column("valid_to", Integer),
    Index(None, "number", unique=True),
    Index(None, "person_id"),
)

person_name = Table(
    "person_name",
    metadata,
    _person(),
    Column("kind", SmallInteger, nullable=False),
    Column("surname", Text, nullable=False),
    Column("middle_name", Text, nullable=False),
    Column("given_name", Text, nullable=False),
    Column("valid_from", Integer),
    Column("valid_to", Integer),
    Index(None, "person_id"),
)

# head_person_id has no foreign key: person and household would then each need the other to exist first.
household = Table(
    "household",
    metadata,
    Column("household_id", Identifier, primary_key=True, autoincrement=False),
    Column("number", key_text(), nullable=False),
    Column("head_person_id", Identifier, nullable=False),
    Column("commune_old", key_text(5)),
    Column("commune", key_text(5), nullable=False),
    Column("line", Text),
    Column("kind", SmallInteger, nullable=False),
    Index(None, "number", unique=True),
)

membership = Table(
    "membership",
    metadata,
    _person(),
    Column("household_id", Identifier, ForeignKey("household.household_id"), nullable=False),
    Column("relation", SmallInteger, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("valid_from", Integer, nullable=False),
    Column("valid_to", Integer),
    Index(None, "person_id"),
    Index(None, "household_id"),
)

residence = Table(
    "residence",
    metadata,
    _person(),
    Column("kind", SmallInteger, nullable=False),
    Column("commune_old", key_text(5)),
    Column("commune", key_text(5), nullable=False),
    Column("line", Text),
    Column("valid_from", Integer, nullable=False),
    Column("valid_to", Integer),
    Index(None, "person_id"),
)

identity_document = Table(
    "identity_document",
    metadata,
    _person(),
    Column("kind", SmallInteger, nullable=False),
    Column("number", Text, nullable=False),
    Column("issued_on", Integer, nullable=False),
    Column("issued_by", Text, nullable=False),
    Column("expires_on", Integer),
    Index(None, "person_id"),
)

unit = Table(
    "unit",
    metadata,
    Column("version", SmallInteger, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("code", key_text(), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("parent_code", key_text()),
    PrimaryKeyConstraint("version", "level", "code"),
)

unit_successor = Table(
    "unit_successor",
    metadata,
    Column("commune_code_old", key_text(5), nullable=False),
    Column("commune_code", key_text(5), nullable=False),
    Column("is_default", Boolean, nullable=False),
    PrimaryKeyConstraint("commune_code_old", "commune_code"),
)

social_insurance = Table(
    "social_insurance",
    metadata,
    Column("person_id", Identifier, ForeignKey("person.person_id"), primary_key=True, autoincrement=False),
    Column("code", key_text(10)),
    Column("status", SmallInteger, nullable=False),
    Column("health_card", Text),
    Column("employer_unit", Text),
    Column("updated_on", Integer, nullable=False),
    if_present("code"),
)

change = Table(
    "change",
    metadata,
    Column("position", Identifier, primary_key=True, autoincrement=False),
    _person(),
    Column("version", Integer, nullable=False),
    Column("dataset", SmallInteger, nullable=False),
    Column("kinds", BigInteger, nullable=False),
    Column("scope_before", key_text(2), nullable=False),
    Column("scope_after", key_text(2), nullable=False),
    Column("audit_index", BigInteger),
    Column("made_at", BigInteger, nullable=False),
)

# Derived, see registry/fragments.py. No foreign key: the writer alone fills it, from the people themselves.
fragment = Table(
    "fragment",
    metadata,
    # The current personal number as an integer: one short search, where a text and then a person_id take two long ones.
    Column("key", Identifier, primary_key=True, autoincrement=False),
    Column("person_id", Identifier, nullable=False),
    Column("version", Integer, nullable=False),
    Column("scope", key_text(2), nullable=False),
    # What is read to compare stands before what answers: so much shorter is the way to it.
    Column("stated", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "person_id", unique=True),
)

fragment_state = Table(
    "fragment_state",
    metadata,
    Column("encoding", key_text(), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("through_number", key_text(12), nullable=False),
)

registry_meta = Table(
    "registry_meta",
    metadata,
    Column("key", key_text(), primary_key=True),
    Column("value", Text, nullable=False),
)
