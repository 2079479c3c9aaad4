"""The one way people change: values, version and change feed in the same transaction, or nothing of them.

Trust: the database is trusted; see registry/tables.py. What `apply` returned survives a power failure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from sqlalchemy import Engine, func, select

from registry.datasets import Dataset
from registry.edits import ResidenceEdit, SocialInsuranceEdit, Subject
from registry.engine import DRIVER_ERRORS, is_sqlite, store_error
from registry.errors import MalformedUpdate, SecondWriter
from registry.fragments import Encoder, FragmentKeeper, has_fragments
from registry.population import read_population
from registry.reading import IDENTIFIERS, NUMBERS, Session
from registry.rows import KEY, inserted, updated
from registry.tables import change, person, person_number

_POSTGRES_WRITER_LOCK = 0x706F70_777274  # "popwrt"


@dataclass(frozen=True, slots=True)
class Update:
    """New values of one dataset for one person, named by personal number or by person_id (exactly one).

    `kinds` is a set of `ChangeKind` bits, `audit_index` the log entry that recorded the intent, `made_at`
    Unix time in microseconds.
    """

    dataset: Dataset
    values: Mapping[str, Any]
    kinds: int
    made_at: int
    number: str | None = None
    person_id: int | None = None
    audit_index: int | None = None


class OutcomeStatus(IntEnum):
    """What became of one update."""

    APPLIED = 1
    UNCHANGED = 2
    NOT_FOUND = 3
    MALFORMED = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one update, and where it stands in the feed when it was applied.

    `person_id` and `version` are None when nobody was found; `rule` says what a malformed update broke.
    """

    status: OutcomeStatus
    person_id: int | None = None
    version: int | None = None
    position: int | None = None
    rule: str | None = None


class Writer:
    """Applies updates, a list at a time. One writer a population; use it from one thread.

    Opening raises `NotBuilt` or `HalfBuilt`, and on PostgreSQL `SecondWriter` while another one is open.
    SQLite lets the writers of several processes take turns.
    """

    def __init__(self, engine: Engine, fragments: Encoder | None = None) -> None:
        """`fragments`: what encodes the stored fragments, which are then kept in step; without it they lapse."""
        self._engine = engine
        self._encoder = fragments
        read_population(engine)
        self._session: Session | None = None
        self._open()

    def close(self) -> None:
        """Give the right to write back."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def apply(self, updates: Sequence[Update]) -> list[Outcome]:
        """Apply updates in order in one transaction; outcomes stand in the same order.

        An update that is malformed, unchanged or about nobody leaves no trace and does not hold up others.
        Raises `StoreUnavailable` with nothing applied; only when the connection to PostgreSQL breaks during
        the commit itself is the outcome unknown.
        """
        session = self._session or self._open()
        try:
            with session.transaction():
                return self._batch.run(updates)
        except DRIVER_ERRORS as error:
            self.close()  # the connection, and with it the lock, may be gone
            raise store_error(error) from None

    def fill_fragments(self, people_max: int) -> bool:
        """Make the fragments of some more people; whether more are missing. Raises `StoreUnavailable`."""
        if self._session is None:
            self._open()
        if self._fragments is None:
            return False
        try:
            return self._fragments.fill(people_max)
        except DRIVER_ERRORS as error:
            self.close()
            raise store_error(error) from None

    def _open(self) -> Session:
        try:
            session = Session(self._engine)
            if not is_sqlite(self._engine):
                lock = session.rows(f"SELECT pg_try_advisory_lock({_POSTGRES_WRITER_LOCK})", {})
                if not lock[0][0]:
                    session.close()
                    raise SecondWriter
            self._fragments = None
            if self._encoder is not None and has_fragments(self._engine):
                self._fragments = FragmentKeeper(session, self._encoder)
        except DRIVER_ERRORS as error:
            raise store_error(error) from None
        self._session = session
        self._batch = _Batch(session, self._fragments)
        return session


class _Batch:
    """The statements of a batch of updates, and its run inside a transaction that the writer holds."""

    def __init__(self, session: Session, fragments: FragmentKeeper | None) -> None:
        self._session = session
        self._fragments = fragments
        self._edits = {edit.dataset: edit for edit in (SocialInsuranceEdit(session), ResidenceEdit(session))}
        columns = [person.c[name] for name in Subject.__slots__]
        numbers = session.asked("numbers", NUMBERS)
        ids = session.asked("ids", IDENTIFIERS)
        self._by_number = session.compile(
            select(person.c.number, *columns).select_from(numbers.join(person, person.c.number == numbers.c.value))
        )
        self._by_former_number = session.compile(
            select(person_number.c.number, *columns)
            .select_from(numbers.join(person_number, person_number.c.number == numbers.c.value))
            .join(person, person.c.person_id == person_number.c.person_id)
        )
        self._by_id = session.compile(select(*columns).select_from(ids.join(person, person.c.person_id == ids.c.value)))
        self._last = session.compile(select(func.max(change.c.position)))
        self._versions = updated(session, person, ("version",))
        self._appended = inserted(session, change)

    def run(self, updates: Sequence[Update]) -> list[Outcome]:
        subjects = self._subjects(updates)
        for dataset, edit in self._edits.items():
            edit.load({s.person_id for s, u in zip(subjects, updates, strict=True) if s and u.dataset == dataset})
        before = position = self._session.rows(self._last, {})[0][0] or 0
        outcomes: list[Outcome] = []
        changes: list[dict[str, Any]] = []
        changed: dict[int, Subject] = {}
        rewritten: set[int] = set()
        for subject, item in zip(subjects, updates, strict=True):
            if subject is None:
                outcomes.append(Outcome(OutcomeStatus.NOT_FOUND))
                continue
            scope_before = subject.scope
            try:
                edit = self._edit(item.dataset)
                applied = edit.apply(subject, item.values)
            except MalformedUpdate as error:
                outcomes.append(Outcome(OutcomeStatus.MALFORMED, rule=str(error)))
                continue
            if not applied:
                outcomes.append(Outcome(OutcomeStatus.UNCHANGED, subject.person_id, subject.version))
                continue
            position += 1
            subject.version += 1
            changed[subject.person_id] = subject
            if edit.rewrites_person:
                rewritten.add(subject.person_id)
            changes.append(_change(position, subject, item, scope_before))
            outcomes.append(Outcome(OutcomeStatus.APPLIED, subject.person_id, subject.version, position))
        for each in self._edits.values():
            each.flush()
        versions = {key: changed[key].version for key in sorted(changed)}
        self._versions.run([{KEY: key, "version": version} for key, version in versions.items()])
        self._appended.run(changes)
        if changes and self._fragments is not None:
            self._fragments.keep(before, position, versions, rewritten)
        return outcomes

    def _edit(self, dataset: Dataset) -> SocialInsuranceEdit | ResidenceEdit:
        if dataset not in self._edits:
            raise MalformedUpdate("this dataset cannot be written")
        return self._edits[dataset]

    def _subjects(self, updates: Sequence[Update]) -> list[Subject | None]:
        """The person of each update; the same object where several updates are about one person."""
        by_id: dict[int, Subject] = {}
        by_number: dict[str, Subject] = {}

        def keep(row: tuple[Any, ...]) -> Subject:
            return by_id.setdefault(row[0], Subject(*row))

        ids = [item.person_id for item in updates if item.person_id is not None]
        if ids:
            for row in self._session.rows(self._by_id, {"ids": self._session.pack(ids)}):
                keep(row)
        numbers = [item.number for item in updates if item.person_id is None and item.number is not None]
        for text in (self._by_number, self._by_former_number):
            missing = [number for number in numbers if number not in by_number]
            if missing:
                for number, *row in self._session.rows(text, {"numbers": self._session.pack(missing)}):
                    by_number[number] = keep(tuple(row))
        return [
            by_number.get(item.number or "") if item.person_id is None else by_id.get(item.person_id)
            for item in updates
        ]


def _change(position: int, subject: Subject, item: Update, scope_before: str) -> dict[str, Any]:
    return {
        "position": position,
        "person_id": subject.person_id,
        "version": subject.version,
        "dataset": int(item.dataset),
        "kinds": item.kinds,
        "scope_before": scope_before,
        "scope_after": subject.scope,
        "audit_index": item.audit_index,
        "made_at": item.made_at,
    }
