"""Opens the population's database, SQLite or PostgreSQL, with the settings every reader and writer relies on.

Trust: the database is trusted; see registry/tables.py.
"""

import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from registry.errors import Inconsistent, NotBuilt, RegistryError, StoreUnavailable

SQLITE_MMAP_BYTES = 2_000_000_000  # SQLite's compiled maximum is a little above
SQLITE_CACHE_KIB = 65_536
SQLITE_BUSY_SECONDS_MAX = 5
POSTGRES_POOL_CONNECTIONS_MAX = 16
POSTGRES_CONNECT_SECONDS_MAX = 5

DRIVER_ERRORS = (sqlite3.Error, psycopg.Error, SQLAlchemyError)


def registry_url(state_dir: str | Path) -> str:
    """Path of the population when nothing else is configured: SQLite in the state directory."""
    return str(Path(state_dir) / "registry.db")


def open_engine(url_or_path: str | Path, *, read_only: bool = False) -> Engine:
    """Open the database at a file path (SQLite) or a `postgresql://` address.

    Driver connections are in autocommit; SQLAlchemy's `begin` starts a transaction. SQLite: WAL, every
    commit synced, transactions take the write lock at once. Read-only refuses writes and a missing file
    (`NotBuilt`).
    """
    text = str(url_or_path)
    if "://" not in text:
        return _open_sqlite(Path(text), read_only)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise RegistryError("the registry's address is not a database address") from None
    if url.drivername.split("+")[0] not in ("postgresql", "postgres"):
        raise RegistryError("the registry's address must be a file path or start with postgresql://")
    return _open_postgres(url.set(drivername="postgresql+psycopg"), read_only)


def is_sqlite(engine: Engine) -> bool:
    """Whether the engine is an SQLite file; the other possibility is PostgreSQL."""
    return engine.dialect.name == "sqlite"


def store_error(error: Exception) -> RegistryError:
    """The registry's error for a driver's, without its text: that text can quote a row."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    if isinstance(cause, sqlite3.IntegrityError | psycopg.IntegrityError | psycopg.DataError):
        return Inconsistent(str(code))
    return StoreUnavailable(str(code or type(cause).__name__))


def _open_sqlite(path: Path, read_only: bool) -> Engine:
    if read_only and not path.is_file():
        raise NotBuilt
    if not read_only and not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # its -wal and -shm inherit the mode
    engine = create_engine(
        URL.create(
            "sqlite+pysqlite",
            database="file:" + quote(str(path.absolute())),
            query={"mode": "rw", "uri": "true"},
        ),
        pool_size=8,
        max_overflow=-1,
        paramstyle="named",
        connect_args={"timeout": SQLITE_BUSY_SECONDS_MAX, "isolation_level": None, "cached_statements": 256},
    )

    @event.listens_for(engine, "connect")
    def _set_pragmas(connection: Any, _record: object) -> None:
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA mmap_size = {SQLITE_MMAP_BYTES}")
        connection.execute(f"PRAGMA cache_size = -{SQLITE_CACHE_KIB}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction fails when it turns to writing while another process writes; this one waits.
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _open_postgres(url: URL, read_only: bool) -> Engine:
    settings = {
        "jit": "off",
        # Statements take arrays of any length; planning each call anew costs more than it gains.
        "plan_cache_mode": "force_generic_plan",
        # Every statement has its index. A plan made while a table was empty must not scan it once it has grown.
        "enable_seqscan": "off",
        "synchronous_commit": "on",
        "timezone": "UTC",
        "default_transaction_read_only": "on" if read_only else "off",
    }
    engine = create_engine(
        url,
        pool_size=POSTGRES_POOL_CONNECTIONS_MAX,
        max_overflow=0,
        pool_timeout=POSTGRES_CONNECT_SECONDS_MAX,
        connect_args={
            "autocommit": True,
            "connect_timeout": POSTGRES_CONNECT_SECONDS_MAX,
            "application_name": "popgate",
            "prepare_threshold": 0,
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        },
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine
