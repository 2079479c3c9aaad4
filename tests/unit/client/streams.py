"""Streams of look-ups that a test scripts, message by message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import grpc
from grpc_status import rpc_status

from gateway.api.v1 import lookup_service_pb2, reason_pb2, verification_pb2
from gateway.chain.translate import rich_status
from gateway.errors import GatewayError
from tests.unit.client.scripted import ScriptedGateway

Request = lookup_service_pb2.StreamLookUpPersonsRequest
Response = lookup_service_pb2.StreamLookUpPersonsResponse


class Script:
    """Answers streams: `steps` says, message by message over all streams, what becomes of it; then all goes well.

    `opening` says what a stream is refused with at its opening, given how many were opened, it included, and its token.
    """

    request: Any = Request

    def __init__(self, gateway: ScriptedGateway, steps: Sequence[Any] = (), workers: int = 1) -> None:
        self.opening: Callable[[int, str], GatewayError | None] = lambda _opened, _token: None
        self._gateway = gateway
        self._steps = list(steps)
        self._workers = workers
        self.received: list[tuple[str, bool]] = []
        """Call id of each message, and whether context and mask stood in it."""
        self.tokens: list[str] = []
        self.most_at_once = self._at_once = self._streams = 0
        gateway.talk = self.talk

    async def talk(self, context: Any) -> None:
        self.tokens.append(dict(context.invocation_metadata())["authorization"].removeprefix("Bearer "))
        refused = self.opening(len(self.tokens), self.tokens[-1])
        if refused is not None:
            await context.abort_with_status(rpc_status.to_status(rich_status(refused, bytes(16), None)))
        worker = f"worker-{self._streams % self._workers}"
        self._streams += 1
        await context.send_initial_metadata((("popgate-worker", worker), ("popgate-workers", str(self._workers))))
        while (raw := await context.read()) is not grpc.aio.EOF:
            request = self.request.FromString(raw)
            self.received.append((request.call_id, request.batch.HasField("context")))
            step = self._steps.pop(0) if self._steps else None
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            try:
                if isinstance(step, GatewayError):
                    await context.abort_with_status(rpc_status.to_status(rich_status(step, bytes(16), None)))
                if step == "break":
                    await context.abort(grpc.StatusCode.UNAVAILABLE, "scripted")
                if step == "silence":
                    await asyncio.sleep(30)
                await asyncio.sleep(0.002)
                await context.write(self._answer(request, step))
                if step == "break afterwards":
                    await context.abort(grpc.StatusCode.UNAVAILABLE, "scripted")
            finally:
                self._at_once -= 1

    def _answer(self, request: Any, step: Any) -> bytes:
        answer = Response(sequence=1, call_id="f" * 32 if step == "another call" else request.call_id)
        for number in request.batch.numbers:
            if step == "no quota" and len(answer.batch.results) % 2:
                answer.batch.results.add(reason=reason_pb2.ERROR_REASON_QUOTA_EXHAUSTED)
            elif len(number) == 12:
                answer.batch.results.add(version=1).person.number = number
            else:
                answer.batch.results.add(reason=reason_pb2.ERROR_REASON_ARGUMENT_INVALID)
        if step == "a result less":
            del answer.batch.results[-1]
        receipt = self._gateway.receipt()
        if receipt is not None and step != "no receipt":
            answer.batch.receipt.CopyFrom(receipt)
        return answer.SerializeToString() if step != "no message" else b"\xff"


class VerifyScript(Script):
    """The same for streams of verifications: numbers of 12 characters are somebody's, and `yes` matches."""

    request: Any = verification_pb2.StreamVerifyPersonsRequest

    def __init__(self, gateway: ScriptedGateway, steps: Sequence[Any] = (), workers: int = 1) -> None:
        super().__init__(gateway, steps, workers)
        self.batches: list[verification_pb2.BatchVerifyPersonsRequest] = []

    def _answer(self, request: Any, step: Any) -> bytes:
        asked = request.batch
        self.batches.append(asked)
        answer = verification_pb2.StreamVerifyPersonsResponse(sequence=1, call_id=request.call_id)
        table = answer.batch
        table.paths.extend(column.path for column in asked.claims)
        verdicts, answers, outcomes = bytearray(), bytearray(), bytearray()
        for row, number in enumerate(asked.numbers):
            found = len(number) == 12 and not (step == "no quota" and row % 2)
            outcomes.append(1 if found else 4 if len(number) == 12 else 3)
            verdicts += bytes(self._verdict(column.values[row]) if found else 0 for column in asked.claims)
            answers += bytes(int(found) for _ in asked.questions)
        if step == "a verdict less":
            del verdicts[-1]
        table.outcomes, table.verdicts, table.answers = bytes(outcomes), bytes(verdicts), bytes(answers)
        table.people_count = outcomes.count(1)
        table.withheld.add(path="sex", reason=reason_pb2.ERROR_REASON_FIELD_NOT_GRANTED)
        receipt = self._gateway.receipt()
        assert receipt is not None
        table.receipt.CopyFrom(receipt)
        return answer.SerializeToString()

    @staticmethod
    def _verdict(value: str) -> int:
        grades = {"": 0, "yes": verification_pb2.VERDICT_MATCH, "hoà": verification_pb2.VERDICT_CLOSE_TONE_PLACEMENT}
        return int(grades.get(value, verification_pb2.VERDICT_MISMATCH))
