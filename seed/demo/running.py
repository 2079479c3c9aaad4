"""Runs the gateway of the demonstration as a process of its own, and never leaves it behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.config import Settings
from seed.demo.errors import DemoFailed
from seed.demo.ground import GATEWAY_LOG

START_SECONDS_MAX = 40.0
STOP_SECONDS_MAX = 45.0
ASK_SECONDS_MAX = 5.0
_POLL_SECONDS = 0.05
_SETTINGS_PREFIX = "POPGATE_"


class GatewayProcess:
    """`popgate serve` for one state directory; leave its `with` block to stop it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def server(self) -> str:
        """HOST:PORT of the agencies' port."""
        return f"{self._settings.host}:{self._settings.port}"

    @property
    def enrolment_server(self) -> str:
        """HOST:PORT of the enrolment port."""
        return f"{self._settings.host}:{self._settings.enrolment_port}"

    @property
    def http_server(self) -> str:
        """HOST:PORT of metrics and health."""
        return f"{self._settings.host}:{self._settings.http_port}"

    @property
    def log(self) -> Path:
        """What the gateway says goes here."""
        return self._settings.state / GATEWAY_LOG

    def __enter__(self) -> Self:
        try:
            self._start()
            self._await_health()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Drain and end the gateway. Ctrl-C does not interrupt it."""
        process, self._process = self._process, None
        if process is None:
            return
        held = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            process.terminate()
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        finally:
            signal.signal(signal.SIGINT, held)

    def require_running(self) -> None:
        """Raises DemoFailed, with the gateway's last words, when it ended."""
        if self._process is not None and self._process.poll() is not None:
            raise DemoFailed(f"the gateway ended: {self._last_words()}")

    def metrics(self) -> str:
        """A scrape of /metrics. Raises DemoFailed."""
        try:
            with urllib.request.urlopen(f"http://{self.http_server}/metrics", timeout=ASK_SECONDS_MAX) as answer:
                text: str = answer.read().decode()
                return text
        except OSError as error:
            self.require_running()
            raise DemoFailed(f"/metrics at {self.http_server} cannot be read ({error}); see {self.log}") from None

    def _start(self) -> None:
        settings = self._settings
        options = {
            "--state": str(settings.state.absolute()),
            "--host": settings.host,
            "--port": str(settings.port),
            "--enrolment-port": str(settings.enrolment_port),
            "--http-port": str(settings.http_port),
            "--workers": str(settings.workers),
        }
        environment = {name: text for name, text in os.environ.items() if not name.startswith(_SETTINGS_PREFIX)}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "serve", *(word for pair in options.items() for word in pair)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A `popgate.toml` that lies about is for another gateway.
                cwd=settings.state,
                env=environment,
                # Ctrl-C reaches the demonstration alone, which stops the gateway in order.
                process_group=0,
            )

    def _await_health(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._healthy():
            self.require_running()
            if time.monotonic() > deadline:
                raise DemoFailed(f"the gateway does not serve after {START_SECONDS_MAX:.0f} s; see {self.log}")
            time.sleep(_POLL_SECONDS)

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.http_server}/healthz", timeout=ASK_SECONDS_MAX) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _last_words(self) -> str:
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1] if lines else f"it said nothing; see {self.log}"
