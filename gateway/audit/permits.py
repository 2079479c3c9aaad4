"""A worker's side of `limits`: asks for admission, gives permits back, says what it holds after a break."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from gateway.audit import framing, limits
from gateway.audit.limits import Demand, Denied
from gateway.errors import AuditUnavailable

WAITING_MAX = 65_536


class NotAdmitted(Exception):
    """A limit is reached; nothing was taken."""

    def __init__(self, demand: Demand, denied: Denied) -> None:
        super().__init__(denied)
        self.demand = demand
        self.denied = denied


class Permits:
    """Everything asked for and given back in one turn of the loop goes out together, in that order."""

    def __init__(self) -> None:
        self._send: Callable[[bytes], None] | None = None
        self._next_id = 0
        self._waiting: dict[int, tuple[asyncio.Future[None], Demand]] = {}
        self._asked: list[bytes] = []
        self._released: Counter[str] = Counter()
        self._held: Counter[str] = Counter()
        self._flush_handle: asyncio.Handle | None = None

    @property
    def held(self) -> int:
        """Permits that calls of this worker hold."""
        return self._held.total()

    async def admit(self, demand: Demand) -> None:
        """Wait until everything demanded is taken. Raises NotAdmitted, AuditUnavailable and then nothing is.

        Give each permit back with `release`.
        """
        if self._send is None or len(self._waiting) >= WAITING_MAX:
            raise AuditUnavailable
        self._next_id += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[self._next_id] = future, demand
        self._asked.append(limits.pack_admit(self._next_id, limits.pack_demand(demand)))
        self._flush_soon()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self.release(demand)  # it was let in and gone in the same turn
            raise

    def release(self, demand: Demand) -> None:
        """Give back the permits of a demand that was admitted."""
        for permit in demand.permits:
            self._held[permit.name] -= 1
            if not self._held[permit.name]:
                del self._held[permit.name]
            self._released[permit.name] += 1
        if demand.permits:
            self._flush_soon()

    def connected(self, send: Callable[[bytes], None]) -> None:
        """A sequencer that knows nothing yet: it is told what is held."""
        self._send = send
        self._released.clear()
        if self._held:
            holdings = [limits.pack_holding(name, count) for name, count in self._held.items()]
            send(framing.message(framing.HOLD, *holdings))

    def lost(self) -> None:
        """The connection is gone; who waits is not admitted."""
        self._send = None
        self._asked.clear()
        self._released.clear()
        waiting, self._waiting = self._waiting, {}
        for future, _ in waiting.values():
            if not future.done():
                future.set_exception(AuditUnavailable())

    def answered(self, body: bytes) -> None:
        """An ADMITTED message. Raises Malformed."""
        for request_id, denied in limits.unpack_admitted(body):
            if request_id not in self._waiting:
                continue
            future, demand = self._waiting.pop(request_id)
            if denied is None:
                for permit in demand.permits:
                    self._held[permit.name] += 1
                if future.done():
                    self.release(demand)  # the caller is gone
                else:
                    future.set_result(None)
            elif not future.done():
                future.set_exception(NotAdmitted(demand, denied))

    def _flush_soon(self) -> None:
        if self._flush_handle is None:
            self._flush_handle = asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_handle = None
        if self._send is None:
            return
        if self._released:
            holdings = [limits.pack_holding(name, count) for name, count in self._released.items()]
            self._released.clear()
            self._send(framing.message(framing.RELEASE, *holdings))
        if self._asked:
            asked, self._asked = self._asked, []
            self._send(framing.message(framing.ADMIT, *asked))
