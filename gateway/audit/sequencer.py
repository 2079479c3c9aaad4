"""The one process that writes the log: what is readable from all workers at a moment becomes one commit.

It is also where everything that must be exact over all workers is decided: charges of entries (`admission`), in the
order in which they are appended, and what calls demand before their work (`limits`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict

from gateway.audit import framing, limits
from gateway.audit.admission import Admission
from gateway.audit.charges import Charges, pack_refusal
from gateway.audit.entry import checked, names_of
from gateway.audit.errors import AuditError, LogFailed, Malformed
from gateway.audit.files import Files, RealFiles
from gateway.audit.limits import Limiter
from gateway.audit.log import Log, load_log_keys, open_log, receipt_key_refresher
from gateway.audit.paths import AuditPaths
from gateway.audit.reader import LogReader
from gateway.audit.snapshot import Snapshots, restore
from gateway.audit.wal import SEGMENT_BYTES, frame_bytes

PUBLISH_SECONDS = 1.0
READ_BYTES_MAX = 1 << 20
COMMIT_BYTES_MAX = 8 << 20
OUTBOX_BYTES_MAX = 64 << 20
CONNECTIONS_MAX = 256
# Above the first, publishing starts before its second is over; above the other, commits wait for it.
WAITING_BYTES_EARLY = 16 << 20
WAITING_BYTES_MAX = 128 << 20
DRAIN_SECONDS = 2.0
# The publisher thread must give the interpreter back well within the time of one sync.
_SWITCH_SECONDS = 0.0005

_Item = tuple[int, bytes, bytes, Charges | None, bytes, int]
"""Request id, entry, detail, charges, the entry's packed names, the people it counts."""


class _Connection:
    """One worker's connection: what came in half, what could not go out yet."""

    __slots__ = ("outbox", "sock", "splitter")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.splitter = framing.Splitter()
        self.outbox = bytearray()


class Sequencer:
    """Serves one listening socket until asked to stop. Raises LogFailed when the log fails."""

    def __init__(
        self, log: Log, listener: socket.socket, admission: Admission, limiter: Limiter, snapshots: Snapshots
    ) -> None:
        """`admission`: as it stands after all entries of the log."""
        self._log = log
        self._listener = listener
        self._admission = admission
        self._limiter = limiter
        self._snapshots = snapshots
        self._selector = selectors.DefaultSelector()
        self._connections: set[_Connection] = set()
        self._wake_read, self._wake_write = socket.socketpair()
        self._stopping = False
        self._publish_due = threading.Event()
        self._publish_failure: Exception | None = None
        self._last_publish_us = 0
        self._commit_bytes_max = min(COMMIT_BYTES_MAX, log.commit_bytes_max)

    def stop(self) -> None:
        """Ask `serve` to drain and return; safe in a signal handler."""
        self._stopping = True
        self._wake()

    def serve(self) -> None:
        """Accept, commit, reply, until stopped; then drain and publish. Raises LogFailed."""
        for sock in (self._listener, self._wake_read, self._wake_write):
            sock.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        publishing = threading.Thread(target=self._publish_forever, name="publish", daemon=True)
        publishing.start()
        while not self._stopping:
            self._turn(self._selector.select())
            self._check_publishing()
        # Workers that go on while only this process ends keep their permits, and tell the next one.
        held = self._limiter.held
        self._drain()
        self._publish_due.set()
        publishing.join()
        self._check_publishing()
        self._log.close()
        self._snapshots.finish(self._log.published_size, self._admission, None if held else self._limiter.levels())

    def stats(self) -> dict[str, object]:
        """Figures for metrics, JSON-able."""
        return {
            "origin": self._log.origin,
            "size": self._log.size,
            "published_size": self._log.published_size,
            "last_publish_us": self._last_publish_us,
            "waiting_bytes": self._log.waiting_bytes,
            "connections": len(self._connections),
            "cpu_seconds": time.process_time(),
            "admission": {
                **self._admission.sizes(),
                "rates": self._limiter.buckets,
                "permits": self._limiter.held,
            },
            **asdict(self._log.stats),
        }

    def _turn(self, ready: list[tuple[selectors.SelectorKey, int]]) -> None:
        """Handle what is ready: read from every readable worker, then commit all of it together."""
        batch: list[tuple[_Connection, list[_Item]]] = []
        for key, events in ready:
            if key.fileobj is self._listener:
                self._accept()
            elif key.fileobj is self._wake_read:
                with contextlib.suppress(BlockingIOError):
                    self._wake_read.recv(4096)
            else:
                connection: _Connection = key.data
                if events & selectors.EVENT_WRITE:
                    self._send(connection, b"")
                if events & selectors.EVENT_READ and connection in self._connections:
                    items = self._receive(connection)
                    if items:
                        batch.append((connection, items))
        if batch:
            self._commit(batch)
            self._snapshots.take(self._log.size, self._admission, time.monotonic())

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            sock, _ = self._listener.accept()
            if len(self._connections) >= CONNECTIONS_MAX:
                sock.close()
                return
            sock.setblocking(False)
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                sock.setsockopt(socket.SOL_SOCKET, option, READ_BYTES_MAX)
            connection = _Connection(sock)
            self._connections.add(connection)
            self._selector.register(sock, selectors.EVENT_READ, connection)
            self._send(connection, framing.message(framing.HELLO, self._log.origin.encode()))

    def _receive(self, connection: _Connection) -> list[_Item]:
        """The items that arrived; a malformed message closes its connection and nobody else's."""
        items: list[_Item] = []
        try:
            data = connection.sock.recv(READ_BYTES_MAX)
            if not data:
                self._close(connection)
                return []
            for kind, body in connection.splitter.feed(data):
                if kind == framing.RECORD:
                    items.extend(self._checked(body))
                else:
                    self._answer(connection, kind, body)
        except BlockingIOError:
            return []
        except Malformed as error:
            print(f"audit sequencer: a worker's message was refused: {error}", file=sys.stderr, flush=True)
            self._close(connection)
            return []
        except OSError:
            self._close(connection)
            return []
        return items

    def _answer(self, connection: _Connection, kind: int, body: bytes) -> None:
        """What records nothing. Raises Malformed."""
        if kind == framing.ADMIT:
            now_ns = time.monotonic_ns()
            answers = [
                limits.pack_admitted(request_id, self._limiter.admit(connection, demand, now_ns))
                for request_id, demand in limits.unpack_admits(body)
            ]
            self._send(connection, framing.message(framing.ADMITTED, *answers))
        elif kind == framing.RELEASE:
            for name, count in limits.unpack_holdings(body):
                self._limiter.release(connection, name, count)
        elif kind == framing.HOLD:
            for name, count in limits.unpack_holdings(body):
                self._limiter.hold(connection, name, count)
        elif kind == framing.STATS:
            request_id = framing.unpack_request_id(body)
            reply = json.dumps(self.stats()).encode()
            self._send(connection, framing.message(framing.STATS_REPLY, framing.pack_request_id(request_id), reply))
        else:
            raise Malformed(f"message type {kind} is not known")

    def _checked(self, body: bytes) -> list[_Item]:
        """Items whose entries are well formed: one that is not would make the log unverifiable for ever."""
        items: list[_Item] = []
        origin = self._log.origin
        for request_id, entry, detail, raw_charges in framing.unpack_items(body):
            if frame_bytes(len(entry), len(detail)) > self._commit_bytes_max:
                raise Malformed("an entry with its detail does not fit a segment")
            names, people, has_detail = checked(entry)
            if names_of(names)[0] != origin:
                raise Malformed("an entry names another log as its origin")
            if has_detail != bool(detail):
                raise Malformed("an entry commits to a detail that did not come with it, or the reverse")
            charges = None
            if raw_charges:
                charges = Charges.from_bytes(raw_charges)
                if not entry.endswith(charges.marked_tags()):
                    raise Malformed("an entry does not carry what its charges count")
            items.append((request_id, entry, detail, charges, names, people))
        return items

    def _commit(self, batch: list[tuple[_Connection, list[_Item]]]) -> None:
        """Append everything, in as few commits as fit, and answer each worker after its commit's sync."""
        part: list[tuple[_Connection, list[_Item]]] = []
        size = 0
        for connection, items in batch:
            taken: list[_Item] = []
            for item in items:
                item_bytes = frame_bytes(len(item[1]), len(item[2]))
                if size + item_bytes > self._commit_bytes_max:
                    self._append([*part, (connection, taken)])
                    part, taken, size = [], [], 0
                taken.append(item)
                size += item_bytes
            part.append((connection, taken))
        self._append(part)

    def _append(self, part: list[tuple[_Connection, list[_Item]]]) -> None:
        """Decide all charges in order, and append whatever may be."""
        admission = self._admission
        time_us = self._log.time_us()
        admission.begin(time_us)
        records: list[tuple[bytes, bytes]] = []
        recorded: list[tuple[_Connection, list[int]]] = []
        for connection, items in part:
            request_ids: list[int] = []
            refused: list[bytes] = []
            for request_id, entry, detail, charges, names, people in items:
                if charges is None:
                    admission.count(names, people)
                elif refusal := admission.decide(charges, names, people):
                    refused.append(pack_refusal(request_id, refusal))
                    continue
                request_ids.append(request_id)
                records.append((entry, detail))
            if refused:
                self._send(connection, framing.message(framing.REFUSED, *refused))
            recorded.append((connection, request_ids))
        if not records:
            return
        commit = self._log.commit(records, time_us)
        at = 0
        for connection, request_ids in recorded:
            if request_ids:
                self._send(connection, framing.pack_receipts(request_ids, commit, at))
            at += len(request_ids)
        if self._log.waiting_bytes > WAITING_BYTES_MAX:
            self._log.publish()
        elif self._log.waiting_bytes > WAITING_BYTES_EARLY:
            self._publish_due.set()

    def _send(self, connection: _Connection, data: bytes) -> None:
        """Send without waiting; what does not fit goes out when the worker reads again."""
        if connection not in self._connections:
            return
        outbox = connection.outbox
        outbox += data
        try:
            while outbox:
                del outbox[: connection.sock.send(outbox)]
        except BlockingIOError:
            pass
        except OSError:
            self._close(connection)
            return
        if len(outbox) > OUTBOX_BYTES_MAX:
            self._close(connection)
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if outbox else 0)
        if self._selector.get_key(connection.sock).events != events:
            self._selector.modify(connection.sock, events, connection)

    def _close(self, connection: _Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self._selector.unregister(connection.sock)
        connection.sock.close()
        self._limiter.leave(connection)

    def _drain(self) -> None:
        """Serve what the workers sent already, and give them a moment to read the replies."""
        self._selector.unregister(self._listener)
        self._listener.close()
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            ready = self._selector.select(0)
            if not ready and not any(connection.outbox for connection in self._connections):
                break
            self._turn(ready)
        for connection in list(self._connections):
            self._close(connection)

    def _publish_forever(self) -> None:
        try:
            while not self._stopping:
                self._publish_due.wait(PUBLISH_SECONDS)
                self._publish_due.clear()
                if self._log.publish():
                    self._last_publish_us = time.time_ns() // 1000
                self._snapshots.write(self._log.published_size, time.monotonic())
        except Exception as error:
            self._publish_failure = error
            self._wake()

    def _check_publishing(self) -> None:
        if self._publish_failure is not None:
            raise LogFailed(str(self._publish_failure)) from self._publish_failure

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_write.send(b"\x00")


def run(
    state_directory: str,
    origin: str,
    ready: Callable[[], None],
    *,
    files: Files | None = None,
    segment_bytes: int = SEGMENT_BYTES,
) -> int:
    """The sequencer process: serve until SIGTERM. Returns the exit status; 0 means drained and published."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    paths = AuditPaths(state_directory)
    os.makedirs(os.path.dirname(paths.socket), mode=0o700, exist_ok=True)
    lock = os.open(paths.socket + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _failed("another sequencer runs on this state directory")
    files = files or RealFiles()
    try:
        keys = load_log_keys(paths.keys, origin)
        log = open_log(files, paths.log, paths.wal, keys, lambda: time.time_ns() // 1000, segment_bytes)
        log.refresh = receipt_key_refresher(paths.keys, log.use_receipt_key, origin)
        # What admission counts is read from the published log, so everything is published first.
        log.publish()
        reader = LogReader(paths.log, files.read)
        admission, levels = restore(
            files, paths.admission, keys.receipt.verifier, reader, log.published_size, log.time_us()
        )
        snapshots = Snapshots(files, paths.admission, keys.receipt, origin, reader)
        # Says from now on that nothing is known of rates, until this process too has ended in order.
        snapshots.finish(log.published_size, admission, None)
        limiter = Limiter(time.monotonic_ns(), levels)
        listener = _listen(paths.socket)
        sequencer = Sequencer(log, listener, admission, limiter, snapshots)
        signal.signal(signal.SIGTERM, lambda _signal, _frame: sequencer.stop())
        ready()
        sequencer.serve()
    except (AuditError, OSError) as error:
        return _failed(str(error))
    return 0


def _listen(path: str) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chmod(path, 0o600)
    listener.listen(CONNECTIONS_MAX)
    return listener


def _failed(sentence: str) -> int:
    print(f"audit sequencer: {sentence}; nothing more is answered", file=sys.stderr, flush=True)
    return 1
