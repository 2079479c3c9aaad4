"""The table of signing keys in gateway.db and its statements."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    LargeBinary,
    String,
    Table,
    insert,
    select,
    update,
)

from gateway.agency import tables
from gateway.agency.register import SEALED
from gateway.agency.signing_keys import SigningKey
from gateway.errors import RecordExists, RecordUnknown

KEYS_PER_SYSTEM_MAX = 16
"""Of those neither revoked nor past their time."""

# Times are unix seconds. Rows stay for ever, so that a key that was given up is never taken again.
signing_key = Table(
    "signing_key",
    tables.metadata,
    Column("key_id", String(43), primary_key=True),
    Column("agency", String(32), nullable=False),
    Column("unit", String(32), nullable=False),
    Column("system", String(32), nullable=False),
    Column("public_key", LargeBinary(128), nullable=False),
    Column("from_time", BigInteger, nullable=False),
    Column("until_time", BigInteger, nullable=False),
    Column("registered_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger, nullable=True),
    Index("signing_key_system", "agency", "unit", "system"),
    info={SEALED: True},
)


class SigningKeyStore:
    """Synchronous; safe to call from several threads and processes."""

    def __init__(self, engine: Engine, changing: Callable[[Table, int], AbstractContextManager[Connection]]) -> None:
        """`changing`: see the register of acts; workers look at the policy again afterwards."""
        self._engine = engine
        self._changing = changing

    def find(self, key_id: str) -> SigningKey | None:
        """The key of this id, whoever's it is."""
        with self._engine.connect() as connection:
            return _find(connection, key_id)

    def of_system(self, agency: str, unit: str, system: str) -> list[SigningKey]:
        """All keys of one system, newest first."""
        with self._engine.connect() as connection:
            return _of_system(connection, agency, unit, system)

    def require_room(self, key: SigningKey, now: int) -> None:
        """Raises RecordExists when the key was registered before, or its system has 16 keys."""
        with self._engine.connect() as connection:
            _require_room(connection, key, now)

    def register(self, key: SigningKey, now: int) -> None:
        """Raises RecordExists as `require_room` does; again by the same system is no error."""
        with self._changing(signing_key, now) as connection:
            known = _find(connection, key.key_id)
            if known is not None and _place(known) == _place(key):
                return
            _require_room(connection, key, now)
            connection.execute(
                insert(signing_key).values(
                    key_id=key.key_id,
                    agency=key.agency,
                    unit=key.unit,
                    system=key.system,
                    public_key=key.der,
                    from_time=key.from_time,
                    until_time=key.until_time,
                    registered_at=key.registered_at,
                )
            )

    def revoke(self, key_id: str, now: int) -> None:
        """One key, of whichever agency. Raises RecordUnknown; again is no error."""
        with self._changing(signing_key, now) as connection:
            if _find(connection, key_id) is None:
                raise RecordUnknown
            connection.execute(
                update(signing_key)
                .where(signing_key.c.key_id == key_id, signing_key.c.revoked_at.is_(None))
                .values(revoked_at=now)
            )


def load_signing_keys(connection: Connection) -> dict[str, SigningKey]:
    """By id, all keys: what workers check signatures with."""
    return {row.key_id: _key(row) for row in connection.execute(select(signing_key))}


def _find(connection: Connection, key_id: str) -> SigningKey | None:
    row = connection.execute(select(signing_key).where(signing_key.c.key_id == key_id)).one_or_none()
    return None if row is None else _key(row)


def _of_system(connection: Connection, agency: str, unit: str, system: str) -> list[SigningKey]:
    table = signing_key
    rows = connection.execute(
        select(table)
        .where(table.c.agency == agency, table.c.unit == unit, table.c.system == system)
        .order_by(table.c.registered_at.desc(), table.c.key_id)
    )
    return [_key(row) for row in rows]


def _require_room(connection: Connection, key: SigningKey, now: int) -> None:
    if _find(connection, key.key_id) is not None:
        raise RecordExists("The signing key was registered before and cannot be again; make another one.")
    held = [each for each in _of_system(connection, *_place(key)) if not each.revoked and now < each.until_time]
    if len(held) >= KEYS_PER_SYSTEM_MAX:
        raise RecordExists(f"The system has {KEYS_PER_SYSTEM_MAX} signing keys; revoke those it does not use.")


def _place(key: SigningKey) -> tuple[str, str, str]:
    return key.agency, key.unit, key.system


def _key(row: Any) -> SigningKey:
    return SigningKey(
        key_id=row.key_id,
        agency=row.agency,
        unit=row.unit,
        system=row.system,
        der=row.public_key,
        from_time=row.from_time,
        until_time=row.until_time,
        registered_at=row.registered_at,
        revoked=row.revoked_at is not None,
    )
