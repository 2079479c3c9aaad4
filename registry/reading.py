"""Builds statement texts once and runs them on held connections, returning the drivers' plain rows.

Trust: the database is trusted; see registry/tables.py.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ClauseElement, Engine, FromClause, Text, bindparam, cast, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from registry.engine import DRIVER_ERRORS, is_sqlite, store_error

NUMBERS: TypeEngine[Any] = Text()
IDENTIFIERS: TypeEngine[Any] = BigInteger()


class Statements:
    """Builds statement texts for one engine, with SQLAlchemy Core, to be compiled once and run many times.

    A list of any length is one parameter (a JSON text on SQLite, an array on PostgreSQL), so a text never
    varies with the number of people.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.is_sqlite = is_sqlite(engine)

    def compile(self, statement: ClauseElement) -> str:
        """The statement's text for this engine, with named parameters."""
        compiled = statement.compile(dialect=self._engine.dialect)
        # A value inside the statement would become a parameter that no caller knows of.
        assert all(value is None for value in compiled.params.values()), "use bindparam or literal_column"
        return str(compiled)

    def pack(self, values: Sequence[Any]) -> Any:
        """The one parameter that carries a list, for the sources of `asked`."""
        return msgspec.json.encode(list(values)).decode() if self.is_sqlite else list(values)

    def asked(self, parameter: str, element: TypeEngine[Any]) -> FromClause:
        """A source `asked` with one column `value`: the elements of the packed list, in order."""
        if self.is_sqlite:
            return func.json_each(bindparam(parameter, type_=Text())).table_valued("value").alias("asked")
        array = cast(bindparam(parameter), ARRAY(element))
        return func.unnest(array).table_valued("value").render_derived(name="asked")


class Session(Statements):
    """One connection held for writing; errors are the driver's own, the writer translates them."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._connection = engine.raw_connection()
        self._driver: Any = self._connection.driver_connection

    def close(self) -> None:
        """Close the connection; an open transaction is undone."""
        self._connection.invalidate()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end, undo everything on any error."""
        # SQLite: take the write lock first, so that what is read cannot change before it is written.
        self._driver.execute("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
        try:
            yield
        except BaseException:
            self._driver.rollback()
            raise
        self._driver.execute("COMMIT")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one state of the store, whatever others commit meanwhile. Takes no lock, and writes nothing."""
        self._driver.execute("BEGIN" if self.is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ")
        try:
            yield
        finally:
            self._driver.rollback()

    def rows(self, text: str, parameters: Mapping[str, Any]) -> list[Any]:
        """All rows, as the driver gives them."""
        rows: list[Any] = self._driver.execute(text, parameters).fetchall()
        return rows

    def run(self, text: str, parameters: Mapping[str, Any]) -> None:
        """Run a statement that answers nothing."""
        self._driver.execute(text, parameters)

    def run_each(self, text: str, parameters: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement once for each set of parameters."""
        self._driver.executemany(text, parameters)


class Reader(Statements):
    """Reads on the drivers' own connections, in autocommit: each read sees every commit made before it."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        # As text, PostgreSQL would write bytes as twice as many digits, to be read back here.
        self._format: dict[str, Any] = {} if self.is_sqlite else {"binary": True}
        self._local = threading.local()
        self._lock = threading.Lock()
        self._held: set[Any] = set()

    def rows(self, text: str, parameters: Mapping[str, Any]) -> list[Any]:
        """All rows, as the driver gives them. Raises `StoreUnavailable`."""
        try:
            try:
                driver = self._local.driver
            except AttributeError:
                driver = self._connect()
            rows: list[Any] = driver.execute(text, parameters, **self._format).fetchall()
        except DRIVER_ERRORS as error:
            self._drop()
            raise store_error(error) from None
        return rows

    def close(self) -> None:
        """Close the connections of all threads; a later read opens a new one."""
        with self._lock:
            held, self._held = self._held, set()
            self._local = threading.local()
        for connection in held:
            connection.invalidate()

    def _connect(self) -> Any:
        connection = self._engine.raw_connection()
        with self._lock:
            self._held.add(connection)
        self._local.connection = connection
        self._local.driver = connection.driver_connection
        return self._local.driver

    def _drop(self) -> None:
        """After an error the connection may be broken; the next read opens another."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            with self._lock:
                self._held.discard(connection)
            del self._local.connection, self._local.driver
            connection.invalidate()
