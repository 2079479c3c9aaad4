"""Stored fragments of answers, and through which change they are in step. Frozen: it imports no table."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision: str | None = "0002"

Identifier = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def key_text(length: int | None = None) -> sa.String:
    """Text compared byte by byte."""
    plain = sa.Text() if length is None else sa.String(length)
    collated = sa.Text(collation="C") if length is None else sa.String(length, collation="C")
    return plain.with_variant(collated, "postgresql")


def upgrade() -> None:
    """Two tables, empty: the writer fills them."""
    op.create_table(
        "fragment",
        sa.Column("person_id", Identifier, autoincrement=False, nullable=False),
        sa.Column("number", key_text(12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", key_text(2), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="fragment_pkey"),
    )
    op.create_table(
        "fragment_state",
        sa.Column("encoding", key_text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("through_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("encoding", name="fragment_state_pkey"),
    )
