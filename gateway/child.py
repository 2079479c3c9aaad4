"""A child process of the supervisor: one role until told to stop."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from typing import Any

from gateway import process_log
from gateway.config import Settings
from gateway.metrics import open_directory

READY = b"ready"
_COLLECT_AFTER = (50_000, 20, 100)
"""Objects, and rounds of the younger generations: what a call makes is freed without the collector."""


def load() -> None:
    """Load what the roles need, so that the children have it from the start."""
    gc.set_threshold(*_COLLECT_AFTER)
    # numpy's threads are for matrices, of which there are none, and a fork loses them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from gateway import http, server  # noqa: F401
    from gateway.audit import sequencer  # noqa: F401
    from gateway.sync import writer  # noqa: F401

    # It lives as long as the processes: keep their collectors from walking it, and so from copying its pages.
    gc.collect()
    gc.freeze()


def run(role: str, place: str, epoch: int, settings: Settings, tell: Callable[[bytes], None]) -> int:
    """Be one role; the exit status of the process. `tell`: READY when it serves. `epoch`: see `next_epoch`."""
    process_log.configure(place)

    def ready() -> None:
        tell(READY)

    if role == "sequencer":
        from gateway.audit import sequencer

        return sequencer.run(str(settings.state), settings.origin, ready)
    open_directory(settings.run / "metrics", place)
    if role == "http":
        from gateway import http

        return http.run(settings, ready)
    if role == "writer":
        from gateway.sync import writer

        return asyncio.run(writer.run(settings, ready))
    from gateway import server

    serve: Any = {"worker": server.run_worker, "enrolment": server.run_enrolment}[role]
    asyncio.run(serve(settings, epoch, ready))
    return 0
