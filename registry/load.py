"""Fills a store with a whole population, block by block, as fast as the engine allows. Never adds to a finished one.

Trust: the rows are believed, except for keys and references: those are checked before the store counts as
built.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Engine, Table, func, select
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint, DropIndex, ExecutableDDLElement

from registry.encoding import CopyText, Encoded, Encoder, copy_text, python_values
from registry.engine import DRIVER_ERRORS, is_sqlite, store_error
from registry.errors import AlreadyBuilt, Inconsistent, NotBuilt, OtherHalfBuilt, OtherPopulation, SecondWriter
from registry.image import Columns, rows_of
from registry.linked import LINKED  # noqa: F401  its tables join the metadata
from registry.migrations import drop_everything, migrate
from registry.population import read_meta
from registry.tables import metadata, person, unit, unit_successor
from registry.units import Successor, Unit

_SQLITE_LOAD_PRAGMAS = (
    # Blocks survive the end of this process, not a power failure: rows are appended, so the journal stays small,
    # and nothing is synced before the end.
    "PRAGMA journal_mode = TRUNCATE",
    "PRAGMA synchronous = OFF",
    "PRAGMA foreign_keys = OFF",  # rows refer to people that come later; `finish` checks them all
    # The cache is also what an index is sorted in before it is written out, once for each thread and once more: a small
    # one keeps the build small and the threads busy. In memory, sorting would grow with the people.
    "PRAGMA cache_size = -16384",
    "PRAGMA threads = 4",
    "PRAGMA temp_store = FILE",
    "PRAGMA mmap_size = 0",
)
_POSTGRES_LOAD_SETTINGS = (
    "SET maintenance_work_mem = '256MB'",
    "SET synchronous_commit = off",
    "SET enable_seqscan = on",  # references are checked by whole tables
)
_POSTGRES_LOAD_LOCK = 0x706F70_626C64  # "popbld"
_IMAGE = "image"  # the name under which a block's image is attached


STAGES = INDEXES, REFERENCES, STATISTICS = "indexes", "references", "statistics"
"""What `Loader.finish` does, in order."""


class Loader:
    """One bulk load: `begin`, any number of `load`, `insert` and `end_block`, `finish`.

    A context manager, or `close` it. A load that was interrupted goes on after the last block that ended. One thread
    only. On SQLite nobody else may have the file open: build beside the final path, then rename.
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
            if self._sqlite:
                self._driver.execute(f"ATTACH ':memory:' AS {_IMAGE}")
            else:
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

    @property
    def encoder(self) -> Encoder:
        """What turns rows into the form that `load` takes, here or in another process."""
        if not self._sqlite:
            return Encoder(())
        # Tables with a key of several columns or of text stay out: an image has no index to keep it in.
        query = (
            "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN"
            " (SELECT tbl_name FROM sqlite_schema WHERE name LIKE 'sqlite_autoindex%')"
        )
        return Encoder(tuple(sql for (sql,) in self._driver.execute(query).fetchall()))

    def load(self, block: Encoded) -> None:
        """Add the rows of a block that `encoder` encoded. On SQLite their values are believed, but for row ids."""
        try:
            if isinstance(block, bytes):
                self._driver.deserialize(block, name=_IMAGE)
                for (name,) in self._driver.execute(f"SELECT name FROM {_IMAGE}.sqlite_schema").fetchall():  # noqa: S608
                    # As both tables were created alike, SQLite copies whole records and looks into none of them.
                    self._driver.execute(f"INSERT INTO main.{name} SELECT * FROM {_IMAGE}.{name}")  # noqa: S608
            else:
                for name, rows in block.items():
                    self._copy_postgres(name, rows)
        except DRIVER_ERRORS as error:
            raise store_error(error) from None

    def insert(self, table: str, columns: Columns) -> int:
        """Add a few rows given by column, all of one length; columns left out are NULL. Returns their number.

        Raises `KeyError` for an unknown table or column, `ValueError` for columns of different lengths.
        """
        target = metadata.tables[table]
        for name in columns:
            target.c[name]
        rows = rows_of(table, columns)
        try:
            if self._sqlite:
                self._insert_sqlite(target, columns)
            elif rows:
                self._copy_postgres(table, copy_text(table, columns))
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

    def finish(self, *, epoch: str, told: Callable[[str], None] = lambda _stage: None) -> None:
        """Build the indexes, check keys and references, gather statistics, then declare the store complete.

        `told` hears of each of STAGES before it begins. `epoch` is random hex: a follower's cursor from another build
        must not fit. When this returns, the population survives a power failure. Raises `Inconsistent` when rows break
        a rule; the store stays half built then. Can be repeated after an interruption.
        """
        try:
            self._driver.execute("COMMIT")
            self._require_all_people()
            told(INDEXES)
            for element in self._restored_indexes():
                self._driver.execute(self._ddl(element))
            told(REFERENCES)
            if self._sqlite:
                self._require_references()
            else:
                for element in self._restored_references():
                    self._driver.execute(self._ddl(element))
            told(STATISTICS)
            self._driver.execute("ANALYZE" if self._sqlite else "VACUUM (ANALYZE)")
            if self._sqlite:
                self._sync_sqlite()
            else:
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

    def _insert_sqlite(self, table: Table, columns: Columns) -> None:
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
        self._driver.executemany(statement, zip(*map(python_values, columns.values()), strict=True))

    def _copy_postgres(self, table: str, rows: CopyText) -> None:
        statement = f"COPY {table} ({', '.join(rows.columns)}) FROM STDIN"
        with self._driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(rows.text)

    def _removed_for_load(self) -> list[ExecutableDDLElement]:
        elements: list[ExecutableDDLElement] = []
        for table in metadata.sorted_tables:
            elements += [DropIndex(index) for index in _indexes(table)]
            if not self._sqlite:
                elements += [DropConstraint(key.constraint) for key in _foreign_keys(table)]
        return elements

    def _restored_indexes(self) -> list[ExecutableDDLElement]:
        tables = metadata.sorted_tables
        return [CreateIndex(index, if_not_exists=True) for table in tables for index in _indexes(table)]

    def _restored_references(self) -> list[ExecutableDDLElement]:
        elements: list[ExecutableDDLElement] = []
        for table in metadata.sorted_tables:
            for key in _foreign_keys(table):
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

    def _require_references(self) -> None:
        """As `PRAGMA foreign_key_check`, which looks up every single row: ids of people run from 1 without a gap."""
        for table in metadata.sorted_tables:
            for key in _foreign_keys(table):
                column, target = f"{table.name}.{key.parent.name}", key.column
                if target is person.c.person_id:
                    orphan = f"{column} < 1 OR {column} > {self._people}"
                else:
                    there = f"SELECT 1 FROM {target.table.name} WHERE {target} = {column}"  # noqa: S608
                    orphan = f"{column} IS NOT NULL AND NOT EXISTS ({there})"
                query = f"SELECT 1 FROM {table.name} WHERE {orphan} LIMIT 1"  # noqa: S608
                if self._driver.execute(query).fetchone() is not None:
                    raise Inconsistent("SQLITE_CONSTRAINT_FOREIGNKEY")

    def _sync_sqlite(self) -> None:
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
