"""Fragments: for each person ready bytes, of a part of the answer and of what most callers state, in step with the row.

What the bytes mean is the business of whoever encodes them; here they are stored, and believed only while the
state says so: `encoding` names the form of the bytes, `position` the change up to which all of them are in step,
`through_number` the number up to which everybody has one. A writer that knows nothing of fragments leaves `position`
behind, and from then on nobody reads them until they are made anew.

Trust: the database is trusted; see registry/tables.py.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    Engine,
    Text,
    bindparam,
    delete,
    func,
    insert,
    inspect,
    literal_column,
    select,
    text,
    update,
)

from registry.engine import DRIVER_ERRORS, store_error
from registry.reading import IDENTIFIERS, Session
from registry.rows import KEY, inserted, updated
from registry.tables import change, fragment, fragment_state, person

OWN = ("version", "scope")
"""Columns of the person that stand beside what is encoded; an encoder's columns begin with them."""
ENCODED = ("stated", "body")
"""What is encoded: bytes to compare what is stated of a person with, and those of the answer."""


class Encoder(Protocol):
    """Makes what is stored. `encoding` changes whenever the same row would give something else."""

    encoding: str
    columns: tuple[str, ...]

    def encode(self, rows: Sequence[tuple[Any, ...]]) -> list[tuple[bytes, bytes]]:
        """`ENCODED` for rows of (person_id, number, *columns)."""
        ...

    def answer(self, body: bytes, version: int) -> bytes:
        """What is told of a person in a list."""
        ...


def has_fragments(engine: Engine) -> bool:
    """Whether the store has a place for fragments: one that an earlier release built has none.

    Raises StoreUnavailable.
    """
    try:
        found = inspect(engine)
        return found.has_table(fragment.name) and {column["name"] for column in found.get_columns(fragment.name)} >= {
            *fragment.c.keys()
        }
    except DRIVER_ERRORS as error:
        raise store_error(error) from None


def last_position() -> ColumnElement[Any]:
    """Position of the newest change, 0 when there is none, as part of a statement."""
    return select(func.coalesce(func.max(change.c.position), literal_column("0"))).scalar_subquery()


class FragmentKeeper:
    """The writer's side: makes fragments, and changes them in the transaction that changes the people."""

    def __init__(self, session: Session, encoder: Encoder) -> None:
        """Read the state; fragments of another encoding or out of step are thrown away. Raises driver errors."""
        assert encoder.columns[: len(OWN)] == OWN
        self._session = session
        self._encoder = encoder
        selected = [person.c.person_id, person.c.number, *(person.c[name] for name in encoder.columns)]
        ids = session.asked("ids", IDENTIFIERS)
        # In the order of their keys: in any other, each would be put between two others somewhere in the table.
        after = person.c.number > bindparam("after", type_=Text())
        compile_ = session.compile
        self._by_id = compile_(select(*selected).select_from(ids.join(person, person.c.person_id == ids.c.value)))
        self._page = compile_(
            select(*selected).where(after).order_by(person.c.number).suffix_with(text("LIMIT :count"))
        )
        self._last = compile_(select(last_position()))
        self._state = compile_(select(*fragment_state.c))
        self._at_position = compile_(update(fragment_state).values(position=bindparam("position")))
        self._at_number = compile_(update(fragment_state).values(through_number=bindparam("through")))
        self._made = inserted(session, fragment)
        self._removed = compile_(delete(fragment).where(fragment.c.person_id.in_(select(ids.c.value))))
        self._versions = updated(session, fragment, ("version",))
        with session.transaction():
            self._begin()

    def fill(self, people_max: int) -> bool:
        """Make the fragments of the next people, in a transaction of its own; whether there may be more to make."""
        session = self._session
        with session.transaction():
            through = self._through(session.rows(self._last, {})[0][0])
            if through is None:
                return False
            rows = session.rows(self._page, {"after": through, "count": people_max})
            if rows:
                self._made.run(self._encoded(rows))
                session.run(self._at_number, {"through": rows[-1][1]})
        return len(rows) == people_max

    def keep(self, before: int, position: int, versions: Mapping[int, int], rewritten: AbstractSet[int]) -> None:
        """Follow changes after position `before` up to `position`, within their transaction.

        `versions`: the new version of everybody changed; `rewritten`: those whose own row has other values now.
        """
        through = self._through(before)
        if through is None:
            return
        again = sorted(rewritten)
        if again:
            # Anew, since a number may have changed; whoever comes after `through` is made in turn.
            ids = {"ids": self._session.pack(again)}
            self._session.run(self._removed, ids)
            self._made.run(self._encoded([row for row in self._session.rows(self._by_id, ids) if row[1] <= through]))
        self._versions.run([{KEY: key, "version": versions[key]} for key in versions.keys() - rewritten])
        self._session.run(self._at_position, {"position": position})

    def _through(self, position: int) -> str | None:
        """The number up to which everybody has a fragment; None: they are not in step with the change at `position`.

        Asked in every transaction: on SQLite another writer may have been here.
        """
        known = self._session.rows(self._state, {})
        return known[0][2] if len(known) == 1 and known[0][:2] == (self._encoder.encoding, position) else None

    def _encoded(self, rows: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
        return [
            {"key": int(number), "person_id": key, "version": version, "scope": scope, "stated": stated, "body": body}
            for (key, number, version, scope, *_), (stated, body) in zip(rows, self._encoder.encode(rows), strict=True)
        ]

    def _begin(self) -> None:
        session = self._session
        ((position,),) = session.rows(self._last, {})
        if self._through(position) is not None:
            return
        for table in (fragment, fragment_state):
            session.run(session.compile(delete(table)), {})
        state = {"encoding": self._encoder.encoding, "position": position, "through_number": ""}
        session.run(session.compile(insert(fragment_state)), state)
