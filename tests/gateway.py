"""A real gateway for tests: its own state directory, free ports, the supervisor as a child process, known agencies."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO

from prometheus_client.parser import text_string_to_metric_families

from gateway.agency.bootstrap import OPERATORS, enrol_locally
from gateway.agency.store import AgencyStore
from gateway.audit.checkpoint import open_checkpoint
from gateway.audit.detail import Detail, open_
from gateway.audit.entry import Entry, decode
from gateway.audit.keys import KeyRing
from gateway.audit.note import Verifier
from gateway.audit.paths import AuditPaths
from gateway.audit.reader import LogReader
from gateway.catalogue import Catalogue
from gateway.client import Context
from gateway.config import Settings
from gateway.start import prepare, trust_of
from tests.members import AGENCIES, SOUTH, Member, grant_of
from tests.processes import descriptors, is_alive
from tests.world import free_ports

__all__ = ["AGENCIES", "OPERATION", "SOUTH", "Gateway", "Member", "is_alive", "running"]

START_SECONDS_MAX = 90.0
STOP_SECONDS_MAX = 30.0
_decoded = lru_cache(maxsize=100_000)(decode)
# States of sockets as /proc/net/tcp writes them.
_LISTEN, _ESTABLISHED = "0A", "01"
OPERATION = Context("gateway.operation", "policy:operation", "setup", "op-1")


@dataclass(slots=True)
class Gateway:
    """One gateway on a state directory. `prepare` it once, then `start` and `stop` it as often as needed."""

    state: Path
    workers: int = 2
    ports: list[int] = field(default_factory=lambda: free_ports(3))
    process: subprocess.Popen[bytes] | None = None
    _output: IO[bytes] | None = None

    @property
    def settings(self) -> Settings:
        """As the supervisor gets them."""
        port, enrolment_port, http_port = self.ports
        return Settings(
            state=self.state, port=port, enrolment_port=enrolment_port, http_port=http_port, workers=self.workers
        )

    @property
    def address(self) -> str:
        """HOST:PORT of the agencies' listener."""
        return f"127.0.0.1:{self.ports[0]}"

    @property
    def enrolment_address(self) -> str:
        """HOST:PORT of the enrolment listener."""
        return f"127.0.0.1:{self.ports[1]}"

    def identity(self, agency: str) -> Path:
        """The identity folder of an agency or of the operator."""
        return self.state / agency if agency in OPERATORS else self.state / "agencies" / agency

    def prepare(self, registry: Path) -> None:
        """Make the state directory around a copy of a registry, and enrol the agencies."""
        self.state.mkdir(parents=True, mode=0o700)
        shutil.copyfile(registry, self.state / "registry.db")
        prepare(self.settings, time.time())
        self.admit(AGENCIES)

    def admit(self, members: Mapping[str, Member]) -> None:
        """Register and enrol agencies; before the start."""
        now = time.time()
        store = AgencyStore.open(self.state / "gateway.db")
        catalogue = Catalogue.compile()
        for code, member in members.items():
            store.register_agency(code, f"Agency {code}", member.agency_class, int(now), pairwise=member.pairwise)
            if member.units:
                store.register_units(code, {unit: f"Unit {unit}" for unit in member.units}, int(now))
            if member.methods:
                store.create_grant(code, grant_of(store.reserve_grant_id(), member, catalogue, now))
        store.close()
        trust = trust_of(self.settings)
        for code in members:
            enrol_locally(self.state, code, "", self.identity(code), now, trust)

    def start(self) -> None:
        """Start the supervisor; returns when everything serves."""
        assert self.process is None
        self._output = (self.state / "output.txt").open("ab")
        port, enrolment_port, http_port = map(str, self.ports)
        command = [sys.executable, "-m", "gateway", "serve", "--state", str(self.state), "--workers", str(self.workers)]
        ports = ["--port", port, "--enrolment-port", enrolment_port, "--http-port", http_port]
        begun = self._output.tell()
        self.process = subprocess.Popen(command + ports, stdout=self._output, stderr=self._output)
        deadline = time.monotonic() + START_SECONDS_MAX
        while b"Serving agencies" not in self.output()[begun:]:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the gateway did not start: {self.output()[begun:].decode()}")
            time.sleep(0.02)

    def stop(self) -> int:
        """SIGTERM and wait. Returns the exit status; harmless when it does not run."""
        if self.process is None:
            return 0
        self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS_MAX)
        finally:
            self.forget()

    def kill(self) -> None:
        """kill -9 of the supervisor and every child, at once."""
        assert self.process is not None
        pids = [self.process.pid, *self.children()]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.forget()
        deadline = time.monotonic() + 10
        while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.01)

    def children(self) -> list[int]:
        """Process ids of the children, oldest first."""
        assert self.process is not None
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def sequencer(self) -> int:
        """Process id of whoever listens on the log's socket now."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(AuditPaths(str(self.state)).socket)
            raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid: int = struct.unpack("3i", raw)[0]
        return pid

    def serving_workers(self) -> list[int]:
        """Process ids of those who listen on the agencies' port now."""
        return self._on_port(_LISTEN)

    def connected_workers(self) -> list[int]:
        """Process ids of those to whom somebody is connected on the agencies' port now."""
        return self._on_port(_ESTABLISHED)

    def _on_port(self, state: str) -> list[int]:
        # gRPC listens on IPv4 addresses through IPv6 sockets.
        tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
        rows = [line.split() for table in tables for line in table]
        found = {f"socket:[{row[9]}]" for row in rows if row[3] == state and int(row[1][-4:], 16) == self.ports[0]}
        return [pid for pid in self.children() if found & descriptors(pid)]

    def output(self) -> bytes:
        """Everything that the gateway's processes wrote to standard output and error."""
        return (self.state / "output.txt").read_bytes()

    def metrics(self, name: str = "") -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        """A scrape: samples by name, then by sorted labels. `name`: of no others than those that begin so."""
        found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
        lines = [line for line in self.exposition().splitlines(keepends=True) if line.startswith(name)]
        for family in text_string_to_metric_families("".join(lines)):
            for sample in family.samples:
                found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
        return found

    def metric(self, name: str, **labels: str) -> float:
        """The sum over all series of a sample that have these labels."""
        wanted = set(labels.items())
        return sum(value for key, value in self.metrics(name).get(name, {}).items() if wanted <= set(key))

    def counted(self, name: str, value: float, **labels: str) -> float:
        """The metric once it has reached `value`, or as it stands after two seconds: some are written with delay."""
        deadline = time.monotonic() + 2
        while (found := self.metric(name, **labels)) < value and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def exposition(self) -> str:
        """The text of /metrics."""
        return self.http("/metrics")[1]

    def http(self, path: str) -> tuple[int, str]:
        """Status and text of a page of the HTTP process."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[2]}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()

    def log(self) -> list[Entry]:
        """The published log."""
        return [_decoded(raw) for raw in self.log_bytes()]

    def log_bytes(self) -> list[bytes]:
        """The entries of the published log as they stand there."""
        reader, size = LogReader(AuditPaths(str(self.state)).log), self.published()
        bundles = (reader.entries(number, min(256, size - number * 256)) for number in range(-(-size // 256)))
        return [entry for bundle in bundles for entry in bundle]

    def published(self) -> int:
        """Entries that the signed checkpoint covers."""
        paths = AuditPaths(str(self.state))
        verifier = Verifier.from_text(Path(paths.log_vkey).read_text().strip())
        return open_checkpoint(LogReader(paths.log).checkpoint(), verifier).size

    def publish(self) -> None:
        """Returns when a signed checkpoint covers all that was answered so far."""
        size, deadline = int(self.metric("gateway_audit_entries_total")), time.monotonic() + 10
        while self.published() < size:
            assert time.monotonic() < deadline, "the log was not published"
            time.sleep(0.05)

    def entry(self, index: int) -> tuple[Entry, Detail | None]:
        """The entry at an index, with its detail decrypted, once it is published."""
        paths = AuditPaths(str(self.state))
        deadline = time.monotonic() + 10
        while self.published() <= index:
            assert time.monotonic() < deadline, "the entry was not published"
            time.sleep(0.05)
        reader, size = LogReader(paths.log), self.published()
        entry = decode(reader.entry(index, size))
        blob = reader.detail(index, size)
        detail = open_(blob, KeyRing(paths.keys, os.urandom), entry.call_id, entry.commitment) if blob else None
        return entry, detail

    def forget(self) -> None:
        """The process has ended; the state stays."""
        assert self._output is not None
        self._output.close()
        self.process, self._output = None, None


@contextmanager
def running(state: Path, registry: Path, workers: int = 2) -> Iterator[Gateway]:
    """A gateway that serves, with the agencies of AGENCIES; stopped at the end."""
    gateway = Gateway(state, workers)
    gateway.prepare(registry)
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.stop()
