"""KeyService: the log learns of rotations before they happen. Decoding and recording are the chain's."""

# ruff: noqa: N802 - methods are named as in the contract

from __future__ import annotations

from gateway.api.v1 import key_service_pb2
from gateway.chain.base import Answer, Call


class KeyMethods:
    """The behaviours of KeyService."""

    async def RecordKeyRotation(self, call: Call, request: key_service_pb2.RecordKeyRotationRequest) -> Answer:
        """An entry, and nothing else."""
        since = request.effective_time.ToJsonString()
        body = key_service_pb2.RecordKeyRotationResponse()
        return Answer(body, note=f"rotate {request.kind} key: {request.name} from {since}")
