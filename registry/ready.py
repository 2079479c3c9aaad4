"""Reads what is ready about people: from a pack where there is one to believe, else from the stored fragments.

Trust: the database is trusted; see registry/tables.py.
"""

import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Engine, Text, bindparam, cast, exists, select

from registry.fragments import Encoder, has_fragments, last_position
from registry.pack import Own, Packs, Ready, are_numbers
from registry.reading import NUMBERS, Reader
from registry.tables import fragment, fragment_state

_NOBODY = ("", 0, 0, "", b"")


class ReadyPeople:
    """What is ready about the people who now have some numbers. Safe to share between threads.

    Nobody is ready whose number is not the current one, who is out of scope, or of whom there is nothing to believe at
    the moment of reading; whoever is not must be read from the columns, all alike, or the time would tell one of
    these from the other.
    """

    def __init__(
        self,
        reader: Reader,
        engine: Engine,
        encoder: Encoder,
        pack: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`pack`: where a pack may be, now or later. Raises StoreUnavailable."""
        self._reader = reader
        self._encoder = encoder
        self._packs = Packs(reader, pack, encoder.encoding, clock)
        self._texts = self._compiled() if has_fragments(engine) else None

    @property
    def packed(self) -> bool:
        """Whether there was a pack to believe at the last reading: with one, it takes a fifth of the time."""
        return self._packs.believed

    def answers(self, numbers: Sequence[str], scopes: Collection[str], own: Own | None = None) -> Ready:
        """The encoder's `answer` about each. `scopes`, `own`: as for packs. Raises StoreUnavailable."""
        packed = self._packs.ready("answers", numbers, scopes, own)
        if packed is not None:
            return packed
        rows, answer = self._stored("answers", numbers, scopes, own), self._encoder.answer
        return [row[1] for row in rows], [answer(row[4], row[2]) if row[1] else b"" for row in rows]

    def stated(self, numbers: Sequence[str], scopes: Collection[str], own: Own | None = None) -> Ready:
        """What is stored to compare what is stated of each with. Raises StoreUnavailable."""
        packed = self._packs.ready("stated", numbers, scopes, own)
        if packed is not None:
            return packed
        rows = self._stored("stated", numbers, scopes, own)
        return [row[1] for row in rows], [row[4] for row in rows]

    def _stored(self, name: str, numbers: Sequence[str], scopes: Collection[str], own: Own | None) -> list[Any]:
        """Rows of (number, person_id, version, scope, bytes)."""
        if self._texts is None or not are_numbers(numbers):
            return [_NOBODY] * len(numbers)
        parameters = {"numbers": self._reader.pack(numbers), "encoding": self._encoder.encoding}
        rows = self._reader.rows(self._texts[name], parameters)
        found = {row[0]: row for row in rows if not scopes or row[3] in scopes}
        stored = [found.get(number, _NOBODY) for number in numbers]
        if own is None:
            return stored
        seen = own([row[1] for row in stored])
        return [row if row[1] in seen else _NOBODY for row in stored]

    def _compiled(self) -> dict[str, str]:
        """Texts that find nothing while the fragments are out of step."""
        numbers = self._reader.asked("numbers", NUMBERS)
        found = numbers.join(fragment, fragment.c.key == cast(numbers.c.value, BigInteger()))
        in_step = exists().where(
            fragment_state.c.encoding == bindparam("encoding", type_=Text()),
            fragment_state.c.position == last_position(),
        )
        row = (numbers.c.value, fragment.c.person_id, fragment.c.version, fragment.c.scope)
        return {
            name: self._reader.compile(select(*row, encoded).select_from(found).where(in_step))
            for name, encoded in (("answers", fragment.c.body), ("stated", fragment.c.stated))
        }
