"""Stored fragments by the personal number as an integer; those there are made anew. Frozen: it imports no table."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision: str | None = "0020"

Identifier = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def key_text(length: int | None = None) -> sa.String:
    """Text compared byte by byte."""
    plain = sa.Text() if length is None else sa.String(length)
    collated = sa.Text(collation="C") if length is None else sa.String(length, collation="C")
    return plain.with_variant(collated, "postgresql")


def upgrade() -> None:
    """Two tables in place of two, empty: the writer fills them."""
    op.drop_table("fragment")
    op.drop_table("fragment_state")
    op.create_table(
        "fragment",
        sa.Column("key", Identifier, autoincrement=False, nullable=False),
        sa.Column("person_id", Identifier, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", key_text(2), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="fragment_pkey"),
    )
    op.create_index("fragment_person_id_idx", "fragment", ["person_id"], unique=True)
    op.create_table(
        "fragment_state",
        sa.Column("encoding", key_text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("through_number", key_text(12), nullable=False),
        sa.PrimaryKeyConstraint("encoding", name="fragment_state_pkey"),
    )
