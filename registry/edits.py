"""What each writable dataset may change: checks values, changes them in memory, writes the rows.

Trust: the database is trusted; see registry/tables.py. Values come from agencies and are checked here, once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Integer, SmallInteger, String, bindparam, literal_column, select

from registry.datasets import Dataset, ResidenceKind, UnitLevel, UnitVersion
from registry.errors import MalformedUpdate
from registry.reading import IDENTIFIERS, Session
from registry.rows import KEY, inserted, updated
from registry.tables import person, residence, social_insurance, unit

_INTEGER_BITS: dict[object, int] = {SmallInteger: 15, Integer: 31}


@dataclass(slots=True)
class Subject:
    """A person while a batch is worked: the state after the updates applied so far."""

    person_id: int
    version: int
    scope: str
    permanent_commune_old: str | None
    permanent_commune: str | None
    permanent_line: str | None
    permanent_since: int | None


class SocialInsuranceEdit:
    """Sets columns of the person's social insurance row, and makes the row when there is none.

    A first row needs `status` and `updated_on`. A later `updated_on` alone is no change: it says when the
    other values last changed.
    """

    dataset = Dataset.SOCIAL_INSURANCE
    rewrites_person = False
    _columns = ("code", "status", "health_card", "employer_unit", "updated_on")

    def __init__(self, session: Session) -> None:
        self._session = session
        asked = session.asked("ids", IDENTIFIERS)
        self._read = session.compile(
            select(social_insurance.c.person_id, *(social_insurance.c[name] for name in self._columns)).select_from(
                asked.join(social_insurance, social_insurance.c.person_id == asked.c.value)
            )
        )
        self._inserted = inserted(session, social_insurance)
        self._updated = updated(session, social_insurance, self._columns)
        self._rows: dict[int, dict[str, Any]] = {}
        self._made: set[int] = set()
        self._changed: set[int] = set()

    def load(self, person_ids: Iterable[int]) -> None:
        """Read the present rows of the people a batch is about."""
        ids = list(person_ids)
        rows = self._session.rows(self._read, {"ids": self._session.pack(ids)}) if ids else []
        self._rows = {row[0]: dict(zip(self._columns, row[1:], strict=True)) for row in rows}
        self._made, self._changed = set(), set()

    def apply(self, subject: Subject, values: Mapping[str, Any]) -> bool:
        """Change the row in memory; returns whether anything changed. Raises `MalformedUpdate`."""
        check_values(social_insurance.c, self._columns, values)
        present = self._rows.get(subject.person_id)
        if present is None:
            if not {"status", "updated_on"} <= values.keys():
                raise MalformedUpdate("a first social insurance row needs status and updated_on")
            self._rows[subject.person_id] = dict.fromkeys(self._columns) | dict(values)
            self._made.add(subject.person_id)
            return True
        if all(present[name] == value for name, value in values.items() if name != "updated_on"):
            return False
        present.update(values)
        if subject.person_id not in self._made:
            self._changed.add(subject.person_id)
        return True

    def flush(self) -> None:
        """Write the rows that changed."""
        self._inserted.run([{"person_id": key, **self._rows[key]} for key in sorted(self._made)])
        self._updated.run([{KEY: key, **self._rows[key]} for key in sorted(self._changed)])


@dataclass(slots=True)
class _Move:
    """The permanent residences a person got in one batch, in order, as rows of `residence`."""

    subject: Subject
    rows: list[dict[str, Any]] = field(default_factory=list)


class ResidenceEdit:
    """Moves the permanent residence: the person's row, its scope, and the history. The household stays.

    `permanent_commune` (map since 1/7/2025) and `permanent_since` are needed, and the move is not before the
    last one. The scope follows from the commune and cannot be given.
    """

    dataset = Dataset.RESIDENCE
    rewrites_person = True
    """Whether columns of the person's own row change, other than its version."""
    _columns = ("permanent_commune_old", "permanent_commune", "permanent_line", "permanent_since")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._province = session.compile(
            select(unit.c.parent_code).where(
                unit.c.version == bindparam("version"),
                unit.c.level == bindparam("level"),
                unit.c.code == bindparam("code"),
            )
        )
        self._person = updated(session, person, (*self._columns, "scope"))
        self._closed = updated(
            session,
            residence,
            ("valid_to",),
            residence.c.kind == literal_column(str(int(ResidenceKind.PERMANENT))),
            residence.c.valid_to.is_(None),
        )
        self._inserted = inserted(session, residence)
        self._moves: dict[int, _Move] = {}

    def load(self, person_ids: Iterable[int]) -> None:
        """Forget the last batch; the present residence stands in `Subject`."""
        self._moves = {}

    def apply(self, subject: Subject, values: Mapping[str, Any]) -> bool:
        """Move the person in memory; returns whether anything changed. Raises `MalformedUpdate`."""
        check_values(person.c, self._columns, values)
        if values.get("permanent_commune") is None or values.get("permanent_since") is None:
            raise MalformedUpdate("a move needs permanent_commune and permanent_since")
        wanted = [values.get(name) for name in self._columns]
        if wanted == [getattr(subject, name) for name in self._columns]:
            return False
        if values["permanent_since"] < (subject.permanent_since or 0):
            raise MalformedUpdate("permanent_since is before the present residence began")
        subject.scope = self._scope(values["permanent_commune"])
        for name, value in zip(self._columns, wanted, strict=True):
            setattr(subject, name, value)
        rows = self._moves.setdefault(subject.person_id, _Move(subject)).rows
        if rows:
            rows[-1]["valid_to"] = subject.permanent_since
        rows.append(
            {
                "person_id": subject.person_id,
                "kind": int(ResidenceKind.PERMANENT),
                "commune_old": subject.permanent_commune_old,
                "commune": subject.permanent_commune,
                "line": subject.permanent_line,
                "valid_from": subject.permanent_since,
                "valid_to": None,
            }
        )
        return True

    def flush(self) -> None:
        """Write the rows that changed."""
        moves = [self._moves[key] for key in sorted(self._moves)]
        self._person.run(
            [
                {
                    KEY: move.subject.person_id,
                    "scope": move.subject.scope,
                    **{name: getattr(move.subject, name) for name in self._columns},
                }
                for move in moves
            ]
        )
        self._closed.run([{KEY: move.subject.person_id, "valid_to": move.rows[0]["valid_from"]} for move in moves])
        self._inserted.run([row for move in moves for row in move.rows])

    def _scope(self, commune: str) -> str:
        rows = self._session.rows(
            self._province,
            {
                "version": int(UnitVersion.SINCE_2025_07_01),
                "level": int(UnitLevel.COMMUNE),
                "code": commune,
            },
        )
        if not rows:
            raise MalformedUpdate("permanent_commune is no commune of the map since 1/7/2025")
        return str(rows[0][0])


def check_values(columns: Any, writable: tuple[str, ...], values: Mapping[str, Any]) -> None:
    """Check values against the types of their columns, alike on both engines. Raises `MalformedUpdate`."""
    for name, value in values.items():
        if name not in writable:
            raise MalformedUpdate("a column is not one that this dataset lets be written")
        _check_value(columns[name], value)


def _check_value(column: Column[Any], value: Any) -> None:
    if value is None:
        if not column.nullable:
            raise MalformedUpdate(f"{column.name} must have a value")
    elif isinstance(column.type, String):
        if not isinstance(value, str):
            raise MalformedUpdate(f"{column.name} must be a text")
        if column.type.length is not None and len(value) > column.type.length:
            raise MalformedUpdate(f"{column.name} has more than {column.type.length} characters")
        if not value.isprintable():  # also NUL and lone surrogates, which only one of the engines would take
            raise MalformedUpdate(f"{column.name} has characters that cannot be printed")
    elif type(value) is not int or not 0 <= value < 1 << _INTEGER_BITS[type(column.type)]:
        raise MalformedUpdate(f"{column.name} must be a whole number of its range")
