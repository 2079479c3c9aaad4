"""Where every refusal goes: recorded for a known agency (folded when there are many), counted, translated."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from google.rpc import status_pb2

from gateway.audit.fold import RefusalFold
from gateway.audit.receipt import Receipt
from gateway.chain.base import Call
from gateway.chain.record import Recorder
from gateway.chain.translate import reason_number, rich_status
from gateway.errors import AuditUnavailable, GatewayError
from gateway.metrics import Metrics
from gateway.wire import receipt_to_wire

FOLD_SECONDS = 1.0


class Refuser:
    """Turns a refusal into a status, after it was recorded."""

    def __init__(self, recorder: Recorder, fold: RefusalFold, metrics: Metrics, now_us: Callable[[], int]) -> None:
        self._recorder = recorder
        self._fold = fold
        self._metrics = metrics
        self._now_us = now_us

    async def refuse(self, call: Call, refusal: GatewayError) -> status_pb2.Status:
        """Record, count and translate. The status says AUDIT_UNAVAILABLE when the log cannot be written."""
        receipt = refusal.receipt
        if receipt is None and call.principal is not None and not isinstance(refusal, AuditUnavailable):
            try:
                receipt = await self._record(call, refusal)
            except AuditUnavailable as unavailable:
                refusal = unavailable
        agency = call.principal.agency if call.principal is not None else ""
        self._metrics.refused(agency, call.method.name, refusal.reason)
        return rich_status(refusal, call.call_id, receipt_to_wire(receipt) if receipt is not None else None)

    async def _record(self, call: Call, refusal: GatewayError) -> Receipt | None:
        assert call.principal is not None
        reason = reason_number(refusal.reason)
        if not self._fold.admit(call.principal.agency, call.method.name, reason, self._now_us()):
            return None
        # The caller may go meanwhile; the entry is written all the same.
        return await asyncio.shield(self._recorder.refusal(call, reason))

    async def flush(self) -> None:
        """Record what was folded so far."""
        for folded in self._fold.take(self._now_us()):
            with contextlib.suppress(AuditUnavailable):
                await self._recorder.folded(folded.agency, folded.method, folded.reason, folded.calls, folded.since_us)

    async def run(self) -> None:
        """Flush every second until cancelled."""
        while True:
            await asyncio.sleep(FOLD_SECONDS)
            await self.flush()
