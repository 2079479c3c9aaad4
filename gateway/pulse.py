"""When each worker last found its policy true: a file a worker, whose time of change says it. For /metrics alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

BEAT_SECONDS = 1.0
SERVING_SECONDS_MAX = 5.0
"""A worker whose policy is older refuses everybody."""


async def beat(directory: Path, epoch: int, age_seconds: Callable[[], float]) -> None:
    """Show every second how old this worker's policy is, until cancelled. `epoch`: names the worker's file."""
    path = _begin(directory, epoch)
    try:
        while True:
            checked = time.time() - age_seconds()
            os.utime(path, (checked, checked))
            await asyncio.sleep(BEAT_SECONDS)
    finally:
        _end(path)


def _begin(directory: Path, epoch: int) -> Path:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = directory / str(epoch)
    path.touch(mode=0o600)
    return path


def _end(path: Path) -> None:
    path.unlink(missing_ok=True)


class PulseCollector:
    """Sees a worker that stopped, hangs or cannot read the policy; also one that died with its file left behind."""

    def __init__(self, directory: Path, workers: int, now: Callable[[], float] = time.time) -> None:
        """`workers`: how many there should be. `now`: seconds since 1970."""
        self._directory = directory
        self._workers = workers
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """The oldest of the workers' times, and how many serve."""
        checked = self._checked()
        serving = sum(self._now() - at <= SERVING_SECONDS_MAX for at in checked)
        yield GaugeMetricFamily("gateway_workers_configured", "Workers that there should be.", self._workers)
        yield GaugeMetricFamily("gateway_workers_serving", "Workers whose policy is fresh enough to answer.", serving)
        yield GaugeMetricFamily(
            "gateway_policy_checked_timestamp_seconds",
            "When the worker that is furthest behind found its policy true; unix seconds.",
            min(checked, default=0.0),
        )

    def _checked(self) -> list[float]:
        """Times of the workers in place: the newest files. Who was replaced left an older one, which goes."""
        times: list[tuple[float, Path]] = []
        with contextlib.suppress(FileNotFoundError):
            for path in self._directory.iterdir():
                with contextlib.suppress(FileNotFoundError):
                    times.append((path.stat().st_mtime, path))
        times.sort(reverse=True)
        for _, path in times[self._workers :]:
            path.unlink(missing_ok=True)
        return [at for at, _ in times[: self._workers]]
