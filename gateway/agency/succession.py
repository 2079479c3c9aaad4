"""Which certificate replaced which, in gateway.db: a renewed one is refused after a short overlap.

Trust: who alters these rows can have certificates refused, or a replaced one accepted until it expires.
"""

from __future__ import annotations

from sqlalchemy import Engine, func, insert, select

from gateway.agency.certificates import Principal
from gateway.agency.tables import succession as table
from gateway.errors import CredentialSuperseded

OVERLAP_SECONDS = 600
"""How long a replaced certificate is still taken: as long as a token bound to it may live."""


class Successions:
    """Synchronous; safe to call from several threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
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
            connection.execute(
                insert(table).values(
                    thumbprint=replaced.thumbprint,
                    number=newest + 1,
                    successor=successor.thumbprint,
                    key_digest=key_digest,
                    refused_from=now + OVERLAP_SECONDS,
                    expires_at=replaced.not_after,
                )
            )

    def after(self, number: int, now: int) -> tuple[int, dict[bytes, int]]:
        """What was replaced after a number and has not expired: the newest number, and from when on by thumbprint."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(table.c.number, table.c.thumbprint, table.c.refused_from)
                .where(table.c.number > number, table.c.expires_at >= now)
                .order_by(table.c.number)
            ).all()
        return (rows[-1].number if rows else number), {row.thumbprint: row.refused_from for row in rows}
