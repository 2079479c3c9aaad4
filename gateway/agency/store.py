"""gateway.db: the register of acts, credentials, enrolment codes. The only SQL of this role beside register.py.

Trust: every act and every code is sealed under STATE/keys/policy.key, and a worker that finds a seal broken answers
nobody. Who can write this file alone can take rights away: cut off the newest acts, which the access log tells, or
let a code work again before it expires. It holds no private key, no token and no code, only the hashes of codes.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, insert, inspect, select, update

from gateway.agency import tables
from gateway.agency.acts import KEY_BYTES, LOCAL, Act, ActKind, Actor
from gateway.agency.certificates import Principal
from gateway.agency.grants import Grant
from gateway.agency.identity import write_private
from gateway.agency.ledger import Ledger, Target
from gateway.agency.notice import announce
from gateway.agency.policy import PolicyView
from gateway.agency.register import Register
from gateway.agency.signing_store import SigningKeyStore, load_signing_keys
from gateway.agency.subjects import Subjects
from gateway.agency.succession import Successions
from gateway.agency.terms import terms_of
from gateway.errors import EnrolmentRefused, RecordUnknown


class Place(NamedTuple):
    """Whom a certificate will name; `unit` and `system` may be empty."""

    agency: str
    unit: str
    system: str


@dataclass(frozen=True, slots=True)
class CredentialRecord:
    """A certificate that was issued. Times: unix seconds."""

    thumbprint: bytes
    unit: str
    system: str
    issued_at: int
    expires_at: int
    revoked: bool


@dataclass(frozen=True, slots=True)
class AgencyRecord:
    """An agency as operators see it: its own grants newest first, and those credentials that have not expired."""

    code: str
    name: str
    agency_class: int
    pairwise: bool
    revoked: bool
    units_count: int
    grants: tuple[Grant, ...]
    narrowings: tuple[Grant, ...]
    credentials: tuple[CredentialRecord, ...]


class CodeOwner(NamedTuple):
    """Whom an enrolment code was made for, and whether it was used."""

    agency: str
    unit: str
    system: str
    used: bool


class AgencyStore:
    """Synchronous; safe to call from several threads and processes.

    What a worker must know to decide a call is an act of the register. Codes and credentials are none: they decide
    no call.
    """

    def __init__(self, engine: Engine, code_salt: bytes, path: Path, key: bytes) -> None:
        """`path`: of the database, whose directory is the state directory. `key`: 32 bytes, of the seals."""
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._code_salt = code_salt
        self.successions = Successions(engine, key)
        self._key = key
        self.register = Register(engine, key, lambda: announce(path.parent / "run"))
        self.subjects = Subjects(engine, key)
        self.signing_keys = SigningKeyStore(engine, self.register.changing)

    @classmethod
    def create(cls, path: Path) -> AgencyStore:
        """Make the tables in a new file, all or none, and the key of the seals where there is none.

        Raises FileExistsError when the tables exist.
        """
        engine = tables.open_engine(path)
        salt = secrets.token_bytes(16)
        if not _key_path(path).exists():
            write_private(_key_path(path), secrets.token_bytes(KEY_BYTES))
        with engine.execution_options(writes=True).begin() as connection:
            exists = inspect(connection).has_table(tables.schema_version.name)
            if not exists:
                tables.metadata.create_all(connection)
                connection.execute(insert(tables.schema_version).values(version=tables.SCHEMA_VERSION, code_salt=salt))
                connection.execute(insert(tables.counter).values(next_grant_id=1))
        if exists:
            engine.dispose()
            raise FileExistsError(errno.EEXIST, "holds a database already", str(path))
        return cls(engine, salt, path, _key_path(path).read_bytes())

    @classmethod
    def open(cls, path: Path) -> AgencyStore:
        """Raises FileNotFoundError, ValueError when the schema is of another release."""
        if not path.is_file():
            raise FileNotFoundError(errno.ENOENT, "does not exist", str(path))
        engine = tables.open_engine(path)
        with engine.connect() as connection:
            row = connection.execute(select(tables.schema_version.c.version, tables.schema_version.c.code_salt)).one()
        if row.version != tables.SCHEMA_VERSION:
            engine.dispose()
            raise ValueError(f"{path} has schema {row.version}, this release needs {tables.SCHEMA_VERSION}")
        return cls(engine, row.code_salt, path, _key_path(path).read_bytes())

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def policy_version(self) -> int:
        """The number of the newest act."""
        return self.register.number()

    def load_view(self) -> PolicyView:
        """One consistent snapshot of the policy. Raises ActsAltered."""
        with self.register.snapshot() as (ledger, connection):
            revoked = {value for target, value in ledger.revocations if target is Target.KEY}
            keys = load_signing_keys(connection)
            marked = {key_id: replace(key, revoked=True) for key_id, key in keys.items() if key_id in revoked}
            return replace(ledger.view(), signing_keys=keys | marked)

    # Acts of this machine: the first start, and tests. Operators act over the API.

    def register_agency(
        self, code: str, name: str, agency_class: int, now: int, *, pairwise: bool = False, actor: Actor = LOCAL
    ) -> None:
        """Raises RecordExists; a code is never reused, not even after a revocation."""
        body = {"code": code, "name": name, "agency_class": agency_class, "pairwise": pairwise}
        self.register.append(Act(ActKind.AGENCY, body, now, actor))

    def register_units(self, agency: str, units: Mapping[str, str], now: int) -> None:
        """Names by code. Raises RecordUnknown, RecordExists."""
        self.register.append(Act(ActKind.UNITS, {"agency": agency, "units": [*map(list, units.items())]}, now))

    def create_grant(self, agency: str, grant: Grant) -> None:
        """Found a grant under its reserved number, without a proposal. Raises RecordUnknown, RecordExists."""
        self.register.append(Act(ActKind.FOUNDING, {"agency": agency, "terms": terms_of(grant)}, grant.from_time))

    def revoke(self, target: Target, value: str, now: int, actor: Actor = LOCAL) -> None:
        """`value`: see `Revocation`. Raises RecordUnknown; again is no error."""
        self.register.append(Act(ActKind.REVOCATION, {"target": target, "value": value}, now, actor))

    def reserve_grant_id(self) -> int:
        """A number for a grant or a proposal that will be made; numbers grow and are never given twice."""
        with self._writes.begin() as connection:
            reserved = connection.execute(
                update(tables.counter)
                .values(next_grant_id=tables.counter.c.next_grant_id + 1)
                .returning(tables.counter.c.next_grant_id - 1)
            )
            return int(reserved.scalar_one())

    # Who exists.

    def require_agency(self, code: str) -> None:
        """Raises RecordUnknown unless the agency is registered."""
        with self.register.ledger() as ledger:
            ledger.agency(code)

    def list_agencies(self, now: int, after: str = "", count: int | None = None) -> list[AgencyRecord]:
        """Agencies by code, at most `count` after one."""
        with self.register.snapshot() as (ledger, connection):
            codes = sorted(code for code in ledger.agencies if code > after)[:count]
            revoked = {value for target, value in ledger.revocations if target is Target.THUMBPRINT}
            credentials = _credentials(connection, now, revoked)
            return [_record(ledger, code, credentials.get(code, [])) for code in codes]

    def require_credential(self, thumbprint: bytes) -> None:
        """Raises RecordUnknown unless a certificate with this thumbprint was issued."""
        table = tables.credential
        with self._engine.connect() as connection:
            found = connection.execute(select(table.c.thumbprint).where(table.c.thumbprint == thumbprint))
            if found.one_or_none() is None:
                raise RecordUnknown

    def has_credentials(self, agency: str) -> bool:
        """Whether a certificate was ever issued to it."""
        table = tables.credential
        with self._engine.connect() as connection:
            return (
                connection.execute(select(table.c.agency).where(table.c.agency == agency).limit(1)).first() is not None
            )

    def require_place(self, place: Place) -> None:
        """Raises RecordUnknown unless agency and unit exist and are not revoked."""
        with self.register.ledger() as ledger:
            if not _usable(ledger, place):
                raise RecordUnknown

    def create_code(self, code: str, agency: str, system: str, expires_at: int, unit: str = "") -> None:
        """Remember the hash of a code. Raises RecordUnknown when agency or unit is unknown or revoked."""
        place = Place(agency, unit, system)
        self.require_place(place)
        hashed = self._code_hash(code)
        with self._writes.begin() as connection:
            connection.execute(
                insert(tables.enrolment_code).values(
                    code_hash=hashed,
                    expires_at=expires_at,
                    seal=self._code_seal(hashed, place, expires_at),
                    **place._asdict(),
                )
            )

    def altered_codes(self) -> list[str]:
        """The agencies that enrolment codes are made out to whose seal is broken, by code's row."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(tables.enrolment_code)).all()
        return [
            row.agency
            for row in rows
            if not hmac.compare_digest(
                self._code_seal(row.code_hash, Place(row.agency, row.unit, row.system), row.expires_at), row.seal
            )
        ]

    def mark_lost(self, through: int, now: int, actor: Actor) -> int:
        """Put marks in place of the acts up to a number that were lost with gateway.db; how many.

        Raises ActsAltered.
        """
        lost = range(self.register.number(), through)
        for _ in lost:
            self.register.append(Act(ActKind.LOST, {}, now, actor))
        return len(lost)

    def owner_of_code(self, code: str) -> CodeOwner:
        """Whom a code was made for, whether or not it may be used still. Raises EnrolmentRefused, also when altered."""
        codes = tables.enrolment_code
        hashed = self._code_hash(code)
        with self._engine.connect() as connection:
            row = connection.execute(select(codes).where(codes.c.code_hash == hashed)).one_or_none()
        if row is None:
            raise EnrolmentRefused
        place = Place(row.agency, row.unit, row.system)
        if not hmac.compare_digest(self._code_seal(hashed, place, row.expires_at), row.seal):
            raise EnrolmentRefused
        return CodeOwner(*place, row.used_at is not None)

    def redeem_code(self, code: str, now: int) -> Place:
        """Whom a code is for, once: of concurrent callers one wins.

        Raises EnrolmentRefused for unknown, used, expired and altered codes and for revoked agencies and units: the
        answer does not tell which it was, and guessing takes no lock of the database.
        """
        codes = tables.enrolment_code
        columns = (codes.c.agency, codes.c.unit, codes.c.system, codes.c.expires_at, codes.c.seal)
        hashed = self._code_hash(code)
        usable = (codes.c.code_hash == hashed) & codes.c.used_at.is_(None) & (codes.c.expires_at > now)
        with self.register.snapshot() as (ledger, connection):
            row = connection.execute(select(*columns).where(usable)).one_or_none()
            place = Place("", "", "") if row is None else Place(row.agency, row.unit, row.system)
            sealed = self._code_seal(hashed, place, 0 if row is None else row.expires_at)
            if row is None or not hmac.compare_digest(sealed, row.seal) or not _usable(ledger, place):
                raise EnrolmentRefused
        with self._writes.begin() as connection:
            taken = connection.execute(update(codes).where(usable).values(used_at=now).returning(codes.c.agency))
            if taken.one_or_none() is None:
                raise EnrolmentRefused
        return place

    def record_credential(self, principal: Principal, now: int) -> None:
        """A certificate that was issued. Raises RecordUnknown."""
        self.require_agency(principal.agency)
        with self._writes.begin() as connection:
            connection.execute(
                insert(tables.credential).values(
                    thumbprint=principal.thumbprint,
                    agency=principal.agency,
                    unit=principal.unit,
                    system=principal.system,
                    issued_at=now,
                    expires_at=principal.not_after,
                )
            )

    def _code_hash(self, code: str) -> bytes:
        # Codes carry 100 random bits, so that no stretching is needed; the salt keeps two databases apart.
        return hmac.digest(self._code_salt, code.replace("-", "").encode(), hashlib.sha256)

    def _code_seal(self, code_hash: bytes, place: Place, expires_at: int) -> bytes:
        text = b"\0".join((b"enrolment code", code_hash.hex().encode(), *(part.encode() for part in place)))
        return hmac.digest(self._key, text + expires_at.to_bytes(8), hashlib.sha256)


def _key_path(database: Path) -> Path:
    return database.parent / "keys" / "policy.key"


def _usable(ledger: Ledger, place: Place) -> bool:
    agency = ledger.agencies.get(place.agency)
    return (
        agency is not None
        and (Target.AGENCY, place.agency) not in ledger.revocations
        and (not place.unit or place.unit in agency.units)
        and (Target.UNIT, f"{place.agency}/{place.unit}") not in ledger.revocations
    )


def _record(ledger: Ledger, code: str, credentials: list[CredentialRecord]) -> AgencyRecord:
    agency = ledger.agencies[code]
    return AgencyRecord(
        code,
        agency.name,
        agency.agency_class,
        agency.pairwise,
        (Target.AGENCY, code) in ledger.revocations,
        len(agency.units),
        agency.grants,
        agency.narrowings,
        tuple(credentials),
    )


def _credentials(connection: Connection, now: int, revoked: set[str]) -> dict[str, list[CredentialRecord]]:
    table = tables.credential
    credentials: dict[str, list[CredentialRecord]] = {}
    rows: Any = connection.execute(
        select(table).where(table.c.expires_at >= now).order_by(table.c.issued_at.desc(), table.c.thumbprint)
    )
    for row in rows:
        credentials.setdefault(row.agency, []).append(
            CredentialRecord(
                row.thumbprint,
                row.unit,
                row.system,
                row.issued_at,
                row.expires_at,
                row.thumbprint.hex() in revoked,
            )
        )
    return credentials
