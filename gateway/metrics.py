"""What Prometheus is told: a fixed set of series per process, labelled by agency, method and purpose only.

Every process writes its own memory-mapped files, named by its place in the gateway (`worker-0`), not by its
process id: a replaced worker goes on counting where its predecessor stopped, and so does a restarted gateway.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import prometheus_client
from prometheus_client import CollectorRegistry, values

DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
SECONDS_BUCKETS = (
    0.001,
    0.002,
    0.004,
    0.006,
    0.008,
    0.012,
    0.015,
    0.02,
    0.03,
    0.05,
    0.1,
    0.25,
    0.5,
    1,
    2.5,
    10,
)
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
CALLER = ("agency", "method", "purpose")


def open_directory(directory: Path, place: str) -> None:
    """Make this process count into `directory` under the name `place` (letters, digits, hyphens)."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ[DIRECTORY_VARIABLE] = str(directory)
    values.ValueClass = values.MultiProcessValue(lambda: place)  # type: ignore[no-untyped-call]


class Metrics:
    """The series of a process that serves calls. `open_directory` must have run."""

    def __init__(self) -> None:
        # The series live in the files; a registry of our own keeps the default collectors out.
        registry = CollectorRegistry()

        def counter(name: str, text: str, labels: tuple[str, ...]) -> Any:
            return prometheus_client.Counter(name, text, labels, registry=registry)

        def histogram(name: str, text: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Any:
            return prometheus_client.Histogram(name, text, labels, registry=registry, buckets=buckets)

        self.calls = counter("gateway_calls", "Calls answered, refused ones not included.", CALLER)
        self.people = counter("gateway_people_served", "People disclosed, after their audit entry was durable.", CALLER)
        self.written = counter("gateway_people_written", "People written by pushes.", CALLER)
        self.withheld = counter("gateway_fields_withheld", "Fields asked for and withheld.", CALLER)
        self.refusals = counter("gateway_refusals", "Calls refused.", ("agency", "method", "reason"))
        self.failures = counter("gateway_failures", "Calls that met an unforeseen error.", ("method",))
        self.seconds = histogram("gateway_call_seconds", "Time from call to answer.", ("method",), SECONDS_BUCKETS)
        self.admit_seconds = histogram(
            "gateway_admit_seconds",
            "Time until a call under limits of rate or number was let in or refused.",
            (),
            SECONDS_BUCKETS,
        )
        self.batch = histogram(
            "gateway_barrier_batch_size",
            "Calls or people that shared one barrier.",
            ("barrier",),
            BATCH_BUCKETS,
        )
        self.in_flight = prometheus_client.Gauge(
            "gateway_calls_in_flight", "Calls in flight.", registry=registry, multiprocess_mode="livesum"
        )
        self.in_flight.set(0)
        self._callers: dict[tuple[str, str, str], tuple[Any, ...]] = {}
        self._answers: dict[tuple[str, str, str], list[int]] = {}
        self._noted: list[tuple[Callable[[float], None], float]] = []
        self._seconds: dict[str, Any] = {}

    @property
    def has_answers(self) -> bool:
        """Whether answers were counted and not yet written."""
        return bool(self._answers)

    def answered(self, caller: tuple[str, str, str], people: int, written: int, withheld: int) -> None:
        """Count an answer of `caller` = (agency, method, purpose), to be written with others of its commit."""
        counts = self._answers.get(caller)
        if counts is None:
            counts = self._answers[caller] = [0, 0, 0, 0]
        counts[0] += 1
        counts[1] += people
        counts[2] += written
        counts[3] += withheld

    def write_answers(self) -> None:
        """Write the answers counted so far."""
        answers, self._answers = self._answers, {}
        for caller, counts in answers.items():
            series = self._callers.get(caller)
            if series is None:
                series = self._callers[caller] = tuple(
                    counter.labels(*caller) for counter in (self.calls, self.people, self.written, self.withheld)
                )
            for counter, count in zip(series, counts, strict=True):
                if count:
                    counter.inc(count)

    def refused(self, agency: str, method: str, reason: str) -> None:
        """Count a refusal."""
        self.refusals.labels(agency, method, reason).inc()

    def took(self, method: str, seconds: float) -> None:
        """Note how long a call took."""
        observe = self._seconds.get(method)
        if observe is None:
            observe = self._seconds[method] = self.seconds.labels(method).observe
        self._noted.append((observe, seconds))

    def took_to_admit(self, seconds: float) -> None:
        """Note how long a call under limits took to be let in or refused."""
        self._noted.append((self.admit_seconds.observe, seconds))

    def write_noted(self) -> None:
        """Write what was noted so far: many observations at a stretch cost a fraction of each by itself."""
        noted, self._noted = self._noted, []
        for observe, value in noted:
            observe(value)

    def batch_observer(self, barrier: str) -> Callable[[int], None]:
        """Notes the sizes of a barrier's batches."""
        observe = self.batch.labels(barrier).observe
        return lambda size: self._noted.append((observe, size))
