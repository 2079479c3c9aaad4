"""Which certificate replaced which, in gateway.db: a renewed one is refused after a short overlap.

Trust: rows are sealed one by one and numbered without gaps. Who takes one away can have a replaced certificate
accepted until it expires; `popgate agency check` names it, by the numbers and by the log's entries of renewals.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, NamedTuple

from sqlalchemy import Engine, func, insert, select

from gateway.agency.acts import ActsAltered
from gateway.agency.certificates import Principal
from gateway.agency.tables import succession as table
from gateway.errors import CredentialSuperseded

OVERLAP_SECONDS = 600
"""How long a replaced certificate is still taken: as long as a token bound to it may live."""


class SealedRow(NamedTuple):
    """A row, and whether this gateway wrote it so."""

    number: int
    thumbprint: bytes
    sealed: bool


class Successions:
    """Synchronous; safe to call from several threads and processes."""

    def __init__(self, engine: Engine, key: bytes) -> None:
        """`key`: 32 bytes, of the seals of acts."""
        self._engine = engine
        self._key = key
        self._writes = engine.execution_options(writes=True)

    def require_renewable(self, thumbprint: bytes, key_digest: bytes) -> None:
        """Raises CredentialSuperseded when the certificate was renewed before, for another key.

        With the same key it is the same renewal again: its answer was lost.
        """
        with self._engine.connect() as connection:
            row = connection.execute(select(table.c.key_digest).where(table.c.thumbprint == thumbprint)).one_or_none()
        if row is not None and row.key_digest != key_digest:
            raise CredentialSuperseded

    def record(self, replaced: Principal, successor: Principal, key_digest: bytes, now: int) -> None:
        """Let `successor` replace a certificate. Raises CredentialSuperseded when another one did meanwhile."""
        with self._writes.begin() as connection:
            row = connection.execute(
                select(table.c.key_digest).where(table.c.thumbprint == replaced.thumbprint)
            ).one_or_none()
            if row is not None:
                if row.key_digest != key_digest:
                    raise CredentialSuperseded
                return
            newest = connection.execute(select(func.coalesce(func.max(table.c.number), 0))).scalar_one()
            values = {
                "thumbprint": replaced.thumbprint,
                "number": newest + 1,
                "successor": successor.thumbprint,
                "key_digest": key_digest,
                "refused_from": now + OVERLAP_SECONDS,
                "expires_at": replaced.not_after,
            }
            connection.execute(insert(table).values(seal=self._seal(*values.values()), **values))

    def after(self, number: int, now: int) -> tuple[int, dict[bytes, int]]:
        """What was replaced after a number and has not expired: the newest number, and from when on by thumbprint.

        Raises ActsAltered.
        """
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(table).where(table.c.number > number, table.c.expires_at >= now).order_by(table.c.number)
            ).all()
        for row in rows:
            if not self._is_sealed(row):
                raise ActsAltered(f"row {row.number} of succession in gateway.db was altered; restore gateway.db")
        return (rows[-1].number if rows else number), {row.thumbprint: row.refused_from for row in rows}

    def rows(self) -> list[SealedRow]:
        """All rows, oldest first."""
        with self._engine.connect() as connection:
            found = connection.execute(select(table).order_by(table.c.number)).all()
        return [SealedRow(row.number, row.thumbprint, self._is_sealed(row)) for row in found]

    def _is_sealed(self, row: Any) -> bool:
        *values, seal = row
        return hmac.compare_digest(self._seal(*values), seal)

    def _seal(self, *values: bytes | int) -> bytes:
        """Of a row's columns in their order."""
        parts = [value if isinstance(value, bytes) else value.to_bytes(8, signed=True) for value in values]
        return hmac.digest(
            self._key, b"\0".join((b"succession", *(part.hex().encode() for part in parts))), hashlib.sha256
        )
