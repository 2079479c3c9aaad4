"""Reads the change feed: what changed, for whom and when, never to which value.

Trust: the database is trusted; see registry/tables.py. Positions are dense and in commit order, so a position
once seen means that every earlier change was seen.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, SmallInteger, bindparam, func, or_, select, text

from registry.datasets import Dataset
from registry.reading import NUMBERS, Reader
from registry.tables import change

CHANGE_COLUMNS = (
    *("position", "person_id", "version", "dataset", "kinds"),
    *("scope_before", "scope_after", "audit_index", "made_at"),
)
SCANNED_CHANGES_MAX = 100_000


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Changes as `CHANGE_COLUMNS`, and the position up to which nothing that fits the filter is missing."""

    rows: list[tuple[Any, ...]]
    through: int


class Changes:
    """The feed of one store."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._last = reader.compile(select(func.max(change.c.position)))
        self._texts = {
            (by_dataset, by_scope): self._page_text(by_dataset, by_scope)
            for by_dataset in (False, True)
            for by_scope in (False, True)
        }

    def last_position(self) -> int:
        """Position of the newest committed change; 0 when there is none."""
        return int(self._reader.rows(self._last, {})[0][0] or 0)

    def after(
        self,
        position: int,
        limit: int,
        datasets: Collection[Dataset] | None = None,
        scopes: Collection[str] | None = None,
    ) -> ChangePage:
        """At most `limit` changes after a position, oldest first.

        With scopes, a change counts when the person was or is in one of them. One call looks at no more than
        `SCANNED_CHANGES_MAX` changes: an empty page whose `through` grew means "ask again from there".
        """
        # Read before the page: a change committed in between would otherwise be declared seen.
        through = min(self.last_position(), position + SCANNED_CHANGES_MAX)
        if through <= position:
            return ChangePage([], position)
        parameters: dict[str, Any] = {"after": position, "through": through, "count": limit}
        if datasets is not None:
            parameters["datasets"] = self._reader.pack([int(dataset) for dataset in datasets])
        if scopes is not None:
            parameters["scopes"] = self._reader.pack(list(scopes))
        rows = self._reader.rows(self._texts[datasets is not None, scopes is not None], parameters)
        return ChangePage(rows, rows[-1][0] if len(rows) == limit else through)

    def _page_text(self, by_dataset: bool, by_scope: bool) -> str:
        statement = select(*(change.c[name] for name in CHANGE_COLUMNS)).where(
            change.c.position > bindparam("after", type_=BigInteger()),
            change.c.position <= bindparam("through", type_=BigInteger()),
        )
        if by_dataset:
            wanted = self._reader.asked("datasets", SmallInteger())
            statement = statement.where(change.c.dataset.in_(select(wanted.c.value)))
        if by_scope:
            wanted = self._reader.asked("scopes", NUMBERS)
            inside = select(wanted.c.value)
            statement = statement.where(or_(change.c.scope_before.in_(inside), change.c.scope_after.in_(inside)))
        return self._reader.compile(statement.order_by(change.c.position).suffix_with(text("LIMIT :count")))
