"""Makes the blocks of a plan in several processes and hands them over in order. Holds at most one block a process."""

import multiprocessing
import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from seed.block import Batch, make_block
from seed.errors import WorkerLost
from seed.plan import Plan

STOP_SECONDS_MAX = 5.0


def batches(plan: Plan, workers: int, first: int = 0) -> Generator[Batch, None, None]:
    """All blocks from `first` in order. With one block, or 0 workers, they are made in this process.

    Closing the generator ends the processes. Raises `WorkerLost` when one of them dies.
    """
    blocks = range(first, plan.blocks)
    workers = min(workers, len(blocks))
    if workers < 1 or len(blocks) == 1:
        yield from (make_block(plan, block) for block in blocks)
        return
    with _started(plan, workers, first) as pipes:
        for block in blocks:
            try:
                batch = pipes[(block - first) % workers].recv()
            except (EOFError, OSError):
                raise WorkerLost("a generating process ended unexpectedly: see its message, then build again") from None
            yield batch


@contextmanager
def _started(plan: Plan, workers: int, first: int) -> Iterator[list[Connection]]:
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
                child = context.Process(target=_work, args=(plan, first + worker, workers, sender), daemon=True)
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


def _work(plan: Plan, first: int, step: int, sender: Connection) -> None:
    """Every `step`-th block; a full pipe makes this process wait, so it is never more than a block ahead."""
    try:
        for block in range(first, plan.blocks, step):
            sender.send(make_block(plan, block))
    except BrokenPipeError:
        return  # the builder stopped, or is gone
    finally:
        sender.close()
