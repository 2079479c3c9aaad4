"""Every method beside the echo of its own messages: batches and streams of a thousand, and other single questions."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import quantiles

from tests.bench.methods import METHODS
from tests.bench.processes import cpu_seconds
from tests.bench.rows import BATCHED, SINGLE, Results, method_row
from tests.bench.unary import SERVED
from tests.bench.world import ECHO, GATEWAY, World

WARM_PEOPLE = 300_000
"""Until so many were read, a fresh worker meets pages of the database that it has not mapped yet."""
WARM_SECONDS_MAX = 8.0


def measure(world: World, results: Results, database: str, seconds: float, runs: int) -> None:
    """All rows of the methods, on a gateway with this database and number of workers."""
    _warm(world)
    for name in (*BATCHED, *(SINGLE if database == "sqlite" else ())):
        asked = [(GATEWAY, name), (ECHO, name)]
        if name in BATCHED[1:]:
            asked.append((ECHO, BATCHED[0]))
        made: dict[tuple[str, str], list[_Run]] = {each: [] for each in asked}
        for turn in range(runs):
            for each in asked[:: 1 if turn % 2 else -1]:
                made[each].append(_Run(world, *each, seconds))
        place = method_row(name, database, world.settings.workers)
        _report(results, place, made[GATEWAY, name], made[ECHO, name])
        if name in BATCHED:
            results.add(f"batch_share_{place}", _shares(made[GATEWAY, name], made[ECHO, BATCHED[0]]))


class _Run:
    """One run of a method against one target; what it took for each person asked about."""

    def __init__(self, world: World, target: str, name: str, seconds: float) -> None:
        """Raises RuntimeError when the people in the answers are not those that the gateway counted."""
        order = {"do": "closed", "target": target, "method": name, "seconds": seconds}
        before = world.gateway.counted(SERVED, name) if target == GATEWAY else 0
        servers, clients = world.pids(target), [client.process.pid for client in world.clients]
        server, client = cpu_seconds(servers), cpu_seconds(clients)
        replies = world.together({**order, "in_flight": METHODS[name].in_flight // len(world.clients)})
        self.took: Sequence[float] = [took for reply in replies for took in reply["took"]]
        asked = len(self.took) * METHODS[name].people
        self.server_us = (cpu_seconds(servers) - server) / asked * 1e6
        self.client_us = (cpu_seconds(clients) - client) / asked * 1e6
        self.rate = sum(reply["calls"] * METHODS[name].people / reply["seconds"] for reply in replies)
        received = sum(reply["people"] for reply in replies)
        if target == GATEWAY and (grown := world.gateway.counted(SERVED, name) - before) != received:
            raise RuntimeError(f"{received} people were received and {grown} counted as served")

    def milliseconds(self, percent: int) -> float:
        """A percentile of the times from message to answer."""
        return quantiles(self.took, n=100)[percent - 1] * 1000


def _warm(world: World) -> None:
    order = {"do": "closed", "target": GATEWAY, "method": BATCHED[0], "seconds": 1.0, "in_flight": 2}
    people = 0
    for _ in range(int(WARM_SECONDS_MAX)):
        people += sum(reply["people"] for reply in world.together(order))
        if people >= WARM_PEOPLE * world.settings.workers:
            break


def _report(results: Results, place: str, ours: list[_Run], echo: list[_Run]) -> None:
    results.add(f"share_{place}", _shares(ours, echo))
    results.add(f"rate_{place}", [each.rate for each in ours])
    results.add(f"echo_{place}", [each.rate for each in echo])
    results.add(f"server_cpu_{place}", [each.server_us for each in ours])
    results.add(f"client_cpu_{place}", [each.client_us for each in ours])
    results.add(f"p50_{place}", [each.milliseconds(50) for each in ours])
    results.add(f"p99_{place}", [each.milliseconds(99) for each in ours])


def _shares(ours: list[_Run], echo: list[_Run]) -> list[float]:
    return [a.rate / b.rate for a, b in zip(ours, echo, strict=True)]
