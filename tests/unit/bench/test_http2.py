"""The lean client of the benchmark speaks HTTP/2 as gRPC does: answers, refusals, broken connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest

from gateway.rpc import Server, ServerCall
from tests.bench.http2 import Http2Connection, Refused
from tests.unit.rpc.serving import SERVICE, path, unary

METADATA = (("authorization", "Bearer " + "t" * 500), ("x-other", "ơ".encode().hex()))


@asynccontextmanager
async def connected(at_once_max: int = 100) -> AsyncIterator[Http2Connection]:
    """A connection, without TLS, to a server that answers what it is asked with it, and refuses what is empty."""

    async def serve(request: bytes, context: ServerCall) -> bytes:
        if not request:
            await context.abort(grpc.StatusCode.NOT_FOUND, "not here: số, 100 %")
        seen = {key: value for key, value in context.invocation_metadata() if key in dict(METADATA)}
        assert seen == dict(METADATA)
        return request

    server = Server((("grpc.max_concurrent_streams", at_once_max),))
    server.add_registered_method_handlers(SERVICE, {**unary(serve), "Other": unary(serve)["Ask"]})
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    connection = await Http2Connection.open(f"127.0.0.1:{port}", None, METADATA, 30)
    yield connection
    await connection.close()
    await server.stop(None)


async def test_each_call_gets_its_own_answer_whichever_method_it_asks() -> None:
    async with connected() as connection:
        asked = [str(at).encode() * at for at in range(1, 90)]
        ways = [path("Other") if at % 3 else path("Ask") for at in range(len(asked))]
        answers = await asyncio.gather(*map(connection.ask, ways, asked))
    assert list(answers) == asked


async def test_a_call_that_is_over_has_no_part_in_what_a_connection_may_have_at_once() -> None:
    async def ask_often(connection: Http2Connection) -> None:
        for at in range(1, 40):
            assert await connection.ask(path("Ask"), bytes(at)) == bytes(at)

    async with connected(at_once_max=6) as connection:
        await asyncio.gather(*(ask_often(connection) for _ in range(4)))


async def test_a_refusal_says_its_details_and_the_connection_goes_on() -> None:
    async with connected() as connection:
        for name, details in (("Ask", "not here: số, 100 %"), ("Nothing", "Method not found!")):
            with pytest.raises(Refused) as refused:
                await connection.ask(path(name), b"")
            assert refused.value.details == details
        assert await connection.ask(path("Ask"), b"1") == b"1"


async def test_a_connection_that_ends_fails_what_is_under_way_and_what_comes_later() -> None:
    async def take_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))  # empty settings
        await reader.readuntil(b"a request")
        writer.close()

    async with await asyncio.start_server(take_one, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connection = await Http2Connection.open(f"127.0.0.1:{port}", None, METADATA, 30)
        for _ in range(2):
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(connection.ask(path("Ask"), b"a request"), 5)
