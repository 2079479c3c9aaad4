"""The register of acts in gateway.db: appends acts, reads them back checked, keeps the ledger computed from them."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, Table, func, insert, select

from gateway.agency import tables
from gateway.agency.acts import FIRST_SEAL, Act, ActKind, ActsAltered, require_seal, seal
from gateway.agency.ledger import Ledger

SEALED = "sealed"
"""In a table's `info`: its rows change only together with an act that names their digest."""


class Register:
    """Synchronous; safe to call from several threads and processes.

    An act is checked against all acts before it and appended in one transaction; whoever appends holds the
    database's write lock, so that of two acts which exclude each other one fails.
    """

    def __init__(self, engine: Engine, key: bytes, appended: Callable[[], None]) -> None:
        """`key`: 32 bytes. `appended` is called after an act is durable."""
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._key = key
        self._appended = appended
        self._lock = threading.Lock()
        self._ledger = Ledger()
        self._seal = FIRST_SEAL

    def number(self) -> int:
        """Of the newest act; 0 before the first."""
        with self._engine.connect() as connection:
            return _newest(connection)

    def require(self, act: Act) -> None:
        """Raises what `append` would raise now, and appends nothing."""
        with self.ledger() as ledger:
            ledger.require(act)

    def append(self, act: Act) -> int:
        """Let an act take effect; its number. Raises what `Ledger.apply` raises, ActsAltered."""
        with self._lock, self._writes.begin() as connection:
            self._catch_up(connection)
            number = self._append(connection, act)
        self._appended()
        return number

    @contextmanager
    def changing(self, table: Table, now: int) -> Iterator[Connection]:
        """A transaction that may change the rows of a sealed table; an act with their digest goes with it."""
        with self._lock, self._writes.begin() as connection:
            self._catch_up(connection)
            yield connection
            digest = _digest(connection, table)
            self._append(connection, Act(ActKind.ROWS, {"table": table.name, "digest": digest}, now))
        self._appended()

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The ledger after all acts that there are; not to be kept. Raises ActsAltered."""
        with self.snapshot() as (ledger, _):
            yield ledger

    @contextmanager
    def snapshot(self) -> Iterator[tuple[Ledger, Connection]]:
        """The same, with a connection that sees the database of that moment, its sealed tables checked."""
        with self._lock, self._engine.connect() as connection:
            if self._catch_up(connection):
                for table in tables.metadata.sorted_tables:
                    if table.info.get(SEALED) and self._ledger.digests.get(table.name, _EMPTY) != _digest(
                        connection, table
                    ):
                        raise ActsAltered(f"rows of {table.name} in gateway.db were altered; restore gateway.db")
            yield self._ledger, connection

    def acts(self, after: int, count: int) -> list[tuple[int, Act]]:
        """Acts with their numbers, oldest first, at most `count` of those after a number."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(tables.act.c.number, tables.act.c.record)
                .where(tables.act.c.number > after)
                .order_by(tables.act.c.number)
                .limit(count)
            ).all()
        return [(row.number, Act.from_text(row.record)) for row in rows]

    def _append(self, connection: Connection, act: Act) -> int:
        # Checked before it is written, applied when it is read back: a commit that fails leaves the ledger true.
        self._ledger.require(act)
        number, text = self._ledger.number + 1, act.to_text()
        sealed = seal(self._key, self._seal, number, text)
        connection.execute(insert(tables.act).values(number=number, record=text, seal=sealed))
        return number

    def _catch_up(self, connection: Connection) -> bool:
        """Whether there was anything new, or this is the first time. Raises ActsAltered."""
        ledger, table = self._ledger, tables.act
        before = ledger.number
        try:
            for row in connection.execute(
                select(table.c.number, table.c.record, table.c.seal)
                .where(table.c.number > before)
                .order_by(table.c.number)
            ):
                if row.number != ledger.number + 1:
                    raise ActsAltered(f"act {ledger.number + 1} is missing in gateway.db; restore gateway.db")
                require_seal(self._key, self._seal, row.number, row.record, row.seal)
                ledger.apply(Act.from_text(row.record))
                self._seal = row.seal
            if ledger.number == before and _newest(connection) != before:
                raise ActsAltered(f"act {before} is no longer in gateway.db; restore gateway.db")
        except BaseException:
            # Half read: begin anew rather than go on from what may be wrong.
            self._ledger, self._seal = Ledger(), FIRST_SEAL
            raise
        return ledger.number != before or before == 0


def _newest(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(tables.act.c.number), 0))).scalar_one())


def _digest(connection: Connection, table: Table) -> str:
    digest = hashlib.sha256()
    for row in connection.execute(select(table).order_by(*table.primary_key.columns)):
        values = [value.hex() if isinstance(value, bytes) else value for value in row]
        digest.update(json.dumps(values, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


_EMPTY = hashlib.sha256().hexdigest()
