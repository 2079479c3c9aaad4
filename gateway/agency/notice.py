"""Tells every serving process of this host that the policy has changed, in the moment it has.

A datagram on a socket for each process in STATE/run; it says nothing, who gets it looks at the database. A lost one
costs the time until the next look, which comes five times a second anyway.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

PREFIX, SUFFIX = "policy-", ".sock"
_NOTICE = b"\n"


def socket_path(run: Path, epoch: int) -> Path:
    """Where the serving process of this epoch listens."""
    return run / f"{PREFIX}{epoch}{SUFFIX}"


def announce(run: Path) -> None:
    """Tell all that listen; sockets that nobody listens on any more are removed. Never raises, never waits."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        for path in run.glob(f"{PREFIX}*{SUFFIX}"):
            try:
                sender.sendto(_NOTICE, str(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError:
                continue  # a full queue: that process has notices enough


class Listener(asyncio.DatagramProtocol):
    """Calls a function for every notice. Make it in a running event loop."""

    def __init__(self, path: Path, noticed: Callable[[], None]) -> None:
        """Replaces a socket that an earlier process left at this path. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        self._path = path
        self._noticed = noticed
        self._transport: asyncio.BaseTransport | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(str(path))
        os.chmod(path, 0o600)

    async def start(self) -> None:
        """Listen until `stop`."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=self._socket)

    def datagram_received(self, data: bytes, addr: object) -> None:
        """A notice, whatever it says."""
        self._noticed()

    def stop(self) -> None:
        """Listen no more."""
        if self._transport is not None:
            self._transport.close()
        self._socket.close()
        self._path.unlink(missing_ok=True)
