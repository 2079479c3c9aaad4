"""Our look-ups beside those of `peer`: the same people, processes, cores and durability, run by run in turn."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.bench.methods import METHODS
from tests.bench.peer import AUDIENCE, ISSUER
from tests.bench.processes import Program, cpu_seconds
from tests.bench.rows import PEER_IN_FLIGHT, Results
from tests.bench.stage import ASKER, PURPOSE
from tests.bench.world import GATEWAY, World
from tests.world import BASIC, free_ports

COMMITS = {"group": "peer", "each": "peer_each"}
"""How the peer commits its rows, and what the rows of each begin with."""
BATCHES_IN_FLIGHT = 4
TOKEN_SECONDS = 3600


def measure(world: World, results: Results, seconds: float, runs: int) -> None:
    """All rows of the comparison on this number of workers."""
    with ExitStack() as stack:
        peers = {commit: stack.enter_context(_Peer(world, commit)) for commit in COMMITS}
        for in_flight in PEER_IN_FLIGHT:
            _singles(world, results, peers, in_flight, seconds, runs)
        _batches(world, results, peers["group"], seconds, runs)


def _singles(
    world: World, results: Results, peers: Mapping[str, _Peer], in_flight: int, seconds: float, runs: int
) -> None:
    place = f"{in_flight}_{world.settings.workers}w"
    ours: list[_Run] = []
    theirs: dict[str, list[_Run]] = {commit: [] for commit in peers}
    for _ in range(runs):
        ours.append(_run(world, GATEWAY, "LookUpPerson", world.server_pids, in_flight, seconds))
        for commit, peer in peers.items():
            theirs[commit].append(_run(world, peer.target, "LookUpPerson", peer.pids, in_flight, seconds))
    our_cpu, our_p99 = median(run.cpu_us for run in ours), median(run.p99 for run in ours)
    for commit, begin in COMMITS.items():
        made = theirs[commit]
        results.add(f"{begin}_calls_{place}", [run.rate for run in made])
        results.add(f"{begin}_ratio_{place}", [a.rate / b.rate for a, b in zip(ours, made, strict=True)])
        results.add(f"{begin}_cpu_{place}", [run.cpu_us for run in made], note=f"ours: {our_cpu:.0f}")
        results.add(f"{begin}_p99_{place}", [run.p99 for run in made], note=f"ours: {our_p99:.3g}")


def _batches(world: World, results: Results, peer: _Peer, seconds: float, runs: int) -> None:
    place = f"{world.settings.workers}w"
    ours, theirs = [], []
    for _ in range(runs):
        ours.append(_run(world, GATEWAY, "BatchLookUpPersons", world.server_pids, BATCHES_IN_FLIGHT, seconds))
        theirs.append(_run(world, peer.target, "BatchLookUpPersons", peer.pids, BATCHES_IN_FLIGHT, seconds))
    results.add(f"peer_batch_people_{place}", [run.rate for run in theirs])
    results.add(f"peer_batch_ratio_{place}", [a.rate / b.rate for a, b in zip(ours, theirs, strict=True)])


@dataclass(frozen=True, slots=True)
class _Run:
    """One run against one target: people a second, server CPU of a person, milliseconds of a message."""

    rate: float
    cpu_us: float
    p99: float


class _Peer:
    """The peer's processes, one a worker of the gateway, and the clients' connections to them."""

    def __init__(self, world: World, commit: str) -> None:
        self._world = world
        self._commit = commit
        self.target = COMMITS[commit]
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
        order = {"do": "open_peer", "target": self.target, "server": f"127.0.0.1:{port}", "identity": identity}
        world.together({**order, "token": token})
        return self

    def __exit__(self, *_: object) -> None:
        self._world.together({"do": "close", "target": self.target})
        self._stack.close()


def _fresh(path: Path) -> Path:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return path


def _run(world: World, target: str, name: str, pids: list[int], in_flight: int, seconds: float) -> _Run:
    order = {"do": "closed", "target": target, "method": name, "in_flight": in_flight // len(world.clients)}
    cpu = cpu_seconds(pids)
    replies = world.together({**order, "seconds": seconds})
    cpu = cpu_seconds(pids) - cpu
    took = [took for reply in replies for took in reply["took"]]
    rate = sum(reply["people"] / reply["seconds"] for reply in replies)
    return _Run(rate, cpu / len(took) / METHODS[name].people * 1e6, quantiles(took, n=100)[98] * 1000)
