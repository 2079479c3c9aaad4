"""Many people at a time: snapshot, feed, pushes, how soon a change is seen."""

from __future__ import annotations

from itertools import count

from tests.bench.processes import cpu_seconds, memory_megabytes
from tests.bench.rows import Results
from tests.bench.stage import OWNER
from tests.bench.unary import SERVED
from tests.bench.world import ECHO, GATEWAY, World

STREAMS = 4
PUSH_STREAMS = 4
PUSH_ROUNDS = 12
CHANGES_SEEN = 10
WRITTEN = "gateway_people_written_total"
_marks = count(1)


def measure(world: World, results: Results, seconds: float, runs: int) -> None:
    """All rows of bulk, and the memory of the workers that did it."""
    _snapshot(world, results, seconds, runs)
    _push_and_follow(world, results, seconds, runs)
    _visible(world, results)
    own, files = max(map(memory_megabytes, world.gateway.workers))
    results.add("worker_memory", [own], note=f"after all of the above; {files:,.0f} MB of file pages beside it")


def _snapshot(world: World, results: Results, seconds: float, runs: int) -> None:
    ours, shares, cpu, sequencer = [], [], [], []
    order = {"do": "snapshot", "streams": STREAMS // len(world.clients), "seconds": seconds}
    for _ in range(runs):
        echo = _rate(world.together({**order, "target": ECHO}))
        before = world.gateway.counted(SERVED, "Pull")
        used, used_sequencer = cpu_seconds(world.server_pids), cpu_seconds([world.gateway.sequencer])
        replies = world.together({**order, "target": GATEWAY})
        used = cpu_seconds(world.server_pids) - used
        used_sequencer = cpu_seconds([world.gateway.sequencer]) - used_sequencer
        people = sum(reply["people"] for reply in replies)
        _require(people, world.gateway.counted(SERVED, "Pull") - before)
        ours.append(_rate(replies))
        shares.append(ours[-1] / echo)
        cpu.append(used / people * 1e6)
        sequencer.append(used_sequencer / people * 1e6)
    results.add("snapshot_people", ours, note=f"{STREAMS} streams, {len(world.clients)} clients")
    results.add("snapshot_share", shares)
    results.add("snapshot_server_cpu", cpu)
    results.add("sequencer_cpu_per_person", sequencer)


def _push_and_follow(world: World, results: Results, seconds: float, runs: int) -> None:
    client = world.clients[0]
    cursor = client.ask({"do": "end_of_feed", "target": OWNER})["cursor"]
    writes, followed = [], []
    order = {"do": "push", "target": OWNER, "streams": PUSH_STREAMS // len(world.clients), "seconds": seconds}
    for _ in range(runs):
        before = world.gateway.counted(WRITTEN, "Push")
        replies = world.together({**order, "rounds": PUSH_ROUNDS, "mark": f"DN{next(_marks)}"})
        written = sum(reply["written"] for reply in replies)
        _require(written, world.gateway.counted(WRITTEN, "Push") - before)
        writes.append(sum(reply["written"] / reply["seconds"] for reply in replies))
        before = world.gateway.counted(SERVED, "Pull")
        reply = client.ask({"do": "feed", "target": OWNER, "cursor": cursor})
        _require(reply["people"], world.gateway.counted(SERVED, "Pull") - before)
        followed.append(reply["people"] / reply["seconds"])
        cursor = reply["cursor"]
    results.add("push_writes", writes, note=f"{PUSH_STREAMS} streams")
    results.add("feed_people", followed, note="one follower; six fields and the one pushed")


def _visible(world: World, results: Results) -> None:
    client = world.clients[0]
    cursor = client.ask({"do": "end_of_feed", "target": OWNER})["cursor"]
    took = []
    for at in range(CHANGES_SEEN):
        order = {"do": "visible", "target": OWNER, "cursor": cursor, "at": at, "mark": f"DN{next(_marks)}"}
        reply = client.ask(order)
        cursor = reply["cursor"]
        took.append(reply["milliseconds"])
    results.add("change_visible", took, note="asked every 10 ms")


def _rate(replies: list[dict[str, float]]) -> float:
    return sum(reply["people"] / reply["seconds"] for reply in replies)


def _require(received: int, counted: int) -> None:
    if received != counted:
        raise RuntimeError(f"{received} people in answers and {counted} counted by the gateway")
