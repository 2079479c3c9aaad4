"""The bare echo: a `grpc.aio` server that answers each method with prepared bytes and does nothing else."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc

from gateway import config
from gateway.rotating import ServerTls

_OPTIONS = (
    ("grpc.so_reuseport", 1),
    ("grpc.max_send_message_length", config.GRPC_MESSAGE_BYTES_MAX),
    ("grpc.max_receive_message_length", config.GRPC_MESSAGE_BYTES_MAX),
)


def _handler(answer: bytes, streamed: bool) -> Any:
    if streamed:

        async def echo(requests: AsyncIterator[bytes], _context: Any) -> AsyncIterator[bytes]:
            async for _request in requests:
                yield answer

        return grpc.stream_stream_rpc_method_handler(echo)

    async def serve(_request: bytes, _context: Any) -> bytes:
        return answer

    return grpc.unary_unary_rpc_method_handler(serve)


async def _serve(order: dict[str, Any], answers: dict[str, bytes]) -> None:
    """Serve until standard input ends."""
    server = grpc.aio.server(options=_OPTIONS)
    for method, answer in answers.items():
        _, service, name = method.split("/")
        handlers = {name: _handler(answer, name.startswith("Stream"))}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    address = f"127.0.0.1:{order['port']}"
    if order["state"] is None:
        server.add_insecure_port(address)
    else:
        server.add_secure_port(address, ServerTls(Path(order["state"]), mutual=True).credentials())
    await server.start()
    # As the gateway's own serving processes do.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    print("{}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(0)


def main() -> None:
    """The first line of standard input says `port`, `state` (None: no TLS) and, by method, the answers in hex."""
    order = json.loads(sys.stdin.readline())
    answers = {method: bytes.fromhex(answer) for method, answer in order["answers"].items()}
    asyncio.run(_serve(order, answers))


if __name__ == "__main__":
    main()
