"""Sixth step, for callers whose grant has such limits: rates and what may be open at once, before any work."""

from __future__ import annotations

import time
from collections.abc import Callable

from gateway.agency.policy import PolicyView
from gateway.agency.quotas import Bounds, bounds_of, denied, scopes_of
from gateway.audit.limits import Demand, Limit
from gateway.audit.permits import NotAdmitted, Permits
from gateway.chain.base import Call
from gateway.errors import QuotaExhausted

_Key = tuple[str, str, int, str]


class Admitter:
    """Asks the sequencer, which alone sees all workers."""

    def __init__(self, permits: Permits, observe: Callable[[float], None]) -> None:
        """`observe` is told the seconds of each admission."""
        self._permits = permits
        self._observe = observe
        self._version = -1
        self._bounds: dict[_Key, Bounds | None] = {}  # as many as the policy has such callers

    def bound(self, call: Call, view: PolicyView) -> None:
        """Set the limits that an authorised call is under."""
        grant = call.grant
        if grant is None or not grant.quotas:
            return
        assert call.principal is not None
        if call.policy_version != self._version:
            self._version = call.policy_version
            self._bounds.clear()
        key = call.principal.entry_name, call.principal.system, grant.grant_id, call.method.name
        try:
            call.bounds = self._bounds[key]
        except KeyError:
            call.bounds = self._bounds[key] = bounds_of(
                call.method.name, scopes_of(view.agency(call.principal.agency), grant)
            )

    async def admit(self, demand: Demand | None) -> None:
        """Take what is demanded, or raise QuotaExhausted, AuditUnavailable. Give it back with `release`."""
        if demand is None:
            return
        began = time.perf_counter()
        try:
            await self._permits.admit(demand)
        except NotAdmitted as error:
            why = error.denied
            raise QuotaExhausted(
                quotas=[denied(demand, why.position, rate=why.limit is Limit.RATE)],
                retry_seconds=why.retry_us / 1e6,
            ) from None
        finally:
            self._observe(time.perf_counter() - began)

    def release(self, demand: Demand | None) -> None:
        """What was demanded is over."""
        if demand is not None:
            self._permits.release(demand)
