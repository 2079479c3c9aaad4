"""gateway.db: agencies, grants, credentials, enrolment codes, revocations. The only SQL of this role.

Trust: this store is trusted. Who alters it decides who may ask what; the access log still shows every call
that was answered, but not that its grant was never given. It holds no private key, no token and no code, only
the hashes of codes.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, LargeBinary, cast, insert, inspect, select, update

from gateway.agency import tables
from gateway.agency.certificates import Principal
from gateway.agency.grants import Grant, Quota
from gateway.agency.policy import Agency, PolicyView
from gateway.agency.signing_store import SigningKeyStore, load_signing_keys
from gateway.agency.succession import Successions
from gateway.errors import EnrolmentRefused, RecordExists, RecordUnknown

_AGENCY, _THUMBPRINT, _TOKEN = "agency", "thumbprint", "jti"  # kinds of revocation


@dataclass(frozen=True, slots=True)
class CredentialRecord:
    """A certificate that was issued. Times: unix seconds."""

    thumbprint: bytes
    system: str
    issued_at: int
    expires_at: int
    revoked: bool


@dataclass(frozen=True, slots=True)
class AgencyRecord:
    """An agency as operators see it: grants newest first, and those credentials that have not expired."""

    code: str
    name: str
    agency_class: int
    pairwise: bool
    revoked: bool
    grants: tuple[Grant, ...]
    credentials: tuple[CredentialRecord, ...]


class CodeOwner(NamedTuple):
    """Whom an enrolment code was made for, and whether it was used."""

    agency: str
    unit: str
    system: str
    used: bool


class AgencyStore:
    """Synchronous; safe to call from several threads and processes.

    What a worker must know to decide a call changes together with the policy's version, in one transaction.
    Codes and credentials leave the version alone: they decide no call.
    """

    def __init__(self, engine: Engine, code_salt: bytes) -> None:
        self._engine = engine
        self._writes = engine.execution_options(writes=True)
        self._code_salt = code_salt
        self.successions = Successions(engine)
        self.signing_keys = SigningKeyStore(engine, self._change)

    @classmethod
    def create(cls, path: Path) -> AgencyStore:
        """Make the tables in a new file, all or none. Raises FileExistsError when they exist."""
        engine = tables.open_engine(path)
        salt = secrets.token_bytes(16)
        with engine.execution_options(writes=True).begin() as connection:
            exists = inspect(connection).has_table(tables.schema_version.name)
            if not exists:
                tables.metadata.create_all(connection)
                connection.execute(insert(tables.schema_version).values(version=tables.SCHEMA_VERSION, code_salt=salt))
                connection.execute(insert(tables.policy).values(version=1, next_grant_id=1))
        if exists:
            engine.dispose()
            raise FileExistsError(errno.EEXIST, "holds a database already", str(path))
        return cls(engine, salt)

    @classmethod
    def open(cls, path: Path) -> AgencyStore:
        """Raises FileNotFoundError, ValueError when the schema is of another release."""
        if not path.is_file():
            raise FileNotFoundError(errno.ENOENT, "does not exist", str(path))
        engine = tables.open_engine(path)
        with engine.connect() as connection:
            row = connection.execute(select(tables.schema_version.c.version, tables.schema_version.c.code_salt)).one()
        if row.version != tables.SCHEMA_VERSION:
            raise ValueError(f"{path} has schema {row.version}, this release needs {tables.SCHEMA_VERSION}")
        return cls(engine, row.code_salt)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    # What calls are decided by.

    def policy_version(self) -> int:
        """Grows with every change of agencies, grants or revocations."""
        with self._engine.connect() as connection:
            return int(connection.execute(select(tables.policy.c.version)).scalar_one())

    def load_view(self) -> PolicyView:
        """One consistent snapshot of the policy."""
        with self._engine.connect() as connection:
            version = connection.execute(select(tables.policy.c.version)).scalar_one()
            revoked = _revoked(connection)
            grants = _grants(connection)
            signing_keys = load_signing_keys(connection)
            rows = _agencies(connection)
        return PolicyView(
            version=version,
            agencies={
                row.code: Agency(row.code, row.name, row.agency_class, tuple(grants.get(row.code, ())), row.pairwise)
                for row in rows
                if row.code.encode() not in revoked[_AGENCY]
            },
            revoked_thumbprints=frozenset(revoked[_THUMBPRINT]),
            revoked_tokens=frozenset(revoked[_TOKEN]),
            signing_keys=signing_keys,
        )

    def register_agency(self, code: str, name: str, agency_class: int, now: int, *, pairwise: bool = False) -> None:
        """Raises RecordExists; a code is never reused, not even after a revocation."""
        with self._change() as connection:
            if _agency_exists(connection, code):
                raise RecordExists
            connection.execute(
                insert(tables.agency).values(
                    code=code, name=name, agency_class=agency_class, pairwise=pairwise, registered_at=now
                )
            )

    def require_agency(self, code: str, *, known: bool = True) -> None:
        """Raises RecordUnknown unless the agency is registered; with `known=False` RecordExists if it is."""
        with self._engine.connect() as connection:
            exists = _agency_exists(connection, code)
        if exists and not known:
            raise RecordExists
        if known and not exists:
            raise RecordUnknown

    def reserve_grant_id(self) -> int:
        """A number for a grant that will be created; numbers grow and are never given twice."""
        with self._writes.begin() as connection:
            reserved = connection.execute(
                update(tables.policy)
                .values(next_grant_id=tables.policy.c.next_grant_id + 1)
                .returning(tables.policy.c.next_grant_id - 1)
            )
            return int(reserved.scalar_one())

    def create_grant(self, agency: str, grant: Grant) -> None:
        """Store a grant under its reserved number. Raises RecordUnknown."""
        terms = {
            "methods": sorted(grant.methods),
            "purposes": {purpose: sorted(bases) for purpose, bases in grant.purposes.items()},
            "fields": sorted(grant.fields),
            "provinces": sorted(grant.provinces),
            "verify_fields": sorted(grant.verify_fields),
            "predicates": sorted(grant.predicates),
            "leniency": int(grant.leniency),
            "own_subjects": grant.own_subjects,
            "quotas": [asdict(quota) for quota in grant.quotas],
            "guesses_per_day": grant.guesses_per_day,
        }
        with self._change() as connection:
            if not _agency_exists(connection, agency):
                raise RecordUnknown
            connection.execute(
                insert(tables.grant_).values(
                    grant_id=grant.grant_id,
                    agency=agency,
                    terms=json.dumps(terms),
                    from_time=grant.from_time,
                    until_time=grant.until_time,
                    contract_digest=grant.contract_digest,
                )
            )

    def revoke_agency(self, code: str, now: int) -> None:
        """All its credentials and grants, for good. Raises RecordUnknown; again is no error."""
        with self._change() as connection:
            if not _agency_exists(connection, code):
                raise RecordUnknown
            _revoke(connection, _AGENCY, code.encode(), now)

    def revoke_credential(self, thumbprint: bytes, now: int) -> None:
        """One certificate. Raises RecordUnknown when it was never issued; again is no error."""
        with self._change() as connection:
            if not _credential_exists(connection, thumbprint):
                raise RecordUnknown
            _revoke(connection, _THUMBPRINT, thumbprint, now)

    def revoke_token(self, token_id: bytes, now: int) -> None:
        """One token, 16 bytes. Tokens are not recorded, so that any id is accepted."""
        with self._change() as connection:
            _revoke(connection, _TOKEN, token_id, now)

    # Who exists.

    def list_agencies(self, now: int) -> list[AgencyRecord]:
        """Every agency by code."""
        with self._engine.connect() as connection:
            revoked = _revoked(connection)
            grants = _grants(connection)
            credentials = _credentials(connection, now, revoked[_THUMBPRINT])
            rows = _agencies(connection)
        return [
            AgencyRecord(
                row.code,
                row.name,
                row.agency_class,
                row.pairwise,
                row.code.encode() in revoked[_AGENCY],
                tuple(grants.get(row.code, ())),
                tuple(credentials.get(row.code, ())),
            )
            for row in rows
        ]

    def require_credential(self, thumbprint: bytes) -> None:
        """Raises RecordUnknown unless a certificate with this thumbprint was issued."""
        with self._engine.connect() as connection:
            if not _credential_exists(connection, thumbprint):
                raise RecordUnknown

    def create_code(self, code: str, agency: str, system: str, expires_at: int) -> None:
        """Remember the hash of a code. Raises RecordUnknown when the agency is unknown or revoked."""
        with self._writes.begin() as connection:
            if not _agency_exists(connection, agency) or agency.encode() in _revoked(connection)[_AGENCY]:
                raise RecordUnknown
            connection.execute(
                insert(tables.enrolment_code).values(
                    code_hash=self._code_hash(code), agency=agency, system=system, expires_at=expires_at
                )
            )

    def owner_of_code(self, code: str) -> CodeOwner:
        """Whom a code was made for, whether or not it may be used still. Raises EnrolmentRefused."""
        codes = tables.enrolment_code
        with self._engine.connect() as connection:
            row = connection.execute(
                select(codes.c.agency, codes.c.system, codes.c.used_at).where(
                    codes.c.code_hash == self._code_hash(code)
                )
            ).one_or_none()
        if row is None:
            raise EnrolmentRefused
        return CodeOwner(row.agency, "", row.system, row.used_at is not None)

    def redeem_code(self, code: str, now: int) -> tuple[str, str]:
        """Agency and system of a code, once: of concurrent callers one wins.

        Raises EnrolmentRefused for unknown, used and expired codes and for revoked agencies, all found by one
        statement that takes no lock: neither the answer nor its time tells which it was, and guessing stops
        no writer.
        """
        codes = tables.enrolment_code
        revoked = select(tables.revocation.c.value).where(tables.revocation.c.kind == _AGENCY)
        usable = (
            (codes.c.code_hash == self._code_hash(code))
            & codes.c.used_at.is_(None)
            & (codes.c.expires_at > now)
            & cast(codes.c.agency, LargeBinary).not_in(revoked)
        )
        with self._engine.connect() as connection:
            if connection.execute(select(codes.c.agency).where(usable)).one_or_none() is None:
                raise EnrolmentRefused
        with self._writes.begin() as connection:
            row = connection.execute(
                update(codes).where(usable).values(used_at=now).returning(codes.c.agency, codes.c.system)
            ).one_or_none()
        if row is None:
            raise EnrolmentRefused
        return row.agency, row.system

    def record_credential(self, principal: Principal, now: int) -> None:
        """A certificate that was issued. Raises RecordUnknown."""
        with self._writes.begin() as connection:
            if not _agency_exists(connection, principal.agency):
                raise RecordUnknown
            connection.execute(
                insert(tables.credential).values(
                    thumbprint=principal.thumbprint,
                    agency=principal.agency,
                    system=principal.system,
                    issued_at=now,
                    expires_at=principal.not_after,
                )
            )

    @contextmanager
    def _change(self) -> Iterator[Connection]:
        with self._writes.begin() as connection:
            yield connection
            connection.execute(update(tables.policy).values(version=tables.policy.c.version + 1))

    def _code_hash(self, code: str) -> bytes:
        # Codes carry 100 random bits, so that no stretching is needed; the salt keeps two databases apart.
        return hmac.digest(self._code_salt, code.replace("-", "").encode(), hashlib.sha256)


def _agencies(connection: Connection) -> Sequence[Any]:
    table = tables.agency
    columns = (table.c.code, table.c.name, table.c.agency_class, table.c.pairwise)
    return connection.execute(select(*columns).order_by(table.c.code)).all()


def _agency_exists(connection: Connection, code: str) -> bool:
    found = connection.execute(select(tables.agency.c.code).where(tables.agency.c.code == code))
    return found.one_or_none() is not None


def _credential_exists(connection: Connection, thumbprint: bytes) -> bool:
    found = connection.execute(
        select(tables.credential.c.thumbprint).where(tables.credential.c.thumbprint == thumbprint)
    )
    return found.one_or_none() is not None


def _revoke(connection: Connection, kind: str, value: bytes, now: int) -> None:
    revocation = insert(tables.revocation).values(kind=kind, value=value, revoked_at=now)
    connection.execute(revocation.prefix_with("OR IGNORE", dialect="sqlite"))


def _revoked(connection: Connection) -> dict[str, set[bytes]]:
    revoked: dict[str, set[bytes]] = {_AGENCY: set(), _THUMBPRINT: set(), _TOKEN: set()}
    for kind, value in connection.execute(select(tables.revocation.c.kind, tables.revocation.c.value)):
        revoked[kind].add(value)
    return revoked


def _grants(connection: Connection) -> dict[str, list[Grant]]:
    table = tables.grant_
    grants: dict[str, list[Grant]] = {}
    for row in connection.execute(
        select(
            table.c.grant_id,
            table.c.agency,
            table.c.terms,
            table.c.from_time,
            table.c.until_time,
            table.c.contract_digest,
        ).order_by(table.c.grant_id.desc())
    ):
        grants.setdefault(row.agency, []).append(_grant(row))
    return grants


def _grant(row: Any) -> Grant:
    terms = json.loads(row.terms)
    return Grant(
        grant_id=row.grant_id,
        methods=frozenset(terms["methods"]),
        purposes={purpose: frozenset(bases) for purpose, bases in terms["purposes"].items()},
        fields=frozenset(terms["fields"]),
        provinces=frozenset(terms["provinces"]),
        from_time=row.from_time,
        until_time=row.until_time,
        contract_digest=row.contract_digest,
        verify_fields=frozenset(terms["verify_fields"]),
        predicates=frozenset(terms["predicates"]),
        leniency=terms["leniency"],
        own_subjects=terms["own_subjects"],
        quotas=tuple(Quota(**quota) for quota in terms["quotas"]),
        guesses_per_day=terms["guesses_per_day"],
    )


def _credentials(connection: Connection, now: int, revoked: set[bytes]) -> dict[str, list[CredentialRecord]]:
    table = tables.credential
    credentials: dict[str, list[CredentialRecord]] = {}
    for row in connection.execute(
        select(table.c.thumbprint, table.c.agency, table.c.system, table.c.issued_at, table.c.expires_at)
        .where(table.c.expires_at >= now)
        .order_by(table.c.issued_at.desc(), table.c.thumbprint)
    ):
        credentials.setdefault(row.agency, []).append(
            CredentialRecord(row.thumbprint, row.system, row.issued_at, row.expires_at, row.thumbprint in revoked)
        )
    return credentials
