"""Where every refusal goes: recorded for a known agency (folded when there are many), counted, translated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from google.rpc import status_pb2

from gateway.audit.fold import FoldedRefusals, RefusalFold, RefusalKey
from gateway.audit.receipt import Receipt
from gateway.chain.base import Call
from gateway.chain.record import Recorder
from gateway.chain.translate import reason_number, rich_status
from gateway.errors import AuditUnavailable, GatewayError
from gateway.metrics import Metrics
from gateway.wire import receipt_to_wire

DUE_SECONDS = 1.0


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
        self._metrics.refused(call.agency, call.method.name, refusal.reason)
        return rich_status(refusal, call.call_id, receipt_to_wire(receipt) if receipt is not None else None)

    async def _record(self, call: Call, refusal: GatewayError) -> Receipt | None:
        assert call.principal is not None
        reason = reason_number(refusal.reason)
        purpose = call.purpose if call.authorised else ""
        key = RefusalKey(call.principal.entry_name, call.method.name, purpose, reason)
        if not self._fold.record_singly(key, self._now_us()):
            return None
        # The caller may go meanwhile; the entry is written all the same.
        return await asyncio.shield(self._recorder.refusal(call, reason))

    async def flush(self) -> None:
        """Record everything that was folded so far."""
        await self._record_folded(self._fold.flush())

    async def run(self) -> None:
        """Record what is due every second, until cancelled."""
        while True:
            await asyncio.sleep(DUE_SECONDS)
            await self._record_folded(self._fold.due(self._now_us()))

    async def _record_folded(self, folded: list[FoldedRefusals]) -> None:
        """Record all of it; what the log does not take now is counted again, and tried again when it is due."""
        waiting: list[tuple[FoldedRefusals, asyncio.Future[Receipt]]] = []
        # All are handed over before the first is waited for: who cancels this loses none of them.
        for item in folded:
            try:
                waiting.append((item, self._recorder.folded(item)))
            except AuditUnavailable:
                self._fold.put_back(item)
        for item, recorded in waiting:
            try:
                await asyncio.shield(recorded)
            except AuditUnavailable:
                # It may stand in the log all the same: rather counted twice than not at all.
                self._fold.put_back(item)
