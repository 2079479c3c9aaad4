"""Reads people: the hot path of every look-up, verification and snapshot. Changes nothing.

Trust: the database is trusted; see registry/tables.py.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, TypeAlias

from sqlalchemy import BigInteger, Engine, FromClause, Text, bindparam, literal_column, select, text

from registry.changes import ChangePage, Changes
from registry.datasets import Dataset
from registry.population import Population, read_population
from registry.reading import IDENTIFIERS, NUMBERS, Reader
from registry.related import RELATED
from registry.tables import person, person_number

Row: TypeAlias = tuple[Any, ...]
Seen: TypeAlias = Callable[[Sequence[Row]], Iterable[object]]
"""Whether each of some people may be seen, by rows of a plan; True or something else that is true."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Statements compiled once for one choice of columns. Rows are (person_id, number, *columns)."""

    columns: tuple[str, ...]
    by_number: str
    by_one_number: str
    by_former_number: str
    by_id: str
    page: str
    page_in_scope: str
    page_in_scopes: str


def seen_by_all(rows: Sequence[Row]) -> Iterable[object]:
    """Everybody may be seen."""
    return repeat(True, len(rows))


class PeopleStore:
    """Everything read about people. Safe to share between threads; each holds a connection of its own.

    Lists are answered in one statement whatever their length; a bound on that length is the caller's to keep.
    All methods raise `StoreUnavailable`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = Reader(engine)
        self._changes = Changes(self._reader)
        people = self._reader.asked("ids", IDENTIFIERS)
        self._related = {name: self._reader.compile(each.build(people)) for name, each in RELATED.items()}

    @property
    def reader(self) -> Reader:
        """The connections, for other reads of the same threads."""
        return self._reader

    def close(self) -> None:
        """Close the connections of all threads."""
        self._reader.close()

    def meta(self) -> Population:
        """The population of this store and its epoch. Raises `NotBuilt` or `HalfBuilt`."""
        return read_population(self._engine)

    def plan(self, columns: Sequence[str]) -> Plan:
        """Compile the statements that read these columns of `person`. Raises `KeyError` if one is unknown."""
        return _Planner(self._reader, tuple(columns)).plan()

    def read(self, plan: Plan, numbers: Sequence[str], seen: Seen = seen_by_all) -> list[Row | None]:
        """People by personal number, in the order asked; None where nobody ever held the number.

        A number that was replaced finds its person too: then the row's own `number`, element 1, is the
        current one and differs from the number asked. Whoever is not `seen` is looked for among replaced numbers as
        whoever is absent is, or the time would tell one from the other.
        """
        if len(numbers) == 1:
            rows = self._reader.rows(plan.by_one_number, {"number": numbers[0]})
        else:
            numbers = list(numbers)
            rows = self._reader.rows(plan.by_number, {"numbers": self._reader.pack(numbers)})
        if [row[1] for row in rows] == numbers and all(seen(rows)):
            return rows
        found = {row[1]: row for row in rows if row[1] is not None}
        missing = [number for number in numbers if number not in found]
        missing += [number for number, shown in zip(found, seen([*found.values()]), strict=True) if not shown]
        if missing:
            former = self._reader.rows(plan.by_former_number, {"numbers": self._reader.pack(missing)})
            found.update((row[0], row[1:]) for row in former)
        return [found.get(number) for number in numbers]

    def read_ids(self, plan: Plan, person_ids: Sequence[int]) -> list[Row | None]:
        """People by person_id, in the order asked; None where there is no such person."""
        rows = self._reader.rows(plan.by_id, {"ids": self._reader.pack(person_ids)})
        if [row[0] for row in rows] == person_ids:
            return rows
        found = {row[0]: row for row in rows}
        return [found.get(person_id) for person_id in person_ids]

    def snapshot(
        self, plan: Plan, after_person_id: int, limit: int, scopes: Collection[str] | None = None
    ) -> list[Row]:
        """The next people by person_id, at most `limit`, as they are now; start at 0, empty at the end.

        To follow changes without a gap, note `last_position` before the first page and follow from there.
        """
        parameters: dict[str, Any] = {"after": after_person_id, "count": limit}
        if scopes is None:
            return self._reader.rows(plan.page, parameters)
        if len(scopes) == 1:
            return self._reader.rows(plan.page_in_scope, parameters | {"scope": next(iter(scopes))})
        return self._reader.rows(plan.page_in_scopes, parameters | {"scopes": self._reader.pack(list(scopes))})

    def changes(
        self,
        after_position: int,
        limit: int,
        datasets: Collection[Dataset] | None = None,
        scopes: Collection[str] | None = None,
    ) -> ChangePage:
        """A page of the change feed; see `Changes.after`."""
        return self._changes.after(after_position, limit, datasets, scopes)

    def last_position(self) -> int:
        """Position of the newest committed change; 0 when there is none."""
        return self._changes.last_position()

    def related(self, name: str, ids: Sequence[int]) -> dict[int, list[Row]]:
        """Rows of `RELATED[name]` for each person_id (or household_id, as it says) that has any."""
        if not ids:
            return {}
        once = list(dict.fromkeys(ids))  # an id given twice would double its rows
        groups: dict[int, list[Row]] = {}
        for row in self._reader.rows(self._related[name], {"ids": self._reader.pack(once)}):
            groups.setdefault(row[0], []).append(row)
        return groups

    def numbers(self, person_ids: Sequence[int]) -> dict[int, list[Row]]:
        """Per person: rows of `related.NUMBER_COLUMNS`, every number ever held, the current one last."""
        return self.related("numbers", person_ids)


class _Planner:
    """Builds the statements of one plan."""

    def __init__(self, reader: Reader, columns: tuple[str, ...]) -> None:
        self._reader = reader
        self._columns = columns
        self._selected = [person.c.person_id, person.c.number, *(person.c[name] for name in columns)]

    def plan(self) -> Plan:
        numbers = self._reader.asked("numbers", NUMBERS)
        ids = self._reader.asked("ids", IDENTIFIERS)
        compile_ = self._reader.compile
        one = select(*self._selected).where(person.c.number == bindparam("number", type_=Text()))
        former = (
            select(person_number.c.number.label("asked_number"), *self._selected)
            .select_from(numbers.join(person_number, person_number.c.number == numbers.c.value))
            .join(person, person.c.person_id == person_number.c.person_id)
        )
        return Plan(
            columns=self._columns,
            by_number=self._joined(numbers, person.c.number),
            by_one_number=compile_(one),
            by_former_number=compile_(former),
            by_id=self._joined(ids, person.c.person_id),
            page=self._page(),
            page_in_scope=self._page(person.c.scope == bindparam("scope", type_=Text())),
            page_in_scopes=self._page(self._in_scopes()),
        )

    def _joined(self, asked: FromClause, key: Any) -> str:
        # An outer join from the list: both engines then walk the list and answer in its order, which spares a
        # look-up a row. Callers check it, since SQL does not promise it.
        source = asked.outerjoin(person, key == asked.c.value)
        return self._reader.compile(select(*self._selected).select_from(source))

    def _in_scopes(self) -> Any:
        wanted = self._reader.asked("scopes", NUMBERS)
        # As an expression the column cannot use its index, with which each page would sort all who match.
        return person.c.scope.concat(literal_column("''")).in_(select(wanted.c.value))

    def _page(self, *conditions: Any) -> str:
        statement = (
            select(*self._selected)
            .where(person.c.person_id > bindparam("after", type_=BigInteger()), *conditions)
            .order_by(person.c.person_id)
            .suffix_with(text("LIMIT :count"))
        )
        return self._reader.compile(statement)
