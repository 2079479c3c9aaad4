"""Fills a store with a whole population, block by block, as fast as the engine allows. Never adds to a finished one.

Trust: the rows are believed, except for keys and references: those are checked before the store counts as
built.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine, Table, func, select
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint, DropIndex, ExecutableDDLElement

from registry.engine import DRIVER_ERRORS, is_sqlite, store_error
from registry.errors import AlreadyBuilt, Inconsistent, NotBuilt, OtherHalfBuilt, OtherPopulation, SecondWriter
from registry.linked import LINKED  # noqa: F401  its tables join the metadata
from registry.migrations import drop_everything, migrate
from registry.names import search_key
from registry.population import read_meta
from registry.tables import metadata, person, unit, unit_successor
from registry.units import Successor, Unit

# One value a row: None is NULL, a masked NumPy element too. Elements are int, str or bool, never float.
Values: TypeAlias = Sequence[Any] | npt.NDArray[Any]

_SQLITE_LOAD_PRAGMAS = (
    # Blocks survive the end of this process, not a power failure: rows are appended, so the journal stays small,
    # and nothing is synced before the end.
    "PRAGMA journal_mode = TRUNCATE",
    "PRAGMA synchronous = OFF",
    "PRAGMA foreign_keys = OFF",  # rows refer to people that come later; `finish` checks them all
    "PRAGMA cache_size = -262144",
    "PRAGMA mmap_size = 268435456",
    "PRAGMA temp_store = FILE",  # in memory, sorting an index would take memory in proportion to the people
    "PRAGMA threads = 2",
)
_POSTGRES_LOAD_SETTINGS = (
    "SET maintenance_work_mem = '256MB'",
    "SET synchronous_commit = off",
    "SET enable_seqscan = on",  # references are checked by whole tables
)
_NAME_PARTS = ("surname", "middle_name", "given_name")
_POSTGRES_LOAD_LOCK = 0x706F70_626C64  # "popbld"
_COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Loader:
    """One bulk load: `begin`, any number of `insert` and `end_block`, `finish`; a context manager, or `close` it.

    A load that was interrupted goes on after the last block that ended. One thread only. On SQLite nobody else may
    have the file open: build beside the final path, then rename.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sqlite = is_sqlite(engine)
        self._driver: Any = None
        self._held: Any = None
        self._people = 0
        self._blocks = 0

    def __enter__(self) -> "Loader":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def begin(self, *, people: int, seed: int) -> int:
        """Take the store for this population. Returns how many blocks an earlier, interrupted load of it ended.

        Raises `AlreadyBuilt`, `OtherPopulation` or `OtherHalfBuilt` when something else is in it, on PostgreSQL
        `SecondWriter` when another load is at work, and changes nothing.
        """
        _ended_blocks(read_meta(self._engine), people, seed)
        migrate(self._engine)
        self._people = people
        self._engine.dispose()  # other idle connections to the file would keep its journal mode as it is
        try:
            self._held = self._engine.raw_connection()
            self._driver = self._held.driver_connection
            for statement in _SQLITE_LOAD_PRAGMAS if self._sqlite else _POSTGRES_LOAD_SETTINGS:
                self._driver.execute(statement)
            if not self._sqlite:
                self._take_lock()
            meta = dict(self._driver.execute("SELECT key, value FROM registry_meta").fetchall())
            self._driver.execute("BEGIN")
            if "complete" not in meta:
                for element in self._removed_for_load():
                    self._driver.execute(self._ddl(element))
                self._insert_meta({"people": str(people), "seed": str(seed), "blocks": "0", "complete": "0"})
                self._commit_and_go_on()
        except DRIVER_ERRORS as error:
            raise store_error(error) from None
        self._blocks = _ended_blocks(meta, people, seed)  # again: another load may have ended before the lock was free
        return self._blocks

    def insert(self, table: str, columns: Mapping[str, Values]) -> int:
        """Add rows given by column, all of one length; columns left out are NULL. Returns the number of rows.

        Some 10,000 to 100,000 rows a call are best. Raises `KeyError` for an unknown table or column.
        """
        target = metadata.tables[table]
        names = list(columns)
        for name in names:
            target.c[name]
        lists = [_as_list(columns[name]) for name in names]
        rows = len(lists[0])
        if any(len(values) != rows for values in lists):
            raise ValueError(f"columns of {table} differ in length")
        if target is person and "search_key" not in columns:
            names.append("search_key")
            lists.append(_search_keys(*(lists[names.index(part)] for part in _NAME_PARTS)))
        try:
            if self._sqlite:
                self._insert_sqlite(target, names, lists)
            else:
                self._copy_postgres(target, names, lists)
        except DRIVER_ERRORS as error:
            raise store_error(error) from None
        return rows

    def end_block(self) -> None:
        """All rows since the last end of a block are in the store together; a load that is begun again keeps them."""
        self._blocks += 1
        try:
            self._driver.execute(f"UPDATE registry_meta SET value = '{self._blocks}' WHERE key = 'blocks'")  # noqa: S608
            self._commit_and_go_on()
        except DRIVER_ERRORS as error:
            raise store_error(error) from None

    def insert_units(self, units: Iterable[Unit], successors: Iterable[Successor]) -> None:
        """Add administrative units of both maps and what became of the old communes."""
        for table, rows in ((unit, list(units)), (unit_successor, list(successors))):
            if rows:
                self.insert(table.name, {c.name: [getattr(row, c.name) for row in rows] for c in table.c})

    def finish(self, *, epoch: str) -> None:
        """Build the indexes, check keys and references, gather statistics, then declare the store complete.

        `epoch` is random hex: a follower's cursor from another build must not fit. When this returns, the
        population survives a power failure. Raises `Inconsistent` when rows break a rule; the store stays
        half built then. Can be repeated after an interruption.
        """
        try:
            self._driver.execute("COMMIT")
            self._require_all_people()
            for element in self._restored_after_load():
                self._driver.execute(self._ddl(element))
            if self._sqlite:
                self._finish_sqlite()
            else:
                self._driver.execute("VACUUM (ANALYZE)")
                self._driver.execute("SET synchronous_commit = on")
            self._driver.execute("BEGIN")
            self._insert_meta({"epoch": epoch})
            self._driver.execute("UPDATE registry_meta SET value = '1' WHERE key = 'complete'")
            self._driver.execute("COMMIT")
        except DRIVER_ERRORS as error:
            raise store_error(error) from None
        self.close()

    def close(self) -> None:
        """Let go of the database, finished or not."""
        if self._held is not None:
            self._held.invalidate()  # its settings are for loading only
            self._held = self._driver = None
            self._engine.dispose()

    def _take_lock(self) -> None:
        # Held by the connection: it is free again when the process that took it is gone.
        if not self._driver.execute(f"SELECT pg_try_advisory_lock({_POSTGRES_LOAD_LOCK})").fetchone()[0]:
            raise SecondWriter

    def _commit_and_go_on(self) -> None:
        self._driver.execute("COMMIT")
        self._driver.execute("BEGIN")

    def _insert_meta(self, values: Mapping[str, str]) -> None:
        mark = "?" if self._sqlite else "%s"
        statement = f"INSERT INTO registry_meta (key, value) VALUES ({mark}, {mark})"  # noqa: S608
        for item in values.items():
            self._driver.execute(statement, item)

    def _insert_sqlite(self, table: Table, names: list[str], lists: list[list[Any]]) -> None:
        marks = ", ".join("?" * len(names))
        into = f"{table.name} ({', '.join(names)})"
        statement = f"INSERT INTO {into} VALUES ({marks})"  # noqa: S608
        self._driver.executemany(statement, zip(*lists, strict=True))

    def _copy_postgres(self, table: Table, names: list[str], lists: list[list[Any]]) -> None:
        texts = [_copy_texts(values) for values in lists]
        block = "\n".join(map("\t".join, zip(*texts, strict=True))) + "\n" if lists[0] else ""
        statement = f"COPY {table.name} ({', '.join(names)}) FROM STDIN"
        with self._driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(block)

    def _removed_for_load(self) -> list[ExecutableDDLElement]:
        elements: list[ExecutableDDLElement] = []
        for table in metadata.sorted_tables:
            elements += [DropIndex(index) for index in _indexes(table)]
            if not self._sqlite:
                elements += [DropConstraint(key.constraint) for key in _foreign_keys(table)]
        return elements

    def _restored_after_load(self) -> list[ExecutableDDLElement]:
        elements: list[ExecutableDDLElement] = []
        for table in metadata.sorted_tables:
            elements += [CreateIndex(index, if_not_exists=True) for index in _indexes(table)]
            for key in [] if self._sqlite else _foreign_keys(table):
                elements.append(DropConstraint(key.constraint, if_exists=True))
                elements.append(AddConstraint(key.constraint, isolate_from_table=False))
        return elements

    def _ddl(self, element: ExecutableDDLElement) -> str:
        return str(element.compile(dialect=self._engine.dialect))

    def _require_all_people(self) -> None:
        query = select(func.count(), func.min(person.c.person_id), func.max(person.c.person_id))
        count, first, last = self._driver.execute(str(query.select_from(person))).fetchone()
        if count != self._people or (count and (first, last) != (1, count)):
            raise Inconsistent("person_id must run from 1 to the number of people announced")

    def _finish_sqlite(self) -> None:
        if self._driver.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise Inconsistent("SQLITE_CONSTRAINT_FOREIGNKEY")
        self._driver.execute("ANALYZE")
        path = self._driver.execute("PRAGMA database_list").fetchone()[2]
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
        self._driver.execute("PRAGMA journal_mode = WAL")
        self._driver.execute("PRAGMA synchronous = FULL")


def discard_half_built(engine: Engine) -> None:
    """Remove what an unfinished build left. Raises `AlreadyBuilt` for a finished one, `NotBuilt` for none."""
    complete = read_meta(engine).get("complete")
    if complete is None:
        raise NotBuilt
    if complete == "1":
        raise AlreadyBuilt
    drop_everything(engine)


def _search_keys(surnames: list[str], middle_names: list[str], given_names: list[str]) -> list[str]:
    """The key of each full name; few different ones, so that nearly all come from memory."""
    known: dict[tuple[str, str], str] = {}
    keys = []
    for surname, middle_name, given_name in zip(surnames, middle_names, given_names, strict=True):
        key = known.get((surname, given_name))
        if key is None:
            key = search_key(f"{surname} {middle_name} {given_name}")
            if surname and given_name:  # else the middle name decides
                known[surname, given_name] = key
        keys.append(key)
    return keys


def _ended_blocks(meta: Mapping[str, str], people: int, seed: int) -> int:
    """How many blocks of this population the store holds; 0 when it is empty. Raises when it holds something else."""
    if "complete" not in meta:
        return 0
    same = (meta["people"], meta["seed"]) == (str(people), str(seed))
    if meta["complete"] == "1":
        raise AlreadyBuilt if same else OtherPopulation
    if not same or "blocks" not in meta:
        raise OtherHalfBuilt
    return int(meta["blocks"])


def _indexes(table: Table) -> list[Any]:
    return sorted(table.indexes, key=lambda index: str(index.name))


def _foreign_keys(table: Table) -> list[Any]:
    return sorted(table.foreign_keys, key=lambda key: str(key.column) + key.parent.name)


def _as_list(values: Values) -> list[Any]:
    """Python values, which drivers bind several times faster than NumPy's."""
    if isinstance(values, np.ndarray):
        if values.dtype.kind == "S":
            values = values.astype("U")
        return list(values.tolist())
    return values if isinstance(values, list) else list(values)


def _copy_texts(values: list[Any]) -> list[str]:
    """One column in PostgreSQL's COPY text format: NULL is \\N, four characters are escaped."""
    texts = [None if value is None else str(value) for value in values]
    joined = "".join(filter(None, texts))
    if any(mark in joined for mark in "\\\t\n\r"):
        texts = [shown and shown.translate(_COPY_ESCAPES) for shown in texts]
    return ["\\N" if shown is None else shown for shown in texts]
