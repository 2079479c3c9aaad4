"""The people whom agencies serve, as they stated: whom grants for an agency's own subjects are about.

A row is an agency and a person_id, no name and no number, sealed under the key of the acts: who can write gateway.db
alone can take people out of an agency's scope, and not put anybody in. Rows are read anew for every answer, so that a
person who was withdrawn is seen by nobody from the next read on, on every worker.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Engine, LargeBinary, String, Table, bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from gateway.agency import tables

SEAL_BYTES = 16
_WITHDRAWN_AT_ONCE = 500

subject = Table(
    "subject",
    tables.metadata,
    Column("agency", String(32), primary_key=True),
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seal", LargeBinary(SEAL_BYTES), nullable=False),
    sqlite_with_rowid=False,
)


class Subjects:
    """Synchronous; safe to call from several threads and processes."""

    def __init__(self, engine: Engine, key: bytes) -> None:
        """`key`: 32 bytes, of the seals of acts."""
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._key = key
        asked = func.json_each(bindparam("asked")).table_valued("value")
        table = subject
        # As a list of what to look up: of a join the planner may begin with all rows of the agency.
        self._own = select(table.c.person_id, table.c.seal).where(
            table.c.agency == bindparam("agency"), table.c.person_id.in_(select(asked.c.value))
        )
        self._after = (
            select(table.c.person_id, table.c.seal)
            .where(table.c.agency == bindparam("agency"), table.c.person_id > bindparam("after"))
            .order_by(table.c.person_id)
            .limit(bindparam("count"))
        )

    def enrol(self, agency: str, person_ids: Sequence[int]) -> None:
        """The agency serves these people; who is enrolled already stays so. Durable when it returns."""
        if not person_ids:
            return
        rows = [
            {"agency": agency, "person_id": person_id, "seal": self._seal(agency, person_id)}
            for person_id in dict.fromkeys(person_ids)
        ]
        with self._writes.begin() as connection:
            statement = insert(subject)
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["agency", "person_id"], set_={"seal": statement.excluded.seal}
                ),
                rows,
            )

    def withdraw(self, agency: str, person_ids: Sequence[int]) -> None:
        """The agency serves these people no more; who is not enrolled stays so. Durable when it returns."""
        if not person_ids:
            return
        with self._writes.begin() as connection:
            for begin in range(0, len(person_ids), _WITHDRAWN_AT_ONCE):
                gone = person_ids[begin : begin + _WITHDRAWN_AT_ONCE]
                connection.execute(delete(subject).where(subject.c.agency == agency, subject.c.person_id.in_(gone)))

    def own(self, agency: str, person_ids: Sequence[int]) -> frozenset[int]:
        """Those of the people whom the agency enrolled."""
        asked = "[" + ",".join(map(str, person_ids)) + "]"
        with self._engine.connect() as connection:
            rows = connection.execute(self._own, {"agency": agency, "asked": asked}).all()
        return frozenset(person_id for person_id, seal in rows if self._is_sealed(agency, person_id, seal))

    def after(self, agency: str, person_id: int, count: int) -> tuple[list[int], int]:
        """The next people whom the agency enrolled by person_id, of at most `count` rows, and where to go on.

        0: there are no more.
        """
        with self._engine.connect() as connection:
            rows = connection.execute(self._after, {"agency": agency, "after": person_id, "count": count}).all()
        own = [each for each, seal in rows if self._is_sealed(agency, each, seal)]
        return own, rows[-1][0] if len(rows) == count else 0

    def unsealed(self) -> dict[str, int]:
        """Rows that this gateway did not write, by agency. Reads all of them."""
        found: dict[str, int] = {}
        with self._engine.connect() as connection:
            for agency, person_id, seal in connection.execute(select(subject)):
                if not self._is_sealed(agency, person_id, seal):
                    found[agency] = found.get(agency, 0) + 1
        return found

    def _is_sealed(self, agency: str, person_id: int, seal: bytes) -> bool:
        return hmac.compare_digest(self._seal(agency, person_id), seal)

    def _seal(self, agency: str, person_id: int) -> bytes:
        text = agency.encode() + b"\0" + person_id.to_bytes(8, signed=True)
        return hashlib.blake2b(text, key=self._key, digest_size=SEAL_BYTES, person=b"own subject").digest()
