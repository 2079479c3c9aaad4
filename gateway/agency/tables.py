"""The tables of gateway.db and how it is opened. Shapes only: the statements stand in store.py."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
)

SCHEMA_VERSION = 3
_BUSY_SECONDS_MAX = 5

metadata = MetaData()

# Times are unix seconds.

schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("code_salt", LargeBinary(16), nullable=False),
)

# What operators decided, see acts.py; never changed, never deleted.
act = Table(
    "act",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("record", Text, nullable=False),
    Column("seal", LargeBinary(32), nullable=False),
)

# One row: the next number for a grant or a proposal.
counter = Table("counter", metadata, Column("next_grant_id", BigInteger, nullable=False))

credential = Table(
    "credential",
    metadata,
    Column("thumbprint", LargeBinary(32), primary_key=True),
    Column("agency", String(32), nullable=False),
    Column("unit", String(32), nullable=False),
    Column("system", String(32), nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("credential_agency_expires_at", "agency", "expires_at"),
)

# A certificate that was replaced, and by which: its own renewal. `refused_from`: when the overlap ends. `number` grows.
succession = Table(
    "succession",
    metadata,
    Column("thumbprint", LargeBinary(32), primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("successor", LargeBinary(32), nullable=False),
    # SHA-256 of the successor's public key: with the same key a renewal may be repeated.
    Column("key_digest", LargeBinary(32), nullable=False),
    Column("refused_from", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    # Over the rest of the row, under the key of the acts.
    Column("seal", LargeBinary(32), nullable=False),
)

# A code that was used is kept, so that it stays refused and can be told from one that never was.
enrolment_code = Table(
    "enrolment_code",
    metadata,
    Column("code_hash", LargeBinary(32), primary_key=True),
    Column("agency", String(32), nullable=False),
    Column("unit", String(32), nullable=False),
    Column("system", String(32), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=True),
    # Over the rest of the row but used_at, under the key of the acts: a code cannot be given to another agency.
    Column("seal", LargeBinary(32), nullable=False),
)


def open_engine(path: Path) -> Engine:
    """SQLite in WAL mode, every commit synced.

    A connection made with the execution option `writes` takes the write lock when it begins; others read one
    snapshot.
    """
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # its -wal and -shm inherit the mode
    engine = create_engine(
        URL.create(
            "sqlite+pysqlite",
            database="file:" + quote(str(path.absolute())),
            query={"mode": "rw", "uri": "true"},
        ),
        connect_args={"timeout": _BUSY_SECONDS_MAX, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _set_pragmas(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction fails when it turns to writing while another process writes; this one waits.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
