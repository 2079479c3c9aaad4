"""The migrations build what the tables say, on both engines."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, inspect, text

from registry.migrations import drop_everything, migrate
from registry.tables import metadata
from tests.store.conftest import Databases


def schema(engine: Engine) -> dict[str, Any]:
    """Everything the database says about its tables, in an order that does not depend on their making."""
    found = inspect(engine)
    shape: dict[str, Any] = {}
    for table in sorted(set(found.get_table_names()) - {"alembic_version"}):
        shape[table] = {
            "columns": [{**column, "type": str(column["type"])} for column in found.get_columns(table)],
            "key": found.get_pk_constraint(table),
            "references": sorted(found.get_foreign_keys(table), key=str),
            "unique": sorted(found.get_unique_constraints(table), key=str),
            "indexes": sorted(map(_index, found.get_indexes(table)), key=str),
        }
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            shape["collations"] = connection.execute(
                text(
                    "SELECT table_name, column_name, collation_name FROM information_schema.columns"
                    " WHERE table_schema = 'public' AND table_name <> 'alembic_version' ORDER BY 1, 2"
                )
            ).all()
            shape["options"] = connection.execute(
                text("SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL ORDER BY 1")
            ).all()
    return shape


def _index(index: Any) -> dict[str, Any]:
    """An index with its condition as text: as clauses no two are equal."""
    options = {name: str(option) for name, option in index.get("dialect_options", {}).items()}
    return {**index, "dialect_options": options}


def test_the_migrated_schema_is_the_one_the_tables_describe(
    databases: Databases, opened: Callable[..., Engine]
) -> None:
    migrated, created = opened(databases.empty()), opened(databases.empty())
    migrate(migrated)
    with created.begin() as connection:
        metadata.create_all(connection)
    assert schema(migrated) == schema(created)


def test_migrating_twice_changes_nothing(empty_url: str, opened: Callable[..., Engine]) -> None:
    engine = opened(empty_url)
    migrate(engine)
    before = schema(engine)
    migrate(engine)
    assert schema(engine) == before


def test_a_dropped_schema_can_be_migrated_again(empty_url: str, opened: Callable[..., Engine]) -> None:
    engine = opened(empty_url)
    migrate(engine)
    drop_everything(engine)
    assert inspect(engine).get_table_names() == []
    migrate(engine)
    assert "person" in inspect(engine).get_table_names()
