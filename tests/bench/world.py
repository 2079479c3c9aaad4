"""One measurement's world: a gateway, echoes beside it, load clients with connections to all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Self

from gateway.config import Settings
from tests.bench import requests
from tests.bench.methods import METHODS, SERVICE, Sampled
from tests.bench.processes import Gateway, Program
from tests.bench.stage import ASKER, AUDITOR, OWNER
from tests.world import free_ports

GATEWAY, ECHO, PLAIN = "gateway", "echo", "plain"


class World:
    """Starts with the gateway; leaving the block ends all its processes. One load client a worker."""

    def __init__(self, settings: Settings, sample: Sequence[Sampled]) -> None:
        self.settings = settings
        self.address = f"{settings.host}:{settings.port}"
        self._stack = ExitStack()
        try:
            self.gateway = self._stack.enter_context(Gateway(settings))
            self.clients = [
                self._stack.enter_context(Program("tests.bench.load", {"sample": sample[at :: settings.workers]}))
                for at in range(settings.workers)
            ]
            self.echo_pids: dict[str, list[int]] = {}
            for agency, name in ((ASKER, GATEWAY), (OWNER, OWNER), (AUDITOR, AUDITOR)):
                self._open(name, self.address, self.gateway.workers, agency)
            self._start_echoes()
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def server_pids(self) -> list[int]:
        """The processes that do the work of a look-up: workers and sequencer."""
        return [*self.gateway.workers, self.gateway.sequencer]

    def pids(self, target: str) -> list[int]:
        """The server processes behind a target."""
        return self.server_pids if target == GATEWAY else self.echo_pids[target]

    def together(self, order: Mapping[str, Any], each: Sequence[Mapping[str, Any]] = ()) -> list[Any]:
        """All clients obey at the same time; `each`: what differs from client to client."""
        for at, client in enumerate(self.clients):
            client.send({**order, **(each[at] if each else {})})
        replies: list[Any] = []
        failed: RuntimeError | None = None
        for client in self.clients:
            try:
                replies.append(client.reply())
            except RuntimeError as error:
                failed = error  # the others' replies are still to be read, or they would answer the next order
        if failed is not None:
            raise failed
        return replies

    def _open(self, target: str, server: str, pids: Sequence[int], agency: str, *, tls: bool = True) -> None:
        order = {
            "do": "open",
            "target": target,
            "server": server,
            "gateway": self.address,
            "identity": str(self.settings.state / "agencies" / agency),
            "tls": tls,
            "pids": list(pids),
        }
        # One client after the other: each recognises its own new connections by their being new.
        for client in self.clients:
            client.ask(order)

    def _start_echoes(self) -> None:
        """Echoes that answer with what the gateway itself answered, in as many processes as it has workers."""
        answers: dict[str, str] = {}
        for method in (requests.PULL, *(SERVICE + name for name in METHODS)):
            captured = self.clients[0].ask({"do": "capture", "target": GATEWAY, "method": method})
            answers[method] = captured["answer"]
        for target, tls in ((ECHO, True), (PLAIN, False)):
            (port,) = free_ports(1)
            order = {"port": port, "answers": answers, "state": str(self.settings.state) if tls else None}
            echoes = [
                self._stack.enter_context(Program("tests.bench.echo", order)) for _ in range(self.settings.workers)
            ]
            self.echo_pids[target] = [echo.process.pid for echo in echoes]
            self._open(target, f"127.0.0.1:{port}", self.echo_pids[target], ASKER, tls=tls)
