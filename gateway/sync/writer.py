"""The one process that writes the registry: whatever waits at a moment becomes one transaction.

One writer on PostgreSQL too: positions of the change feed are dense and in commit order, which makes writers
wait for each other anyway.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable

import msgspec
from sqlalchemy import Engine

from gateway.catalogue import Catalogue
from gateway.config import Settings
from gateway.lookup.disclosure import Disclosures
from gateway.lookup.fragments import BasicFragments
from gateway.lookup.people import UnitNames
from gateway.sync.write_barrier import WriteReply, WriteRequest, frame, read_frame
from registry.engine import open_engine
from registry.errors import RegistryError
from registry.fragments import has_fragments
from registry.migrations import migrate
from registry.packing import GivenUp, Packer
from registry.units import Units
from registry.writer import Writer

UPDATES_PER_TRANSACTION_MAX = 8192
FRAGMENTS_PER_TRANSACTION = 512
"""Some 10 ms of work: a push that arrives meanwhile waits no longer."""
FILL_AGAIN_SECONDS = 5.0
PACK_AGAIN_SECONDS = 60.0
"""How often it is looked whether the pack is due. For a million people it takes five seconds of one core."""


class WriteQueue:
    """Collects requests of all connections and applies them together."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._waiting: list[tuple[asyncio.StreamWriter, WriteRequest]] = []
        self._requests = msgspec.msgpack.Decoder(WriteRequest)

    async def serve(self, reader: asyncio.StreamReader, connection: asyncio.StreamWriter) -> None:
        """Read one worker's requests until it goes."""
        try:
            while True:
                request = self._requests.decode(await read_frame(reader))
                if not self._waiting:
                    # Applied after this turn of the loop, together with what the other workers sent.
                    asyncio.get_running_loop().call_soon(self._apply)
                self._waiting.append((connection, request))
        except (OSError, asyncio.IncompleteReadError):
            pass
        except (ValueError, msgspec.MsgspecError) as error:
            print(f"writer: a worker's message was refused: {error}", file=sys.stderr, flush=True)
        finally:
            connection.close()

    def _apply(self) -> None:
        waiting, self._waiting = self._waiting, []
        while waiting:
            count = 0
            taken: list[tuple[asyncio.StreamWriter, WriteRequest]] = []
            while waiting and (not taken or count + len(waiting[0][1].updates) <= UPDATES_PER_TRANSACTION_MAX):
                count += len(waiting[0][1].updates)
                taken.append(waiting.pop(0))
            self._apply_together(taken)

    def _apply_together(self, taken: list[tuple[asyncio.StreamWriter, WriteRequest]]) -> None:
        updates = [update for _, request in taken for update in request.updates]
        try:
            outcomes = self._writer.apply(updates)
        except Exception as error:
            # Whatever it was, nothing was written, and a worker that got no reply would wait for ever.
            foreseen = isinstance(error, RegistryError)
            told = str(error) if foreseen else type(error).__name__  # another error's text may quote a row
            print(f"writer: nothing was written: {told}", file=sys.stderr, flush=True)
            if not foreseen:
                traceback.print_tb(error.__traceback__)
            for connection, request in taken:
                connection.write(frame(WriteReply(request.request_id, None)))
            return
        at = 0
        for connection, request in taken:
            end = at + len(request.updates)
            connection.write(frame(WriteReply(request.request_id, outcomes[at:end])))
            at = end

    async def fill_fragments(self) -> None:
        """Make the stored fragments that are missing, in between requests."""
        filling = True
        while filling:
            try:
                filling = self._writer.fill_fragments(FRAGMENTS_PER_TRANSACTION)
            except RegistryError as error:
                print(f"writer: fragments were not made: {error}", file=sys.stderr, flush=True)
                await asyncio.sleep(FILL_AGAIN_SECONDS)
            await asyncio.sleep(0)


async def keep_packed(packer: Packer, goes_on: Callable[[], bool]) -> None:
    """Make the pack anew whenever that is due, on a thread beside the requests."""
    while goes_on():
        try:
            await asyncio.to_thread(packer.pack, goes_on)
        except GivenUp:
            return
        except Exception as error:
            # The text of an error that was not foreseen may quote a row, that of a file names paths.
            told = error.strerror if isinstance(error, OSError) else type(error).__name__
            told = str(error) if isinstance(error, RegistryError) else told
            print(f"writer: no pack was made, the stored fragments answer: {told}", file=sys.stderr, flush=True)
        await asyncio.sleep(PACK_AGAIN_SECONDS)


def open_writer(engine: Engine) -> Writer:
    """The writer that keeps stored fragments. Raises RegistryError."""
    if not has_fragments(engine):
        migrate(engine)  # built by an earlier release
    return Writer(engine, fragments_of(engine))


def fragments_of(engine: Engine) -> BasicFragments:
    """What makes the stored fragments of a registry. Raises RegistryError."""
    return BasicFragments(Disclosures(Catalogue.compile()), UnitNames(Units.from_engine(engine)))


async def run(settings: Settings, ready: Callable[[], None]) -> int:
    """Serve the workers until SIGTERM. Returns the exit status."""
    try:
        engine = open_engine(settings.registry)
        writer = open_writer(engine)
        packer = Packer(engine, fragments_of(engine), settings.pack)
    except RegistryError as error:
        print(f"writer: {error}", file=sys.stderr, flush=True)
        return 1
    queue = WriteQueue(writer)
    path = str(settings.run / "writer.sock")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    server = await asyncio.start_unix_server(queue.serve, path)
    os.chmod(path, 0o600)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    ready()

    async def keep_ready() -> None:
        await queue.fill_fragments()
        await keep_packed(packer, lambda: not stopped.is_set())

    keeping = asyncio.create_task(keep_ready(), name="fragments")
    await stopped.wait()
    keeping.cancel()
    server.close()
    writer.close()
    return 0
