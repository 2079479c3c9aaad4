"""Encodes stored fragments: the serialised basic fields of a person, byte for byte what filling a message gives; and
what most callers state of a person, as they most likely write it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.agency.grants import Right
from gateway.api.v1 import person_pb2
from gateway.lookup.disclosure import FRAGMENT_LEAVES, Disclosures
from gateway.lookup.fill import FILLERS, Places
from gateway.lookup.results import person_result

ENCODING = "basic/2"
"""Goes up whenever the same row gives something else; what is stored is then made anew. A test holds it."""
STATED = ("name", "birth_date", "sex")
"""What most callers state, in the order of its bytes: the whole name, the day as in ISO 8601, the number of the sex."""
SEPARATOR = b"\0"
UNSTATED = b"\xff"
"""Stands for what is not registered, or not in that form; no UTF-8 has it."""


class BasicFragments:
    """The encoder that the registry's writer keeps fragments with."""

    encoding = ENCODING

    def __init__(self, disclosures: Disclosures, places: Places) -> None:
        self._disclosure = disclosures.of(Right(0, FRAGMENT_LEAVES, frozenset()), sorted(FRAGMENT_LEAVES))
        self._places = places
        self.columns = self._disclosure.columns
        stands = {column: at for at, column in enumerate(self.columns, 2)}
        self._name_at = [stands[column] for column in FILLERS["name"].columns]
        self._birth_at = [stands[column] for column in FILLERS["birth_date"].columns]
        self._sex_at = stands["sex"]

    def encode(self, rows: Sequence[tuple[Any, ...]]) -> list[tuple[bytes, bytes]]:
        """The fragments for rows of (person_id, number, *columns)."""
        fill, places = self._disclosure.fill, self._places
        encoded = []
        for row in rows:
            person = person_pb2.Person()
            fill(person, row, {}, places)
            year, month, day = (row[at] for at in self._birth_at)
            name = " ".join(filter(None, (row[at] for at in self._name_at)))
            birth_date = f"{year:04}-{month:02}-{day:02}" if year and month and day else ""
            parts = (name, birth_date, str(row[self._sex_at] or ""))
            stated = SEPARATOR.join(part.encode() or UNSTATED for part in parts)
            encoded.append((stated, person.SerializeToString()))
        return encoded

    def answer(self, body: bytes, version: int) -> bytes:
        """The person's result in the answer to a batch, when the item has no reference."""
        return person_result(body, version, superseded=False, reference="")
