"""Servers of a few handlers, for the tests of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from gateway.rpc import Server

Handlers = dict[str, Any]
SERVICE = "tests.Service"
OPTIONS = (("grpc.max_receive_message_length", 8 << 20), ("grpc.max_send_message_length", 8 << 20))
SERVERS: dict[str, Callable[[], Any]] = {
    "ours": lambda: Server(OPTIONS),
    "aio": lambda: grpc.aio.server(options=OPTIONS),
}
EOF: Any = grpc.aio.EOF


@asynccontextmanager
async def served(handlers: Handlers, kind: str = "ours") -> AsyncIterator[tuple[Any, Any]]:
    """A channel to a server of these handlers, and the server."""
    server = SERVERS[kind]()
    server.add_registered_method_handlers(SERVICE, handlers)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
        yield channel, server
    await server.stop(None)


def path(name: str) -> str:
    return f"/{SERVICE}/{name}"


def unary(behaviour: Any) -> Handlers:
    return {"Ask": grpc.unary_unary_rpc_method_handler(behaviour)}


def stream(behaviour: Any) -> Handlers:
    return {"Ask": grpc.stream_stream_rpc_method_handler(behaviour)}


async def refused(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what changes has no event to wait for
            await asyncio.sleep(0.005)
