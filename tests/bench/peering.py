"""Our look-ups beside those of `peer`: the same people, processes, cores and durability, run by run in turn."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.bench.methods import METHODS
from tests.bench.peer import AUDIENCE, ISSUER
from tests.bench.processes import Program, cpu_seconds
from tests.bench.rows import Results
from tests.bench.stage import ASKER, PURPOSE
from tests.bench.world import GATEWAY, World
from tests.world import BASIC, free_ports

PEER = "peer"
SINGLES_IN_FLIGHT, BATCHES_IN_FLIGHT = 32, 4
TOKEN_SECONDS = 3600


def measure(world: World, results: Results, seconds: float, runs: int) -> None:
    """All rows of the comparison on this number of workers."""
    place = f"{world.settings.workers}w"
    ours, theirs = [], []
    with _Peer(world, "group") as peer:
        for _ in range(runs):
            ours.append(_run(world, GATEWAY, "LookUpPerson", world.server_pids, seconds))
            theirs.append(_run(world, PEER, "LookUpPerson", peer.pids, seconds))
        batches = [_run(world, PEER, "BatchLookUpPersons", peer.pids, seconds) for _ in range(runs)]
        our_batches = [_run(world, GATEWAY, "BatchLookUpPersons", world.server_pids, seconds) for _ in range(runs)]
    with _Peer(world, "each") as peer:
        each = [_run(world, PEER, "LookUpPerson", peer.pids, seconds) for _ in range(runs)]
    results.add(f"peer_calls_{place}", [run["rate"] for run in theirs])
    results.add(f"peer_ratio_{place}", [a["rate"] / b["rate"] for a, b in zip(ours, theirs, strict=True)])
    results.add(f"peer_cpu_{place}", [run["cpu"] for run in theirs], note=f"ours: {_middle(ours, 'cpu'):.0f}")
    results.add(f"peer_p99_{place}", [run["p99"] for run in theirs], note=f"ours: {_middle(ours, 'p99'):.3g}")
    results.add(f"peer_each_calls_{place}", [run["rate"] for run in each])
    ratios = [a["rate"] / b["rate"] for a, b in zip(ours, each, strict=True)]
    results.add(f"peer_each_ratio_{place}", ratios, note=f"its p99: {_middle(each, 'p99'):.3g} ms")
    results.add(f"peer_batch_people_{place}", [run["rate"] for run in batches])
    ratios = [a["rate"] / b["rate"] for a, b in zip(our_batches, batches, strict=True)]
    results.add(f"peer_batch_ratio_{place}", ratios)


class _Peer:
    """The peer's processes, one a worker of the gateway, and the clients' connections to them."""

    def __init__(self, world: World, commit: str) -> None:
        self._world = world
        self._commit = commit
        self._stack = ExitStack()
        self.pids: list[int] = []

    def __enter__(self) -> _Peer:
        world, state = self._world, self._world.settings.state
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": ASKER, "exp": int(time.time()) + TOKEN_SECONDS}
        token = jwt.encode({**claims, "purposes": [PURPOSE], "fields": list(BASIC)}, key, algorithm="ES256")
        (port,) = free_ports(1)
        for at in range(world.settings.workers):
            order = {
                "port": port,
                "state": str(state),
                "audit": str(_fresh(state / f"peer-{self._commit}-{at}.db")),
                "commit": self._commit,
                "public_key": public.decode(),
            }
            self.pids.append(self._stack.enter_context(Program("tests.bench.peer", order)).process.pid)
        identity = str(state / "agencies" / ASKER)
        order = {"do": "open_peer", "target": PEER, "server": f"127.0.0.1:{port}", "identity": identity}
        world.together({**order, "token": token})
        return self

    def __exit__(self, *_: object) -> None:
        self._world.together({"do": "close", "target": PEER})
        self._stack.close()


def _fresh(path: Path) -> Path:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return path


def _run(world: World, target: str, name: str, pids: list[int], seconds: float) -> dict[str, float]:
    people = METHODS[name].people
    in_flight = (BATCHES_IN_FLIGHT if people > 1 else SINGLES_IN_FLIGHT) // len(world.clients)
    order: dict[str, Any] = {"do": "closed", "target": target, "method": name, "in_flight": in_flight}
    cpu = cpu_seconds(pids)
    replies = world.together({**order, "seconds": seconds})
    cpu = cpu_seconds(pids) - cpu
    took = [took for reply in replies for took in reply["took"]]
    return {
        "rate": sum(reply["people"] / reply["seconds"] for reply in replies),
        "cpu": cpu / len(took) / people * 1e6,
        "p99": quantiles(took, n=100)[98] * 1000,
    }


def _middle(runs: list[dict[str, float]], figure: str) -> float:
    return sorted(run[figure] for run in runs)[len(runs) // 2]
