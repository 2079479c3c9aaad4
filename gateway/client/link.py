"""One channel to the gateway with what is bound to its certificate: the token, and the calls that still use it.

A channel keeps the certificate it was made with, so that a renewed one needs a new channel: calls move to it, the
old one ends when its last call has.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import grpc
import grpc.experimental
from google.protobuf.message import Message

from gateway.client.identity import Identity
from gateway.client.tokens import Token, TokenSource

RESPONSE_BYTES_MAX: Final = 16 << 20
CHANNEL_OPTIONS: Final[tuple[tuple[str, int], ...]] = (
    # A connection of its own for each client, so that several clients spread over the gateway's workers.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", RESPONSE_BYTES_MAX),
    ("grpc.initial_reconnect_backoff_ms", 100),
    # Also the time that one attempt has for TCP and TLS: on a slow line a handshake takes several round trips.
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 10_000),
)
DRAIN_SECONDS_MAX: Final = 540.0
"""A call that lasts longer is cut: a minute later the gateway would refuse the replaced certificate anyway."""


class Link:
    """A channel under one identity. Make it in a running event loop; close or drain it there."""

    def __init__(
        self,
        identity: Identity,
        server: str,
        issue: Callable[[Link], Awaitable[Token]],
        monotonic: Callable[[], float],
    ) -> None:
        """`issue` asks for a token over this link. Nothing is sent yet."""
        self.identity = identity
        self.channel = open_channel(identity, server)
        self.tokens = TokenSource(lambda: issue(self), monotonic)
        self._calls: dict[str, Any] = {}
        self._in_use = 0
        self._unused = asyncio.Event()
        self._unused.set()

    def unary(self, path: str, read: Callable[[bytes], Any]) -> Any:
        """The callable of a unary method, which takes the request's bytes; made once."""
        known = self._calls.get(path)
        if known is None:
            known = self._calls[path] = self.channel.unary_unary(path, response_deserializer=read)
        return known

    @contextmanager
    def used(self) -> Iterator[None]:
        """While a call or a stream runs over this link."""
        self._in_use += 1
        self._unused.clear()
        try:
            yield
        finally:
            self._in_use -= 1
            if not self._in_use:
                self._unused.set()

    async def drain(self) -> None:
        """Close once no call runs over it any more, or after DRAIN_SECONDS_MAX."""
        try:
            await asyncio.wait_for(self._unused.wait(), DRAIN_SECONDS_MAX)
        except TimeoutError:
            pass
        finally:
            await self.close()

    async def close(self) -> None:
        """Close at once; calls that run fail."""
        await self.tokens.close()
        await self.channel.close()


def open_channel(identity: Identity, server: str) -> grpc.aio.Channel:
    """A connection of its own to HOST:PORT; nothing is sent yet."""
    return grpc.aio.secure_channel(server, channel_credentials(identity), options=CHANNEL_OPTIONS)


def channel_credentials(identity: Identity) -> grpc.ChannelCredentials:
    """Mutual TLS with the identity's key, wherever that is."""
    sign = identity.signer
    if sign is None:
        return grpc.ssl_channel_credentials(identity.root_pem, identity.key_pem, identity.certificate_pem)

    def signed(data: bytes, algorithm: int, _completed: Any) -> bytes:
        if algorithm != grpc.experimental.PrivateKeySignatureAlgorithm.ECDSA_SECP256R1_SHA256.value:
            raise ValueError("the gateway asks for a kind of signature that a P-256 key does not give")
        return sign(data)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", grpc.experimental.ExperimentalApiWarning)
        credentials: grpc.ChannelCredentials = grpc.experimental.ssl_channel_credentials_with_custom_signer(
            private_key_sign_fn=signed,
            root_certificates=identity.root_pem,
            certificate_chain=identity.certificate_pem,
        )
    return credentials


def traceparent(call_id: str) -> str:
    """The W3C trace context of a call: its id as the trace, one span."""
    return f"00-{call_id}-{call_id[:15]}1-01"


def serialised(message: Message) -> bytes:
    """A request's exact bytes."""
    # The base class's own method is abstract: only the generated class's one gives bytes.
    return message.SerializeToString()
