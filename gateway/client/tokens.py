"""The access token of one client: got once for all its calls, renewed before it expires."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

RENEWAL_SHARE: Final = 0.8
RENEWAL_PAUSE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and how long it lived when it came, by the gateway's own clock."""

    text: str
    life_seconds: float


class TokenSource:
    """Hands out the current token. Callers that need a new one at the same time share one request.

    Ages are measured on a monotonic clock from the moment the token was asked for, so a wrong wall clock here
    neither keeps a dead token nor throws away a good one.
    """

    def __init__(self, issue: Callable[[], Awaitable[Token]], monotonic: Callable[[], float]) -> None:
        """`issue` asks the gateway for a token."""
        self._issue = issue
        self._monotonic = monotonic
        self._text = ""
        self._renew_at = 0.0
        self._expires_at = float("-inf")
        self._renewal: asyncio.Task[str] | None = None

    def held(self) -> str:
        """The token held, or empty when there is none that has not expired.

        In the last fifth of its life it is renewed in the background while calls go on using it.
        """
        now = self._monotonic()
        if now >= self._expires_at:
            return ""
        if now >= self._renew_at:
            self._renewing()
        return self._text

    async def current(self) -> str:
        """The token held, or a new one. Raises what `issue` raises."""
        return self.held() or await asyncio.shield(self._renewing())

    async def replace(self, refused: str) -> str:
        """A token other than `refused`, which the gateway no longer takes. Raises what `issue` raises."""
        self.drop(refused)
        return await self.current()

    def drop(self, refused: str) -> None:
        """Hand out no more a token that the gateway no longer takes; nothing where another one is held by now."""
        if self._text == refused:
            self._expires_at = float("-inf")

    async def close(self) -> None:
        """Stop a renewal under way."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)

    def _renewing(self) -> asyncio.Task[str]:
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renew())
            self._renewal.add_done_callback(self._renewed)
        return self._renewal

    async def _renew(self) -> str:
        asked_at = self._monotonic()
        token = await self._issue()
        self._text = token.text
        self._renew_at = asked_at + RENEWAL_SHARE * token.life_seconds
        self._expires_at = asked_at + token.life_seconds
        return token.text

    def _renewed(self, renewal: asyncio.Task[str]) -> None:
        self._renewal = None
        if not renewal.cancelled() and renewal.exception() is not None:
            # Whoever waits gets the error; in the background it is tried again, but not with every call.
            self._renew_at = min(self._expires_at, self._monotonic() + RENEWAL_PAUSE_SECONDS)
