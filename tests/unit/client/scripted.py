"""A gateway that answers what a test scripts: a real grpc.aio server with mutual TLS and real receipts."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc_status import rpc_status

from gateway.agency.authority import CertificateAuthority
from gateway.agency.certificates import key_to_pem, make_key
from gateway.agency.identity import SIGNING_KEY_FILE, create_private, write_identity
from gateway.api.v1 import context_pb2, token_service_pb2
from gateway.audit.note import Signer
from gateway.audit.receipt import Receipt, sign_commit
from gateway.chain.translate import rich_status
from gateway.client import Client, Identity, connect
from gateway.client.accesses import QUERY_ACCESSES
from gateway.client.connection import ISSUE_TOKEN, REGISTER_SIGNING_KEY, Method
from gateway.client.enrol import ENROL_PATH, TRUST_BUNDLE_PATH
from gateway.client.finding import LOOK_UP_HOUSEHOLD, LOOK_UP_RELATIVES
from gateway.client.granting import APPROVE_GRANT, CREATE_GRANT
from gateway.client.keys import RECORD_KEY_ROTATION
from gateway.client.lookup import LOOK_UP_PERSON
from gateway.client.operation import (
    CREATE_ENROLMENT_CODE,
    LIFT_REVOCATION,
    LIST_AGENCIES,
    REGISTER_AGENCY,
    REVOKE,
)
from gateway.client.renewal import RENEW_PATH
from gateway.client.searching import RESOLVE_NUMBER, SEARCH_PERSONS
from gateway.client.sync import PULL, PUSH
from gateway.client.verification import STREAM_VERIFY, VERIFY_PERSON
from gateway.client.volume import STREAM_LOOK_UP
from gateway.errors import GatewayError

ORIGIN = "audit.test.example/2026"
METHODS: tuple[Method[Any], ...] = (
    ISSUE_TOKEN,
    REGISTER_SIGNING_KEY,
    LOOK_UP_PERSON,
    LOOK_UP_HOUSEHOLD,
    VERIFY_PERSON,
    LOOK_UP_RELATIVES,
    RESOLVE_NUMBER,
    SEARCH_PERSONS,
    PULL,
    PUSH,
    QUERY_ACCESSES,
    REGISTER_AGENCY,
    CREATE_GRANT,
    APPROVE_GRANT,
    LIFT_REVOCATION,
    CREATE_ENROLMENT_CODE,
    REVOKE,
    LIST_AGENCIES,
    RECORD_KEY_ROTATION,
)
Behaviour = Callable[[bytes, dict[str, Any]], Awaitable[Message]]


class Refusal(Exception):
    """Scripted: the gateway refuses with this error and, unless told otherwise, a receipt."""

    def __init__(self, error: GatewayError, *, receipt: bool = False) -> None:
        super().__init__(str(error))
        self.error, self.receipt = error, receipt


@dataclass
class ScriptedGateway:
    """Answers by `behaviours` (method path); counts what it is asked."""

    authority: CertificateAuthority
    signer: Signer
    folder: Path
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    alter: Callable[[context_pb2.Receipt], context_pb2.Receipt | None] = lambda receipt: receipt
    token_life_seconds: float = 600.0
    server: str = ""
    enrolment_server: str = ""
    talk: Callable[[Any], Awaitable[None]] | None = None
    """Serves a stream of look-ups, given its context."""
    index: int = 0
    running: Any = None

    def write_folder(self, folder: Path, *, lifetime_seconds: int = 3600, now: float | None = None) -> Path:
        """An identity folder of the agency `hospital`, which has registered its signing key before."""
        key = make_key()
        issued = self.authority.issue_agency("hospital", "", key.public_key(), now or time.time(), lifetime_seconds)
        trust = {
            "log_origin": ORIGIN,
            "log_verifier": "unused",
            "receipt_verifier": self.signer.verifier.text(),
            "trust_domain": self.authority.trust_domain,
            "server": self.server,
            "enrolment_server": self.enrolment_server,
        }
        write_identity(folder, key_to_pem(key), issued.chain_pem, self.authority.root_pem, trust)
        create_private(folder / SIGNING_KEY_FILE, key_to_pem(make_key()))
        return folder

    def __post_init__(self) -> None:
        self.behaviours[ISSUE_TOKEN.path] = self.issue_token

    async def start(self) -> None:
        """Listen on 127.0.0.1: the agencies' port with mutual TLS, the enrolment port with server TLS; a second
        time on the same ports."""
        key = make_key()
        chain = self.authority.issue_server(["localhost", "127.0.0.1"], key.public_key(), time.time(), 1)
        pair = [(key_to_pem(key), chain)]
        mutual = grpc.ssl_server_credentials(pair, self.authority.root_pem, require_client_auth=True)
        self.running = grpc.aio.server()
        self.running.add_generic_rpc_handlers(_handlers(self))
        addresses = (self.server or "127.0.0.1:0", self.enrolment_server or "127.0.0.1:0")
        self.server = f"127.0.0.1:{self.running.add_secure_port(addresses[0], mutual)}"
        one_sided = grpc.ssl_server_credentials(pair)
        self.enrolment_server = f"127.0.0.1:{self.running.add_secure_port(addresses[1], one_sided)}"
        await self.running.start()

    async def stop(self) -> None:
        """Close both ports at once."""
        await self.running.stop(None)

    def receipt(self) -> context_pb2.Receipt | None:
        """The next receipt, as `alter` leaves it."""
        leaf = hashlib.sha256(self.index.to_bytes(8, "big")).digest()
        made: Receipt = sign_commit(ORIGIN, self.index, [leaf], self.signer)[0]
        self.index += 1
        return self.alter(
            context_pb2.Receipt(
                origin=made.origin,
                index=made.index,
                leaf_hash=made.leaf_hash,
                commit_first=made.commit_first,
                commit_count=made.commit_count,
                path=made.path,
                signature=made.signature,
                key_id=made.key_id,
            )
        )

    async def answer(self, path: str, request: bytes, context: Any) -> Any:
        metadata = dict(context.invocation_metadata())
        self.asked.append((path, metadata))
        try:
            message = await self.behaviours[path](request, metadata)
        except Refusal as refusal:
            call_id = bytes.fromhex(metadata["traceparent"].split("-")[1])
            receipt = self.receipt() if refusal.receipt else None
            status = rpc_status.to_status(rich_status(refusal.error, call_id, receipt))
            await context.abort_with_status(status)
        receipt = self.receipt()
        if receipt is not None and "receipt" in message.DESCRIPTOR.fields_by_name:
            message.receipt.CopyFrom(receipt)  # type: ignore[attr-defined]
        return message

    async def issue_token(self, request: bytes, metadata: dict[str, Any]) -> Message:
        answer = token_service_pb2.IssueTokenResponse(token=f"token-{len(self.paths('IssueToken'))}")
        answer.server_time.FromNanoseconds(time.time_ns())
        answer.expires_time.FromNanoseconds(time.time_ns() + int(self.token_life_seconds * 1e9))
        return answer

    def paths(self, method: str) -> list[dict[str, Any]]:
        """Metadata of each call of a method."""
        return [metadata for path, metadata in self.asked if path.endswith("/" + method)]

    def identity(self) -> Identity:
        return Identity.from_folder(self.folder)

    def client(self, **options: Any) -> Client:
        return connect(self.identity(), self.server, **options)

    def on(self, method: Method[Any], answers: Any) -> None:
        """Answer `method` with a message, or raise, or ask a callable; a list is worked off, its last repeated."""
        script = list(answers) if isinstance(answers, list) else [answers]

        async def behave(request: bytes, metadata: dict[str, Any]) -> Message:
            step = script.pop(0) if len(script) > 1 else script[0]
            if callable(step):
                step = step(request)
            if isinstance(step, BaseException):
                raise step
            copy: Message = type(step)()
            copy.CopyFrom(step)
            return copy

        self.behaviours[method.path] = behave


def _handlers(gateway: ScriptedGateway) -> list[grpc.GenericRpcHandler]:
    by_service: dict[str, dict[str, grpc.RpcMethodHandler[Any, Any]]] = {}
    paths = [*(method.path for method in METHODS), ENROL_PATH, RENEW_PATH, TRUST_BUNDLE_PATH]
    for path in paths:
        service, method = path[1:].split("/")

        async def handle(request: bytes, context: Any, path: str = path) -> Any:
            return await gateway.answer(path, request, context)

        by_service.setdefault(service, {})[method] = grpc.unary_unary_rpc_method_handler(
            handle, response_serializer=lambda message: message.SerializeToString()
        )

    async def talk(_messages: Any, context: Any) -> None:
        assert gateway.talk is not None
        await gateway.talk(context)

    for path in (STREAM_LOOK_UP, STREAM_VERIFY):
        service, method = path[1:].split("/")
        by_service.setdefault(service, {})[method] = grpc.stream_stream_rpc_method_handler(talk)
    return [grpc.method_handlers_generic_handler(name, handlers) for name, handlers in by_service.items()]
