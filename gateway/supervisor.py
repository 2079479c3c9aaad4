"""Starts the processes of a gateway, replaces those that die, stops them in order. Serves nothing itself."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gateway import child as children
from gateway.agency.identity import write_private
from gateway.config import DRAIN_SECONDS_MAX, Settings
from gateway.forked import Forked
from gateway.keyfiles import active, key_files
from gateway.start import CannotStart, prepare

SAY_SECONDS = 10.0
"""How often the operator is told which processes a start still waits for; it may take as long as it needs."""
RENEW_SECONDS = 3600.0
ISSUER_SECONDS = 1.0
STOP_SECONDS_MAX = DRAIN_SECONDS_MAX + 5.0
BACKOFF_SECONDS_MIN = 0.1
BACKOFF_SECONDS_MAX = 5.0
STEADY_SECONDS = 10.0
"""A child that lived this long starts again at once when it dies."""

_POLL_SECONDS = 0.05
_FIRST = {"sequencer": "reads the end of the log", "writer": "prepares the registry"}
"""What takes long when the last gateway was killed, or was of an earlier release."""


@dataclass(slots=True)
class Child:
    """A place in the gateway and the process that fills it now."""

    role: str
    place: str
    process: Forked | None = None
    started_at: float = 0.0
    is_ready: bool = False
    start_at: float = 0.0
    backoff: float = BACKOFF_SECONDS_MIN


class Supervisor:
    """One gateway. `say` tells the operator what happens, a sentence at a time."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._say = say
        self._stopping = False
        self._lock = -1
        self._issuer = ""
        self._look_at = 0.0
        # In the order of starting; they stop in the opposite order.
        self.children = [
            Child("sequencer", "sequencer"),
            Child("writer", "writer"),
            Child("enrolment", "enrolment"),
            *(Child("worker", f"worker-{slot}") for slot in range(settings.workers)),
            Child("http", "http"),
        ]

    def stop(self) -> None:
        """Ask `run` to drain and return; safe in a signal handler."""
        self._stopping = True

    def run(self, ready: Callable[[], None] | None = None) -> None:
        """Serve until stopped. Raises CannotStart before anything was started or after all was stopped again.

        `ready` is called once, when every process serves.
        """
        self._lock = take_lock(self._settings.state)
        require_free_ports(self._settings)
        children.load()
        try:
            for child in self.children:
                self._start(child)
            self._await_all()
            if ready is not None and not self._stopping:
                ready()
            renew_at = time.monotonic() + RENEW_SECONDS
            self._issuer = self._active_issuer()
            while not self._stopping:
                time.sleep(_POLL_SECONDS)
                self._replace_dead()
                if time.monotonic() >= renew_at or self._issuer_changed():
                    renew_at = time.monotonic() + RENEW_SECONDS
                    self._renew()
        finally:
            self._stop_all()
            os.close(self._lock)

    def _issuer_changed(self) -> bool:
        """Whether another issuing key has become active; looked at once a second."""
        now = time.monotonic()
        if now < self._look_at:
            return False
        self._look_at = now + ISSUER_SECONDS
        before, self._issuer = self._issuer, self._active_issuer()
        return before != self._issuer

    def _active_issuer(self) -> str:
        try:
            return active(key_files(self._settings.state / "ca", "issuing", ".pem"), time.time()).path.name
        except OSError:
            return self._issuer

    def _renew(self) -> None:
        """Renew the operator's identity and the server's certificate once half their life is over, or their issuer is
        no longer the active one. Serving processes show the server's new one at the next handshake.
        """
        try:
            prepare_apart(self._settings, self._processes())
        except CannotStart as error:
            self._say(f"certificates could not be renewed: {error}")

    def _start(self, child: Child) -> None:
        child.is_ready = False
        child.started_at = time.monotonic()
        epoch = next_epoch(self._settings.run / "epoch")
        # Children inherit the lock too: while one of them lives, no second gateway can start.
        main = partial(children.run, child.role, child.place, epoch, self._settings)
        child.process = Forked(child.place, main, self._processes())

    def _processes(self) -> list[Forked]:
        return [child.process for child in self.children if child.process is not None]

    def _await_all(self) -> None:
        began = said = time.monotonic()
        while not self._stopping and not all(child.is_ready for child in self.children):
            for child in self.children:
                assert child.process is not None
                child.is_ready = children.READY in child.process.said()
                if child.process.poll() is not None:
                    raise CannotStart(f"the {child.place} process did not start; its message stands above")
            now = time.monotonic()
            if now >= said + SAY_SECONDS:
                said = now
                self._say(f"starting for {now - began:.0f} s; {self._awaited()}")
            time.sleep(_POLL_SECONDS / 5)

    def _awaited(self) -> str:
        """Whom the start waits for, in words; nobody can serve before the log and the registry are open."""
        missing = [child.place for child in self.children if not child.is_ready]
        first = [f"the {place} {_FIRST[place]}" for place in missing if place in _FIRST]
        return ", ".join(first) or f"not ready yet: {', '.join(missing)}"

    def _replace_dead(self) -> None:
        now = time.monotonic()
        for child in self.children:
            assert child.process is not None
            status = child.process.poll()
            if status is None:
                continue
            if not child.start_at:
                child.backoff = (
                    BACKOFF_SECONDS_MIN
                    if now - child.started_at > STEADY_SECONDS
                    else min(child.backoff * 2, BACKOFF_SECONDS_MAX)
                )
                child.start_at = now + child.backoff
                self._say(f"{child.place} ended ({describe(status)}); a new one starts in {child.backoff:.1f} s")
                child.process.close()
            elif now >= child.start_at:
                child.start_at = 0.0
                self._start(child)

    def _stop_all(self) -> None:
        """Serving processes first, the log last: whatever they still answer is recorded."""
        for roles in (("worker", "enrolment", "http"), ("writer",), ("sequencer",)):
            group = [child for child in self.children if child.role in roles and child.process is not None]
            for child in group:
                assert child.process is not None
                child.process.send(signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS_MAX
            for child in group:
                assert child.process is not None
                try:
                    child.process.wait(max(0.0, deadline - time.monotonic()))
                except TimeoutError:
                    self._say(f"{child.place} does not stop and is killed")
                    child.process.send(signal.SIGKILL)
                    child.process.wait()
                child.process.close()


def describe(status: int) -> str:
    """An exit status in words."""
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def take_lock(state: Path) -> int:
    """Lock the state directory for one gateway. Raises CannotStart."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotStart(f"the state directory {state} cannot be used: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise CannotStart(
            f"another gateway, or what is left of one, uses the state directory {state}; stop it first"
        ) from None
    return lock


def require_free_ports(settings: Settings) -> None:
    """Raises CannotStart when somebody listens on one of the ports."""
    for name, port in (
        ("port", settings.port),
        ("enrolment port", settings.enrolment_port),
        ("HTTP port", settings.http_port),
    ):
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
            except OSError as error:
                raise CannotStart(
                    f"the {name} {settings.host}:{port} cannot be used ({error.strerror}); "
                    "choose another or stop whoever listens there"
                ) from None


def next_epoch(path: Path) -> int:
    """The next number of a serving process; never the same twice, also after a crash."""
    epoch = int(path.read_text()) + 1 if path.exists() else 1
    write_private(path, str(epoch).encode())
    return epoch


def run(
    settings: Settings,
    say: Callable[[str], None] = lambda sentence: print(f"popgate: {sentence}", file=sys.stderr, flush=True),
    ready: Callable[[], None] | None = None,
) -> None:
    """Prepare the state directory where needed, then serve until SIGTERM or SIGINT. Raises CannotStart."""
    supervisor = Supervisor(settings, say)

    def stop(_signal: int, _frame: Any) -> None:
        supervisor.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    lock = take_lock(settings.state)
    try:
        require_free_ports(settings)
        prepare_apart(settings, meanwhile=children.load)
    finally:
        os.close(lock)
    supervisor.run(ready)


def prepare_apart(
    settings: Settings, siblings: Iterable[Forked] = (), meanwhile: Callable[[], None] = lambda: None
) -> None:
    """`prepare` in a process of its own, so that no child is forked from one that has read a key. Raises CannotStart.

    `meanwhile`: what this process does until then.
    """
    preparing = Forked("prepare", partial(_prepare, settings), siblings)
    meanwhile()
    status, why = preparing.wait(), preparing.said().decode()
    preparing.close()
    if status:
        raise CannotStart(why or "the state directory was not prepared; the message stands above")


def _prepare(settings: Settings, tell: Callable[[bytes], None]) -> int:
    try:
        prepare(settings, time.time())
    except CannotStart as error:
        tell(str(error).encode())
        return 1
    return 0
