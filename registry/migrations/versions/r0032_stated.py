"""What most callers state beside the fragment of a person; those there are made anew. Frozen: it imports no table."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision: str | None = "0031"

Identifier = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def key_text(length: int) -> sa.String:
    """Text compared byte by byte."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Another table in place of the one that is there, empty: the writer fills it."""
    op.drop_table("fragment")
    op.execute("DELETE FROM fragment_state")
    op.create_table(
        "fragment",
        sa.Column("key", Identifier, autoincrement=False, nullable=False),
        sa.Column("person_id", Identifier, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", key_text(2), nullable=False),
        sa.Column("stated", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="fragment_pkey"),
    )
    op.create_index("fragment_person_id_idx", "fragment", ["person_id"], unique=True)
