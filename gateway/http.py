"""The HTTP process: /metrics for Prometheus, /healthz for whoever restarts things. Plain HTTP, nothing personal."""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from gateway.agency.published import token_jwks, trust_document
from gateway.audit import framing
from gateway.audit.errors import AuditError
from gateway.audit.files import RealFiles
from gateway.audit.indexer import TagIndexer
from gateway.audit.paths import AuditPaths
from gateway.config import Settings
from gateway.expiry import ExpiryCollector
from gateway.pulse import PulseCollector

ASK_SECONDS_MAX = 2.0
INDEX_SECONDS = 1.0
JWKS_PATH = "/.well-known/jwks.json"
TRUST_PATH = "/.well-known/popgate-trust.json"


def sequencer_stats(socket_path: str) -> dict[str, Any] | None:
    """The sequencer's figures; None when it does not answer within 2 s."""
    splitter = framing.Splitter()
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ASK_SECONDS_MAX)
            connection.connect(socket_path)
            connection.sendall(framing.message(framing.STATS, framing.pack_request_id(1)))
            while data := connection.recv(65_536):
                for kind, body in splitter.feed(data):
                    if kind == framing.STATS_REPLY:
                        stats: dict[str, Any] = json.loads(body[8:])
                        return stats
    except OSError:
        pass
    return None


class AuditCollector:
    """The audit log's figures, asked of the sequencer at each scrape."""

    def __init__(self, socket_path: str) -> None:
        self._socket_path = socket_path

    def collect(self) -> Iterator[Metric]:
        """Entries and lag; `gateway_audit_up` alone when the sequencer does not answer."""
        stats = sequencer_stats(self._socket_path)
        yield GaugeMetricFamily("gateway_audit_up", "Whether the audit log answers.", float(stats is not None))
        if stats is None:
            return
        entries, published = stats["size"], stats["published_size"]
        yield CounterMetricFamily("gateway_audit_entries", "Entries in the audit log.", entries)
        yield GaugeMetricFamily(
            "gateway_audit_lag_entries", "Durable entries that no checkpoint covers yet.", entries - published
        )
        yield CounterMetricFamily("gateway_audit_commits", "Group commits since the log was opened.", stats["commits"])
        yield CounterMetricFamily(
            "gateway_audit_commit_seconds", "Time spent in group commits.", stats["commit_seconds"]
        )
        remembered = GaugeMetricFamily(
            "gateway_admission_remembered", "Things that quotas are decided by, in memory.", labels=["kind"]
        )
        for kind, count in stats["admission"].items():
            remembered.add_metric([kind], count)
        yield remembered


def exposition(settings: Settings, expiry: ExpiryCollector) -> bytes:
    """All series of all processes, in the text format. `expiry` remembers between scrapes."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(settings.run / "metrics"))  # type: ignore[no-untyped-call]
    registry.register(AuditCollector(AuditPaths(str(settings.state)).socket))
    registry.register(PulseCollector(settings.run / "policy", settings.workers))
    registry.register(expiry)
    return generate_latest(registry)


def health(settings: Settings) -> tuple[bool, dict[str, str]]:
    """Whether the gateway can answer, and what stands in the way."""
    parts = {"audit": sequencer_stats(AuditPaths(str(settings.state)).socket) is not None}
    for name, port in (("agencies", settings.port), ("enrolment", settings.enrolment_port)):
        try:
            socket.create_connection((settings.host, port), ASK_SECONDS_MAX).close()
            parts[name] = True
        except OSError:
            parts[name] = False
    return all(parts.values()), {name: "serving" if serves else "not serving" for name, serves in parts.items()}


def run(settings: Settings, ready: Callable[[], None]) -> int:
    """Serve until SIGTERM. Returns the exit status."""
    (Path(settings.run) / "metrics").mkdir(parents=True, exist_ok=True, mode=0o700)

    expiry = ExpiryCollector(settings.state)
    documents: dict[str, Callable[[], dict[str, Any]]] = {
        JWKS_PATH: lambda: token_jwks(settings.state),
        TRUST_PATH: lambda: trust_document(settings.state, settings.origin, settings.trust_domain, time.time()),
    }

    class Handler(BaseHTTPRequestHandler):
        server_version = "popgate"
        sys_version = ""
        timeout = 10

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._send(200, CONTENT_TYPE_LATEST, exposition(settings, expiry))
            elif self.path == "/healthz":
                healthy, parts = health(settings)
                self._send(200 if healthy else 503, "application/json", json.dumps(parts).encode() + b"\n")
            elif self.path in documents:
                self._send_json(documents[self.path])
            else:
                self._send(
                    404, "text/plain; charset=utf-8", b"Here are /metrics, /healthz and the keys under /.well-known.\n"
                )

        def _send_json(self, make: Callable[[], dict[str, Any]]) -> None:
            try:
                body = json.dumps(make(), indent=1).encode() + b"\n"
            except (OSError, ValueError):
                self._send(503, "text/plain; charset=utf-8", b"The keys cannot be read now.\n")
                return
            self._send(200, "application/json", body)

        def _send(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Scrapes are not worth a line."""

    server = ThreadingHTTPServer((settings.host, settings.http_port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True, name="http").start()
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stopped.set())
    ready()
    _index(AuditPaths(str(settings.state)), stopped)
    server.shutdown()
    server.server_close()
    return 0


def _index(paths: AuditPaths, stopped: threading.Event) -> None:
    """Keep the tag index up with the log; searches without it read the log itself, so a failure stops nothing."""
    indexer = TagIndexer(RealFiles(), paths.log, paths.index)
    failing = False
    while not stopped.wait(INDEX_SECONDS):
        try:
            indexer.catch_up(stopped.is_set)
        except (AuditError, OSError) as error:
            if not failing:
                print(f"http: the tag index does not grow, searches are slow: {error}", file=sys.stderr, flush=True)
            failing = True
        else:
            failing = False
