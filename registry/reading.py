"""Runs prepared texts on one held connection a thread and returns plain rows; never holds a transaction.

Trust: the database is trusted; see registry/tables.py.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, ClauseElement, Engine, FromClause, Text, bindparam, cast, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from registry.engine import DRIVER_ERRORS, is_sqlite, store_error


class Reader:
    """Reads through the drivers' own connections, in autocommit: each read sees every commit made before it.

    Statements are built with SQLAlchemy Core and compiled once; a call then costs what the driver costs.
    A list of any length is one parameter (a JSON text on SQLite, an array on PostgreSQL), so a text never
    varies with the number of people.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.is_sqlite = is_sqlite(engine)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._held: set[Any] = set()

    def compile(self, statement: ClauseElement) -> str:
        """The statement's text for this engine, with named parameters."""
        compiled = statement.compile(dialect=self._engine.dialect)
        # A value inside the statement would become a parameter that no caller knows of.
        assert not any(value is not None for value in compiled.params.values()), (
            "use bindparam or literal_column"
        )
        return str(compiled)

    def pack(self, values: Sequence[Any]) -> Any:
        """The one parameter that carries a list, for the sources of `asked`."""
        return (
            json.dumps(values if isinstance(values, list) else list(values))
            if self.is_sqlite
            else list(values)
        )

    def asked(self, parameter: str, element: TypeEngine[Any]) -> FromClause:
        """A source `asked` with one column `value`: the elements of the packed list, in order."""
        return asked(self.is_sqlite, parameter, element)

    def rows(self, text: str, parameters: Mapping[str, Any]) -> list[Any]:
        """All rows, as the driver gives them. Raises `StoreUnavailable`."""
        try:
            try:
                driver = self._local.driver
            except AttributeError:
                driver = self._connect()
            rows: list[Any] = driver.execute(text, parameters).fetchall()
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


def asked(sqlite: bool, parameter: str, element: TypeEngine[Any]) -> FromClause:
    """See `Reader.asked`."""
    if sqlite:
        return func.json_each(bindparam(parameter, type_=Text())).table_valued("value").alias("asked")
    array = cast(bindparam(parameter), ARRAY(element))
    return func.unnest(array).table_valued("value").render_derived(name="asked")


NUMBERS: TypeEngine[Any] = Text()
IDENTIFIERS: TypeEngine[Any] = BigInteger()
