"""One fingerprint of a whole population, to show that two builds are the same. Reads, never writes."""

import hashlib
from typing import Any

from sqlalchemy import Engine, Select, Table, Text, select

from registry.engine import DRIVER_ERRORS, store_error
from registry.linked import LINKED
from registry.population import read_population
from registry.tables import metadata

ROWS_A_FETCH = 10_000
DIGEST_BYTES = 16

# What is left out says when and where a store was built, or what happened to it since.
TABLES = (
    "person",
    "person_number",
    "person_name",
    "household",
    "membership",
    "residence",
    "identity_document",
    "unit",
    "unit_successor",
    *(linked.table.name for linked in LINKED.values()),
)


def store_digest(engine: Engine) -> str:
    """Hex digest over all rows of the finished population in a store. Raises `NotBuilt` or `HalfBuilt`."""
    read_population(engine)
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    try:
        with engine.begin() as connection:  # PostgreSQL streams rows inside a transaction only
            for name in TABLES:
                table = metadata.tables[name]
                digest.update(f"{name}\n".encode())
                rows = connection.execute(_ordered(table), execution_options={"yield_per": ROWS_A_FETCH})
                for part in rows.partitions(ROWS_A_FETCH):
                    digest.update(repr(list(map(tuple, part))).encode())
    except DRIVER_ERRORS as error:
        raise store_error(error) from None
    return digest.hexdigest()


def _ordered(table: Table) -> Select[Any]:
    keys = list(table.primary_key.columns)
    if not keys:
        # Text is left out: a collation decides its order. Codes compare byte by byte, and rows differ without it.
        keys = [column for column in table.c if not isinstance(column.type, Text)]
    return select(table).order_by(*keys)
