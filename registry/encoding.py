"""Rows of a block in the form its engine takes fastest. Needs no database, so that the processes that make the rows can
encode them too, and the one that loads them only hands them on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from registry.image import Columns, Values, image_of, rows_of

_COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, slots=True)
class CopyText:
    """Rows in PostgreSQL's COPY text format, with the names of their columns."""

    columns: tuple[str, ...]
    text: bytes


Encoded: TypeAlias = bytes | Mapping[str, CopyText]
"""An image of an SQLite file, or for PostgreSQL the rows of each table."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """For SQLite `schema` holds the statements that create the store's tables, for PostgreSQL it is empty."""

    schema: tuple[str, ...]

    def encode(self, tables: Mapping[str, Columns]) -> Encoded:
        """The rows, given by column; columns left out are NULL. Raises as `image_of` does, on SQLite at once."""
        if self.schema:
            return image_of(self.schema, tables)
        return {name: copy_text(name, columns) for name, columns in tables.items() if rows_of(name, columns)}


def copy_text(table: str, columns: Columns) -> CopyText:
    """Rows given by column, which must be of one length, as PostgreSQL takes them."""
    rows_of(table, columns)
    texts = [_copy_texts(python_values(values)) for values in columns.values()]
    text = "".join(line + "\n" for line in map("\t".join, zip(*texts, strict=True)))
    return CopyText(tuple(columns), text.encode())


def python_values(values: Values) -> list[Any]:
    """Python values, which drivers bind several times faster than NumPy's."""
    if isinstance(values, np.ndarray):
        if values.dtype.kind == "S":
            values = values.astype("U")
        return list(values.tolist())
    return values if isinstance(values, list) else list(values)


def _copy_texts(values: list[Any]) -> list[str]:
    """One column: NULL is \\N, four characters are escaped."""
    texts = [None if value is None else str(value) for value in values]
    joined = "".join(filter(None, texts))
    if any(mark in joined for mark in "\\\t\n\r"):
        texts = [shown and shown.translate(_COPY_ESCAPES) for shown in texts]
    return ["\\N" if shown is None else shown for shown in texts]
