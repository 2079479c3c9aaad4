"""Holds stored fragments to the people they are made of, beside a writer that goes on; and gives them up.

Trust: the database is trusted; see registry/tables.py.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import BigInteger, Engine, bindparam, delete, func, literal_column, select

from registry.engine import DRIVER_ERRORS, store_error
from registry.fragments import ENCODED, OWN, Encoder, has_fragments
from registry.numbers import LENGTH
from registry.pack import Packs
from registry.people import PeopleStore, Row
from registry.reading import IDENTIFIERS, Session
from registry.tables import change, fragment, fragment_state

PEOPLE_AT_ONCE = 2048
READ_AGAIN_MAX = 20
"""How often people who are just being changed are read again before they count as wrong."""


@dataclass(slots=True)
class FragmentReport:
    """What became of a check: how many people, and how their fragments stand.

    `right`: as the columns have it. `to_make`: not made yet, the columns answer. `wrong`: other bytes. `lost`: should
    be there. `extra`: of nobody. `believed`: whether readers take fragments at all. `packed`: how many are in the pack
    as well, unchanged since; `pack_wrong`: of them with other bytes.
    """

    people: int = 0
    right: int = 0
    to_make: int = 0
    wrong: int = 0
    lost: int = 0
    extra: int = 0
    believed: bool = False
    packed: int = 0
    pack_wrong: int = 0

    @property
    def holds(self) -> bool:
        """Whether every answer from fragments is that of the columns."""
        return not (self.wrong or self.lost or self.extra or self.pack_wrong)


@dataclass(slots=True)
class _Page:
    """People after `after`, up to `until` (None: to the end), and the fragments between the two."""

    people: Mapping[int, Row]
    fragments: Mapping[int, Row]
    odd: list[int] = field(default_factory=list)


class FragmentChecker:
    """Compares every fragment with the column path. Reads only; all methods raise `StoreUnavailable`."""

    def __init__(self, engine: Engine, encoder: Encoder, pack: Path) -> None:
        self._store = PeopleStore(engine)
        self._reader = reader = self._store.reader
        self._packs = Packs(reader, pack, encoder.encoding, time.monotonic)
        self._encoder = encoder
        self._plan = self._store.plan(encoder.columns)
        self._has = has_fragments(engine)
        stored = select(*(fragment.c[name] for name in ("person_id", "key", *OWN, *ENCODED)))
        after, until = (bindparam(name, type_=BigInteger()) for name in ("after", "until"))
        asked = reader.asked("ids", IDENTIFIERS)
        within = stored.where(fragment.c.person_id > after, fragment.c.person_id <= until)
        self._between = reader.compile(within)
        joined = asked.join(fragment, fragment.c.person_id == asked.c.value)
        self._by_id = reader.compile(stored.select_from(joined))
        newest = select(func.coalesce(func.max(change.c.position), literal_column("0"))).scalar_subquery()
        state = (fragment_state.c.encoding, fragment_state.c.position, newest, fragment_state.c.through_number)
        self._state = reader.compile(select(*state))
        self._beyond = reader.compile(select(func.count()).select_from(fragment).where(fragment.c.person_id > after))

    def close(self) -> None:
        """Close the connections."""
        self._store.close()

    def check(self, report: FragmentReport) -> Iterator[int]:
        """Fill the report; yields the person_id up to which it went, after each page."""
        if not self._has:
            return
        after = 0
        while rows := self._store.snapshot(self._plan, after, PEOPLE_AT_ONCE):
            until = rows[-1][0]
            people = {row[0]: row for row in rows}
            stored = {row[0]: row for row in self._reader.rows(self._between, {"after": after, "until": until})}
            self._compare(_Page(people, stored), report)
            self._compare_packed(list(stored.values()), report)
            after = until
            yield after
        report.extra += self._reader.rows(self._beyond, {"after": after})[0][0]
        report.pack_wrong += max(0, self._packs.people - report.people)
        report.believed = any(
            encoding == self._encoder.encoding and at == newest for encoding, at, newest, _through in self._states()
        )

    def _compare(self, page: _Page, report: FragmentReport) -> None:
        report.people += len(page.people)
        expected = self._expected(page.people)
        for person_id, one in expected.items():
            if page.fragments.get(person_id) == one:
                report.right += 1
            else:
                page.odd.append(person_id)
        report.extra += sum(person_id not in page.people for person_id in page.fragments)
        if page.odd:
            self._look_closer(page.odd, report)

    def _compare_packed(self, stored: Sequence[Row], report: FragmentReport) -> None:
        """Who was changed after the fragments were read is none of the pack's any more."""
        numbers = [f"{row[1]:0{LENGTH}}" for row in stored]
        read = [self._packs.ready(name, numbers, ()) for name in ("scopes", "stated", "answers")]
        if None in read:
            return
        columns = [zip(*each, strict=True) for each in read if each is not None]
        for (person_id, _key, version, scope, stated, body), *packed in zip(stored, *columns, strict=True):
            if all(of for of, _ in packed):
                expected = (scope.encode(), stated, self._encoder.answer(body, version))
                report.packed += 1
                report.pack_wrong += packed != [(person_id, text) for text in expected]

    def _look_closer(self, person_ids: Sequence[int], report: FragmentReport) -> None:
        """People who differed: read around their fragments until nobody changed them meanwhile."""
        left = list(person_ids)
        for attempt in range(READ_AGAIN_MAX):
            before, through = self._read(left), self._through()
            stored = {row[0]: row for row in self._reader.rows(self._by_id, {"ids": self._reader.pack(left)})}
            after = self._read(left)
            expected = self._expected(after)
            again = []
            for person_id in left:
                if before.get(person_id) != after.get(person_id) and attempt < READ_AGAIN_MAX - 1:
                    again.append(person_id)
                elif stored.get(person_id) == expected.get(person_id):
                    report.right += 1
                elif person_id in stored:
                    report.wrong += 1
                elif after[person_id][1] > through:
                    report.to_make += 1
                else:
                    report.lost += 1
            left = again
            if not left:
                return

    def _read(self, person_ids: Sequence[int]) -> dict[int, Row]:
        return {row[0]: row for row in self._store.read_ids(self._plan, person_ids) if row is not None}

    def _expected(self, people: Mapping[int, Row]) -> dict[int, Row]:
        rows = list(people.values())
        encoded = self._encoder.encode(rows)
        return {row[0]: (row[0], int(row[1]), *row[2:4], *each) for row, each in zip(rows, encoded, strict=True)}

    def _through(self) -> str:
        """The number up to which there are fragments of this encoding."""
        return max((str(row[3]) for row in self._states() if row[0] == self._encoder.encoding), default="")

    def _states(self) -> list[Row]:
        """Encoding, position, that of the newest change, and the last number with a fragment."""
        return self._reader.rows(self._state, {})


def give_up_fragments(engine: Engine) -> None:
    """Have nobody believe the fragments any more; the next writer makes them anew. Raises StoreUnavailable."""
    try:
        session = Session(engine)
        try:
            with session.transaction():
                session.run(session.compile(delete(fragment_state)), {})
        finally:
            session.close()
    except DRIVER_ERRORS as error:
        raise store_error(error) from None
