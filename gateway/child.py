"""A child process of the supervisor: reads what it is from standard input, then is that until told to stop.

Standard input stays open as long as the supervisor lives: when it ends, the child stops too.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
import threading
from typing import Any

from gateway import process_log
from gateway.config import Settings
from gateway.metrics import open_directory

READY = "ready"


def main() -> int:
    """Run one role; the exit status of the process."""
    order = json.loads(sys.stdin.readline())
    settings = Settings(**order["settings"])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_stop_with_supervisor, daemon=True, name="supervisor").start()
    process_log.configure(order["place"])
    role: str = order["role"]
    if role == "sequencer":
        from gateway.audit import sequencer

        return sequencer.run(str(settings.state), settings.origin, _ready)
    open_directory(settings.run / "metrics", order["place"])
    if role == "http":
        from gateway import http

        return http.run(settings, _ready)
    if role == "writer":
        from gateway.sync import writer

        return asyncio.run(writer.run(settings, _ready))
    from gateway import server

    serve: Any = {"worker": server.run_worker, "enrolment": server.run_enrolment}[role]
    # What start-up made lives as long as the process: keep the collector from walking it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    asyncio.run(serve(settings, order["epoch"], _ready))
    return 0


def _ready() -> None:
    print(READY, flush=True)


def _stop_with_supervisor() -> None:
    while sys.stdin.readline():
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
