"""Statements that write many rows at once, in the way each engine does it fastest.

Trust: the database is trusted; see registry/tables.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Table, bindparam, cast, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from registry.reading import Session

KEY = "key"


class WrittenRows:
    """One statement run for each of many rows: row by row inside SQLite, as one set on PostgreSQL."""

    def __init__(self, session: Session, text: str, names: Sequence[str]) -> None:
        self._session = session
        self._text = text
        self._names = tuple(names)

    def run(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the rows; each gives every name of the statement. On PostgreSQL no two may have the same key."""
        if not rows:
            return
        if self._session.is_sqlite:
            self._session.run_each(self._text, rows)
        else:
            self._session.run(self._text, {name: [row[name] for row in rows] for name in self._names})


def inserted(session: Session, table: Table) -> WrittenRows:
    """Adds rows that give all columns of the table."""
    names = [column.name for column in table.c]
    if session.is_sqlite:
        return WrittenRows(session, session.compile(insert(table)), names)
    values = _values(session, table, names)
    statement = insert(table).from_select(names, select(*(values[name] for name in names)))
    return WrittenRows(session, session.compile(statement), names)


def updated(session: Session, table: Table, names: Sequence[str], *conditions: ColumnElement[bool]) -> WrittenRows:
    """Sets columns of the rows whose person_id is `KEY` and that meet the conditions."""
    values = _values(session, table, [KEY, *names])
    statement = (
        update(table)
        .where(table.c.person_id == values[KEY], *conditions)
        .values({name: values[name] for name in names})
    )
    return WrittenRows(session, session.compile(statement), [KEY, *names])


def _values(session: Session, table: Table, names: Sequence[str]) -> dict[str, ColumnElement[Any]]:
    """What a row gives for each name: a parameter of its own, or a column of the set of all rows."""
    if session.is_sqlite:
        return {name: bindparam(name) for name in names}
    arrays = [cast(bindparam(name), ARRAY(BigInteger() if name == KEY else table.c[name].type)) for name in names]
    given = func.unnest(*arrays).table_valued(*names).render_derived(name="given")
    return {name: given.c[name] for name in names}
