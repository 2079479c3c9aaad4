"""Makes the blocks of a plan in several processes and hands them over in order. Holds at most one block a process."""

import multiprocessing
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, TypeVar

from registry.encoding import Encoded, Encoder
from seed.block import Batch, make_block
from seed.errors import WorkerLost
from seed.plan import Plan

STOP_SECONDS_MAX = 5.0

Made = TypeVar("Made")
Finish = Callable[[Batch], Made]


def batches(plan: Plan, workers: int, first: int = 0) -> Generator[Batch, None, None]:
    """The rows of all blocks from `first`, in order; see `blocks`."""
    return blocks(plan, workers, first, _unchanged)


def encoded(plan: Plan, workers: int, first: int, encoder: Encoder) -> Generator[Encoded, None, None]:
    """The same, encoded for a store; see `blocks`."""
    return blocks(plan, workers, first, partial(_encoded, encoder))


def blocks(plan: Plan, workers: int, first: int, finish: Finish[Made]) -> Generator[Made, None, None]:
    """What `finish`, which can be pickled, makes of each block from `first`, in order, where the block is made.

    With one block, or 0 workers, that is this process. Closing the generator ends the processes. Raises `WorkerLost`
    when one of them dies.
    """
    numbers = range(first, plan.blocks)
    workers = min(workers, len(numbers))
    if workers < 1 or len(numbers) == 1:
        yield from (finish(make_block(plan, block)) for block in numbers)
        return
    with _started(plan, workers, first, finish) as pipes:
        for block in numbers:
            yield _received(pipes[(block - first) % workers])  # not kept in a name while the next one is waited for


def _unchanged(batch: Batch) -> Batch:
    return batch


def _encoded(encoder: Encoder, batch: Batch) -> Encoded:
    return encoder.encode(batch.tables)


def _received(pipe: Connection) -> Any:
    try:
        return pipe.recv()
    except (EOFError, OSError):
        raise WorkerLost("a generating process ended unexpectedly: see its message, then build again") from None


@contextmanager
def _started(plan: Plan, workers: int, first: int, finish: Finish[Made]) -> Iterator[list[Connection]]:
    # Spawned, never forked: a forked child would share this process's database connection and threads.
    context = multiprocessing.get_context("spawn")
    pipes: list[Connection] = []
    children: list[SpawnProcess] = []
    # Ctrl-C reaches the whole terminal group; only this process may answer it, and children inherit the mask.
    # The tracker is started first because starting it takes the signal off the mask again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        try:
            for worker in range(workers):
                receiver, sender = context.Pipe(duplex=False)
                pipes.append(receiver)
                child = context.Process(target=_work, args=(plan, first + worker, workers, finish, sender), daemon=True)
                child.start()
                children.append(child)
                sender.close()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        yield pipes
    finally:
        for pipe in pipes:
            pipe.close()
        for child in children:
            child.terminate()
        for child in children:
            child.join(STOP_SECONDS_MAX)


def _work(plan: Plan, first: int, step: int, finish: Finish[Made], sender: Connection) -> None:
    """Every `step`-th block; a full pipe makes this process wait, so it is never more than a block ahead."""
    try:
        for block in range(first, plan.blocks, step):
            sender.send(finish(make_block(plan, block)))
    except BrokenPipeError:
        return  # the builder stopped, or is gone
    finally:
        sender.close()
