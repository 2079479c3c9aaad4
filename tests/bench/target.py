"""A server as a load client sees it: connections spread evenly over its processes, and raw calls on them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.agency.certificates import make_key
from gateway.agency.signatures import SIGNATURE_KEY
from gateway.client.identity import Identity
from gateway.client.link import CHANNEL_OPTIONS
from gateway.client.signing import must_sign
from tests.caller import REGISTER_KEY, registration, sign

OPENINGS_MAX = 64
READY_SECONDS_MAX = 20.0
TIMEOUT_SECONDS = 30.0
_ESTABLISHED = "01"


class Target:
    """Open connections to one server; `calls` go round robin over them."""

    def __init__(self, server: str, identity: Identity | None, metadata: Sequence[tuple[str, str]]) -> None:
        """`identity`: mutual TLS with it, None: no TLS. `metadata`: sent with every call."""
        self._server = server
        self._identity = identity
        self.metadata = tuple(metadata)
        self._channels: list[grpc.aio.Channel] = []
        self._signing_key: ec.EllipticCurvePrivateKey | None = None

    async def open(self, pids: Sequence[int]) -> None:
        """One connection to each of the processes that share the port. Raises RuntimeError.

        The kernel spreads connections over SO_REUSEPORT listeners by a hash: those that fall on a process that
        has one already are closed and tried again.
        """
        port = int(self._server.rpartition(":")[2])
        missing = set(pids)
        for _ in range(OPENINGS_MAX):
            before = _connections(port, pids)
            channel = self._channel()
            async with asyncio.timeout(READY_SECONDS_MAX):
                await channel.channel_ready()
            fresh = [pid for inode, pid in _connections(port, pids).items() if inode not in before]
            if len(fresh) == 1 and fresh[0] in missing:
                missing.discard(fresh[0])
                self._channels.append(channel)
                if not missing:
                    return
            else:
                await channel.close()
        raise RuntimeError(f"no connection to each process of {self._server} after {OPENINGS_MAX} attempts")

    async def close(self) -> None:
        """Close the connections."""
        for channel in self._channels:
            await channel.close()

    @property
    def channels(self) -> list[grpc.aio.Channel]:
        """The connections."""
        return self._channels

    def calls(self, method: str) -> list[Any]:
        """A call of the method on each connection: exact bytes there, exact bytes back."""
        return [channel.unary_unary(method) for channel in self._channels]

    def streams(self, method: str) -> list[Any]:
        """The same for a method that is a stream both ways."""
        return [channel.stream_stream(method) for channel in self._channels]

    async def ask(self, method: str, request: bytes) -> bytes:
        """One call, signed where the contract demands it. Raises AioRpcError."""
        metadata = await self.signed(method, request) if must_sign(method) else self.metadata
        answer: bytes = await self.calls(method)[0](request, metadata=metadata, timeout=TIMEOUT_SECONDS)
        return answer

    async def signed(self, method: str, request: bytes) -> tuple[tuple[str, str], ...]:
        """The metadata of one signed call; the key is registered at the first."""
        if self._signing_key is None:
            assert self._identity is not None
            self._signing_key = make_key()
            body = registration(self._signing_key, self._identity.spiffe_ids[0]).SerializeToString()
            await self.ask(REGISTER_KEY, body)
        return (*self.metadata, (SIGNATURE_KEY, sign(self._signing_key, method, request)))

    def _channel(self) -> grpc.aio.Channel:
        if self._identity is None:
            return grpc.aio.insecure_channel(self._server, options=CHANNEL_OPTIONS)
        credentials = grpc.ssl_channel_credentials(
            self._identity.root_pem, self._identity.key_pem, self._identity.certificate_pem
        )
        return grpc.aio.secure_channel(self._server, credentials, options=CHANNEL_OPTIONS)


def _connections(port: int, pids: Sequence[int]) -> dict[str, int]:
    """Established connections accepted on a port: inode of the server's socket and the process that holds it."""
    inodes = set()
    # gRPC listens on a socket of both families, so that its IPv4 connections stand in the table of IPv6.
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if int(fields[1].rpartition(":")[2], 16) == port and fields[3] == _ESTABLISHED:
                inodes.add(f"socket:[{fields[9]}]")
    held: dict[str, int] = {}
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            try:
                link = str(descriptor.readlink())
            except FileNotFoundError:
                continue
            if link in inodes:
                held[link] = pid
    return held
