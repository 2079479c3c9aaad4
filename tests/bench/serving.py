"""A gateway as a child of the benchmark: says which process fills which place, serves until its input ends."""

from __future__ import annotations

import json
import os
import sys
import threading

from gateway.config import Settings
from gateway.supervisor import Supervisor, prepare_apart, take_lock


def main() -> None:
    """Serve the settings that stand on the first line of standard input."""
    settings = Settings(**json.loads(sys.stdin.readline()))
    lock = take_lock(settings.state)
    try:
        prepare_apart(settings)
    finally:
        os.close(lock)
    supervisor = Supervisor(settings, lambda sentence: print(sentence, file=sys.stderr, flush=True))

    def stop_at_end() -> None:
        sys.stdin.read()
        supervisor.stop()

    def ready() -> None:
        # A process that forks has one thread, and no child is to be replaced from here on.
        threading.Thread(target=stop_at_end, daemon=True).start()
        pids = {child.place: child.process.pid for child in supervisor.children if child.process is not None}
        print(json.dumps({"pids": pids}), flush=True)

    supervisor.run(ready)


if __name__ == "__main__":
    main()
