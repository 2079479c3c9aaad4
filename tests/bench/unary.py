"""Look-ups in ones, beside the bare echo: rates, CPU, times; run by run in turn, so that a drift hits both."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

from tests.bench.processes import cpu_seconds, stolen_seconds
from tests.bench.rows import IN_FLIGHT, LOADS, Results
from tests.bench.world import ECHO, GATEWAY, PLAIN, World

TARGETS = (GATEWAY, ECHO, PLAIN)
METHOD, SERVED = "LookUpPerson", "gateway_people_served_total"
WARM_SECONDS = 0.4
SEQUENCER_IN_FLIGHT = 64


@dataclass(frozen=True, slots=True)
class Run:
    """One run against one target. `took`: seconds of each call."""

    calls: int
    rate: float
    cpu_us: float
    sequencer_us: float
    took: Sequence[float]

    def milliseconds(self, percent: int) -> float:
        """A percentile of the calls' times."""
        return quantiles(self.took, n=100)[percent - 1] * 1000


def run(world: World, target: str, in_flight: int, seconds: float) -> Run:
    """A closed loop of `in_flight` calls, shared evenly by the clients. Raises RuntimeError on a wrong count."""
    share = in_flight // len(world.clients)
    order = {"do": "closed", "target": target, "method": METHOD, "in_flight": share, "seconds": seconds}
    return _counted(world, target, order, [{} for _ in world.clients])


def paced(world: World, target: str, rate: float, seconds: float, seed: int) -> Run:
    """An open loop of look-ups, shared evenly by the clients. Raises RuntimeError on a wrong count."""
    order = {"do": "paced", "target": target, "rate": rate / len(world.clients), "seconds": seconds}
    return _counted(world, target, order, [{"seed": seed + at} for at in range(len(world.clients))])


def _counted(world: World, target: str, order: dict[str, object], each: Sequence[dict[str, object]]) -> Run:
    before = world.gateway.counted(SERVED, METHOD) if target == GATEWAY else 0
    pids = world.pids(target)
    cpu, sequencer = cpu_seconds(pids), cpu_seconds([world.gateway.sequencer])
    replies = world.together(order, each)
    cpu, sequencer = cpu_seconds(pids) - cpu, cpu_seconds([world.gateway.sequencer]) - sequencer
    calls = sum(reply["calls"] for reply in replies)
    if target == GATEWAY and (grown := world.gateway.counted(SERVED, METHOD) - before) != calls:
        raise RuntimeError(f"{calls} people were received and {grown} counted as served")
    return Run(
        calls,
        sum(reply["calls"] / reply["seconds"] for reply in replies),
        cpu / calls * 1e6,
        sequencer / calls * 1e6,
        [took for reply in replies for took in reply["took"]],
    )


def measure(world: World, results: Results, seconds: float, runs: int) -> None:
    """All unary rows of a gateway with this number of workers."""
    workers = world.settings.workers
    for target in TARGETS:
        run(world, target, max(IN_FLIGHT), WARM_SECONDS)
    half = 0.0
    for in_flight in IN_FLIGHT:
        made: dict[str, list[Run]] = {target: [] for target in TARGETS}
        for turn in range(runs):
            for target in TARGETS[turn % 3 :] + TARGETS[: turn % 3]:
                made[target].append(run(world, target, in_flight, seconds))
        _report(results, f"{workers}w_{in_flight}", made)
        if in_flight == 32:
            half = results.rows[f"unary_calls_{workers}w_32"].value / 2
    for load in LOADS:
        _loaded(world, results, load, half * 2 * load / 100, 2 * seconds, runs)


def _loaded(world: World, results: Results, load: int, rate: float, seconds: float, runs: int) -> None:
    """The rows of one rate of random arrivals; the echo's runs in between."""
    place = f"load_{load}_{world.settings.workers}w"
    ours, echo, commits, stolen = [], [], [], []
    for turn in range(runs):
        count, took, lost = *world.gateway.commits(), stolen_seconds()
        ours.append(paced(world, GATEWAY, rate, seconds, turn * 100))
        count_after, took_after = world.gateway.commits()
        commits.append((took_after - took) / (count_after - count) * 1000)
        stolen.append((stolen_seconds() - lost) / seconds / (os.cpu_count() or 1) * 100)
        echo.append(paced(world, ECHO, rate, seconds, turn * 100))
    lost_text = f"{min(stolen):.1f}-{max(stolen):.1f} % of the machine's time went to others"
    for percent in (50, 95, 99):
        times = [each.milliseconds(percent) for each in ours]
        results.add(f"unary_p{percent}_{place}", times, note=f"at {rate:.0f}/s, random arrivals; {lost_text}")
    results.add(f"commit_{place}", commits)
    results.add(f"unary_echo_p99_{place}", [each.milliseconds(99) for each in echo])


def measure_sequencer(world: World, results: Results, seconds: float, runs: int) -> None:
    """What an entry costs the sequencer."""
    made = [run(world, GATEWAY, SEQUENCER_IN_FLIGHT, seconds).sequencer_us for _ in range(runs)]
    results.add("sequencer_cpu_per_entry", made)


def _report(results: Results, place: str, made: dict[str, list[Run]]) -> None:
    ours, echo, plain = made[GATEWAY], made[ECHO], made[PLAIN]
    results.add(f"unary_share_{place}", [a.rate / b.rate for a, b in zip(ours, echo, strict=True)])
    results.add(f"unary_share_plain_{place}", [a.rate / b.rate for a, b in zip(ours, plain, strict=True)])
    results.add(f"unary_calls_{place}", [each.rate for each in ours])
    results.add(f"unary_echo_calls_{place}", [each.rate for each in echo])
    results.add(f"unary_server_cpu_{place}", [each.cpu_us for each in ours])
    results.add(f"unary_echo_cpu_{place}", [each.cpu_us for each in echo])
    results.add(f"unary_p50_{place}", [each.milliseconds(50) for each in ours])
    results.add(f"unary_p99_{place}", [each.milliseconds(99) for each in ours])
