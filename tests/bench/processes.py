"""The processes of a measurement: gateway, echo servers, load clients; their CPU time, memory and counters."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from gateway.config import Settings

_TICKS = os.sysconf("SC_CLK_TCK")
STOP_SECONDS_MAX = 30.0


class Program:
    """A Python module run as a child process; orders and replies are JSON lines on its standard streams."""

    def __init__(self, module: str, order: Mapping[str, Any]) -> None:
        """Starts it with its first order and waits for its first reply, `started`. Raises RuntimeError."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
        )
        self.module = module
        self.started = self.ask(order)

    def ask(self, order: Mapping[str, Any]) -> Any:
        """Send an order and wait for its reply. Raises RuntimeError when there is none."""
        self.send(order)
        return self.reply()

    def send(self, order: Mapping[str, Any]) -> None:
        """Send an order; several programs work at the same time between `send` and `reply`."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()

    def reply(self) -> Any:
        """The reply to the last order. Raises RuntimeError when the program ended or failed instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.module} ended; its message stands above")
        reply = json.loads(line)
        if "error" in reply:
            raise RuntimeError(f"{self.module}: {reply['error']}")
        return reply

    def stop(self) -> None:
        """Close its standard input, by which it ends."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Gateway(Program):
    """A running gateway."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__("tests.bench.serving", settings.model_dump(mode="json"))
        self.pids: dict[str, int] = self.started["pids"]

    @property
    def workers(self) -> list[int]:
        """Process ids of the workers."""
        return [pid for place, pid in self.pids.items() if place.startswith("worker")]

    @property
    def sequencer(self) -> int:
        """Process id of the sequencer."""
        return self.pids["sequencer"]

    def counted(self, series: str, method: str) -> int:
        """The sum of a counter over all agencies and purposes of a method, from /metrics."""
        return round(self._sum(rf'{series}\{{[^}}]*method="{method}"[^}}]*\}}'))

    def commits(self) -> tuple[float, float]:
        """Group commits of the log since the start, and the seconds that they took."""
        return self._sum("gateway_audit_commits_total"), self._sum("gateway_audit_commit_seconds_total")

    def _sum(self, series: str) -> float:
        url = f"http://{self.settings.host}:{self.settings.http_port}/metrics"
        with urllib.request.urlopen(url) as answer:
            text = answer.read().decode()
        return sum(map(float, re.findall(rf"^{series} (\S+)$", text, re.MULTILINE)))


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time that the processes have used, to 10 ms."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS


def stolen_seconds() -> float:
    """Processor time since the start of the machine that its host gave to others, although it was asked for."""
    return int(Path("/proc/stat").read_text().split(maxsplit=9)[8]) / _TICKS


def memory_megabytes(pid: int) -> tuple[float, float]:
    """Resident memory of a process now: its own, and pages of files, which it shares with others and the kernel."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = dict(re.findall(r"^(Rss\w+):\s+(\d+) kB", status, re.MULTILINE))
    own, files = int(found["RssAnon"]) + int(found["RssShmem"]), int(found["RssFile"])
    return own / 1000, files / 1000
