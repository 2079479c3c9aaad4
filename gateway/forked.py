"""A process forked from this one: no module is loaded again, and all share the memory of what was loaded.

Whoever forks has one thread, has opened no database and no connection, and has read no key: a child has what its
parent has.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

_STOPPING = (signal.SIGTERM, signal.SIGINT)
_POLL_SECONDS = 0.01
_NAME_BYTES_MAX = 15
"""Of a process's name on Linux (prctl(2))."""


class Forked:
    """A running child. It ends with SIGTERM when its parent does."""

    def __init__(
        self, name: str, main: Callable[[Callable[[bytes], None]], int], siblings: Iterable[Forked] = ()
    ) -> None:
        """`main` gets a way to tell the parent something, and returns the exit status. `name`: shown by ps and top."""
        self._link, link = socket.socketpair()
        self._said = bytearray()
        self._status: int | None = None
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal that came before the child has put the parent's handlers aside would be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        try:
            self.pid = os.fork()
            if self.pid == 0:
                # While a sibling holds the parent's end of a link, its child does not learn that the parent ended.
                for sibling in (self, *siblings):
                    sibling.close()
                _become(name, main, link)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
        link.close()
        self._link.setblocking(False)

    def said(self) -> bytes:
        """What the child told so far."""
        with contextlib.suppress(BlockingIOError, ConnectionResetError):
            while part := self._link.recv(4096):
                self._said += part
        return bytes(self._said)

    def poll(self) -> int | None:
        """The exit status, that of a signal negative; None while the child runs."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def wait(self, seconds: float = float("inf")) -> int:
        """The exit status, once the child has ended. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while (status := self.poll()) is None:
            if time.monotonic() >= deadline:
                raise TimeoutError
            time.sleep(_POLL_SECONDS)
        return status

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless the child has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def close(self) -> None:
        """Let go of the link; a child that still runs stops."""
        self._link.close()


def _become(name: str, main: Callable[[Callable[[bytes], None]], int], link: socket.socket) -> None:
    """Be the child; does not return."""
    status = 1
    try:
        # The operator's Ctrl-C reaches the parent alone, which stops its children in order.
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        with contextlib.suppress(OSError):
            Path("/proc/self/comm").write_bytes(name.encode()[:_NAME_BYTES_MAX])
        threading.Thread(target=_stop_with_parent, args=(link,), daemon=True, name="parent").start()
        status = main(link.sendall)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        # The parent's stack and its exit handlers are not the child's business.
        os._exit(status)


def _stop_with_parent(link: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while link.recv(4096):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
