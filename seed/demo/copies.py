"""A follower's copy of the registry in SQLite: a page and the cursor behind it are stored together or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from gateway.agency.identity import make_private_directory
from gateway.api.v1 import sync_service_pb2
from gateway.client import Page

_SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE citizen (
    number TEXT PRIMARY KEY, name TEXT, birth_date TEXT, sex INTEGER, permanent_residence TEXT,
    household_number TEXT, insurance_status INTEGER, version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE following (cursor BLOB NOT NULL);
INSERT INTO following VALUES (x'');
"""
_KEEP = """
INSERT INTO citizen VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (number) DO UPDATE SET
    name = excluded.name, birth_date = excluded.birth_date, sex = excluded.sex,
    permanent_residence = excluded.permanent_residence, household_number = excluded.household_number,
    insurance_status = excluded.insurance_status, version = excluded.version
WHERE excluded.version >= citizen.version
"""


class Copy:
    """What one agency keeps of the people it may follow. Close it."""

    def __init__(self, path: Path) -> None:
        """Begins an empty copy; the file must not exist."""
        make_private_directory(path.parent)
        path.touch(mode=0o600, exist_ok=False)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript(_SCHEMA)
        # Page and cursor go together: what a power failure takes is pulled again.
        self._database.execute("PRAGMA synchronous = NORMAL")

    @property
    def cursor(self) -> bytes:
        """Where to go on from; empty at the beginning."""
        cursor: bytes = self._database.execute("SELECT cursor FROM following").fetchone()[0]
        return cursor

    @property
    def people(self) -> int:
        """People in the copy."""
        count: int = self._database.execute("SELECT count(*) FROM citizen").fetchone()[0]
        return count

    def numbers(self, count: int) -> list[str]:
        """The first numbers."""
        rows = self._database.execute("SELECT number FROM citizen ORDER BY number LIMIT ?", (count,))
        return [row[0] for row in rows]

    def newly_insured(self) -> int:
        """People whose participation in social insurance came after the country was made."""
        query = "SELECT count(insurance_status) FROM citizen WHERE version > 1"
        count: int = self._database.execute(query).fetchone()[0]
        return count

    def store(self, page: Page) -> None:
        """A page and the cursor behind it, in one transaction."""
        removed = sync_service_pb2.PULL_KIND_REMOVED
        gone = [(each.person.number,) for each in page.people if each.kind == removed]
        gone += [(number,) for each in page.people for number in each.superseded_numbers]
        rows = [_row(each) for each in page.people if each.kind != removed]
        self._database.execute("BEGIN")
        self._database.executemany("DELETE FROM citizen WHERE number = ?", gone)
        self._database.executemany(_KEEP, rows)
        self._database.execute("UPDATE following SET cursor = ?", (page.next_cursor,))
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Close the file; it stays."""
        self._database.close()


def _row(pulled: sync_service_pb2.PulledPerson) -> Sequence[str | int | None]:
    person = pulled.person
    name = person.name
    born = person.birth_date
    return (
        person.number,
        " ".join(part for part in (name.surname, name.middle_name, name.given_name) if part),
        f"{born.year:04}-{born.month:02}-{born.day:02}",
        int(person.sex),
        person.permanent_residence.text or None,
        person.household_number or None,
        int(person.social_insurance.status) if person.social_insurance.HasField("status") else None,
        pulled.version,
    )
