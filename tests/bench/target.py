"""A server as a load client sees it: connections spread evenly over its processes, and raw calls on them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import grpc
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.agency.certificates import make_key
from gateway.agency.identity import CERTIFICATE_FILE, KEY_FILE, ROOT_FILE
from gateway.agency.signatures import SIGNATURE_KEY
from gateway.client.identity import Identity
from gateway.client.link import CHANNEL_OPTIONS
from gateway.client.signing import must_sign
from tests.bench.http2 import Http2Connection
from tests.caller import REGISTER_KEY, registration, sign

OPENINGS_MAX = 64
READY_SECONDS_MAX = 20.0
TIMEOUT_SECONDS = 30
_ESTABLISHED = "01"


class _Closable(Protocol):
    async def close(self) -> None: ...


_Opened = TypeVar("_Opened", bound=_Closable)


class Target:
    """Open connections to one server, of gRPC's client and lean ones."""

    def __init__(self, server: str, identity: Identity | None, metadata: Sequence[tuple[str, str]]) -> None:
        """`identity`: mutual TLS with it, None: no TLS. `metadata`: sent with every call."""
        self._server = server
        self._identity = identity
        self.metadata = tuple(metadata)
        self._channels: list[grpc.aio.Channel] = []
        self.lean: list[Http2Connection] = []
        """For single calls, a connection to each process."""
        self._signing_key: ec.EllipticCurvePrivateKey | None = None

    async def open(self, pids: Sequence[int]) -> None:
        """Two connections to each of the processes that share the port, one of each kind. Raises RuntimeError."""
        self._channels = await self._spread(pids, self._open_channel)
        self.lean = await self._spread(pids, self._open_lean)

    async def close(self) -> None:
        """Close the connections."""
        for channel in self._channels:
            await channel.close()
        for connection in self.lean:
            await connection.close()

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

    async def _spread(self, pids: Sequence[int], open_one: Callable[[], Awaitable[_Opened]]) -> list[_Opened]:
        """One connection to each process.

        The kernel spreads connections over SO_REUSEPORT listeners by a hash: those that fall on a process that
        has one already are closed and tried again.
        """
        port = int(self._server.rpartition(":")[2])
        missing, spread = set(pids), []
        for _ in range(OPENINGS_MAX):
            before = _connections(port, pids)
            async with asyncio.timeout(READY_SECONDS_MAX):
                opened = await open_one()
            fresh = [pid for inode, pid in _connections(port, pids).items() if inode not in before]
            if len(fresh) == 1 and fresh[0] in missing:
                missing.discard(fresh[0])
                spread.append(opened)
                if not missing:
                    return spread
            else:
                await opened.close()
        raise RuntimeError(f"no connection to each process of {self._server} after {OPENINGS_MAX} attempts")

    async def _open_channel(self) -> grpc.aio.Channel:
        if self._identity is None:
            channel = grpc.aio.insecure_channel(self._server, options=CHANNEL_OPTIONS)
        else:
            credentials = grpc.ssl_channel_credentials(
                self._identity.root_pem, self._identity.key_pem, self._identity.certificate_pem
            )
            channel = grpc.aio.secure_channel(self._server, credentials, options=CHANNEL_OPTIONS)
        await channel.channel_ready()
        return channel

    async def _open_lean(self) -> Http2Connection:
        tls = None
        if self._identity is not None:
            folder = self._identity.folder
            tls = ssl.create_default_context(cafile=str(folder / ROOT_FILE))
            tls.load_cert_chain(folder / CERTIFICATE_FILE, folder / KEY_FILE)
            tls.set_alpn_protocols(["h2"])
        return await Http2Connection.open(self._server, tls, self.metadata, TIMEOUT_SECONDS)


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
