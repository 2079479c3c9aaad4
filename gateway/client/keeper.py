"""Keeps one client's credentials good: the certificate, and the keys that its gateway signs receipts with."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from gateway.api.v1 import context_pb2
from gateway.client.enrol import receipt_lines, trust_bundle
from gateway.client.errors import ClientError
from gateway.client.identity import Identity
from gateway.client.receipts import ReceiptDesk
from gateway.client.renewal import is_recoverable, keep_trust, renew, renewal_time

_LOG = logging.getLogger("popgate.client")

SPREAD: Final = 0.05
"""Renewals are spread over this share of a certificate's life, so that agencies do not come all at once."""
AGAIN_SECONDS: Final = 60.0
"""After a renewal that failed; there is half a life for it."""
TRUST_SECONDS: Final = 10.0
"""At least between two looks for receipt keys that are not known here."""


class CredentialKeeper:
    """Renews once half of a certificate's life is over, recovers one that lapsed, learns new receipt keys."""

    def __init__(
        self,
        take_up: Callable[[Identity], Awaitable[None]],
        receipts: ReceiptDesk,
        monotonic: Callable[[], float],
        now: Callable[[], datetime],
        jitter: Callable[[], float],
        identity: Identity,
    ) -> None:
        """`take_up` moves calls to another certificate. `now`: aware. `jitter` gives numbers in [0, 1)."""
        self._take_up = take_up
        self._receipts = receipts
        self._monotonic = monotonic
        self._now = now
        self._jitter = jitter
        self._identity = identity
        self._renewal: asyncio.Task[Identity] | None = None
        self._learn_at = float("-inf")
        self._learning = asyncio.Lock()
        self._renew_at = self._due()

    async def usable(self) -> None:
        """Before each call: starts a renewal that is due, and waits for it where the certificate has lapsed.

        Raises ClientError when a lapsed certificate cannot be recovered.
        """
        if self._monotonic() < self._renew_at:
            return
        renewal = self._renewing()
        if is_recoverable(self._identity, self._now()):
            await asyncio.shield(renewal)

    async def renew(self) -> Identity:
        """Renew now, or wait for the renewal under way; the new identity. Raises ClientError."""
        return await asyncio.shield(self._renewing())

    async def know(self, receipt: context_pb2.Receipt) -> None:
        """Look for the key that a receipt names, once in a while, where it is not known here.

        The gateway tells its keys on the enrolment port, under the root that is trusted already. What cannot be
        found out stays unknown, and the receipt is refused for it.
        """
        if self._receipts.knows(receipt):
            return
        async with self._learning:
            if self._receipts.knows(receipt) or self._monotonic() < self._learn_at:
                return
            self._learn_at = self._monotonic() + TRUST_SECONDS
            identity = self._identity
            if not identity.enrolment_server:
                return
            try:
                bundle = (await trust_bundle(identity.enrolment_server, identity.root_pem)).bundle
                self._receipts.learn(receipt_lines(bundle))
                await asyncio.to_thread(keep_trust, identity, bundle)
            except (ClientError, OSError) as error:
                _LOG.warning("The receipt keys of the gateway could not be learned: %s", error)

    async def close(self) -> None:
        """Stop a renewal under way; the next one goes on from what is in the folder."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)

    def _renewing(self) -> asyncio.Task[Identity]:
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renew(), name="renew certificate")
            self._renewal.add_done_callback(self._renewed)
        return self._renewal

    async def _renew(self) -> Identity:
        identity = await renew(self._identity, self._now)
        self._receipts.learn(identity.receipt_verifier)
        await self._take_up(identity)
        self._identity = identity
        self._renew_at = self._due()
        return identity

    def _renewed(self, renewal: asyncio.Task[Identity]) -> None:
        self._renewal = None
        if not renewal.cancelled() and (error := renewal.exception()) is not None:
            self._renew_at = self._monotonic() + AGAIN_SECONDS
            _LOG.warning("The certificate could not be renewed, which is tried again: %s", error)

    def _due(self) -> float:
        """On the monotonic clock; never for an identity that does not know where to renew."""
        if not self._identity.enrolment_server:
            return float("inf")
        at = renewal_time(self._identity, 0.5 + SPREAD * self._jitter())
        return self._monotonic() + (at - self._now()).total_seconds()
