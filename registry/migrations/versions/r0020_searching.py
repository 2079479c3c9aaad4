"""Keys by which people are searched for, and indexes of the numbers that once named them. Frozen, but for the rule of
the key, which has a migration of its own when it changes."""

import sqlalchemy as sa
from alembic import op

from registry.names import search_key

revision = "0020"
down_revision: str | None = "0030"

OLD_NUMBERS = (("person", "legacy_number"), ("social_insurance", "code"), ("tax_registration", "former_code"))
ROWS_AT_ONCE = 20_000


def upgrade() -> None:
    """Add and fill the key, then index it: an index that is there while rows change costs several times as much."""
    key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("person", sa.Column("search_key", key))
    _fill()
    op.create_index("person_search_key_birth_year_idx", "person", ["search_key", "birth_year"])
    op.create_index("person_permanent_commune_birth_year_idx", "person", ["permanent_commune", "birth_year"])
    for table, column in OLD_NUMBERS:
        present = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"{table}_{column}_idx", table, [column], sqlite_where=present, postgresql_where=present)


def _fill() -> None:
    connection = op.get_bind()
    read = sa.text(
        "SELECT person_id, surname, middle_name, given_name FROM person WHERE person_id > :after"
        " ORDER BY person_id LIMIT :count"
    )
    write = sa.text("UPDATE person SET search_key = :key WHERE person_id = :person_id")
    after = 0
    while rows := connection.execute(read, {"after": after, "count": ROWS_AT_ONCE}).all():
        connection.execute(write, [{"person_id": row[0], "key": search_key(" ".join(row[1:]))} for row in rows])
        after = rows[-1][0]
