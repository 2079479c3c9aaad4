"""Encodes stored fragments: the serialised basic fields of a person, byte for byte what filling a message gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.agency.grants import Right
from gateway.api.v1 import person_pb2
from gateway.lookup.disclosure import FRAGMENT_LEAVES, Disclosures
from gateway.lookup.fill import Places

ENCODING = "basic/1"
"""Goes up whenever the same row gives other bytes; the stored ones are then made anew. A test holds the bytes."""


class BasicFragments:
    """The encoder that the registry's writer keeps fragments with."""

    encoding = ENCODING

    def __init__(self, disclosures: Disclosures, places: Places) -> None:
        self._disclosure = disclosures.of(Right(0, FRAGMENT_LEAVES, frozenset()), sorted(FRAGMENT_LEAVES))
        self._places = places
        self.columns = self._disclosure.columns

    def encode(self, rows: Sequence[tuple[Any, ...]]) -> list[bytes]:
        """The fragments for rows of (person_id, number, *columns)."""
        fill, places = self._disclosure.fill, self._places
        bodies = []
        for row in rows:
            person = person_pb2.Person()
            fill(person, row, {}, places)
            bodies.append(person.SerializeToString())
        return bodies
