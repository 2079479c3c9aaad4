"""Brings a database's tables from nothing or any earlier release to this one's. Makes no data up."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from registry.engine import DRIVER_ERRORS, is_sqlite, store_error
from registry.linked import LINKED  # noqa: F401  its tables join the metadata
from registry.tables import metadata

_POSTGRES_LOCK = 0x706F70_6D6967  # "popmig": two starts at once migrate one after the other


def migrate(engine: Engine) -> None:
    """Run every migration the database has not seen, in one transaction."""
    config = Config()
    config.set_main_option("script_location", "registry:migrations")
    config.set_main_option("path_separator", "os")
    try:
        with engine.begin() as connection:
            if not is_sqlite(engine):
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DRIVER_ERRORS as error:
        raise store_error(error) from None


def drop_everything(engine: Engine) -> None:
    """Remove every table of the registry and Alembic's, so that the next `migrate` starts from nothing."""
    try:
        with engine.begin() as connection:
            metadata.drop_all(connection)
            connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    except DRIVER_ERRORS as error:
        raise store_error(error) from None
