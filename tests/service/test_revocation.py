"""How soon everybody knows: from `popgate agency revoke` to the last worker refusing calls and open streams."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from typer.testing import CliRunner

from gateway.agency.bootstrap import enrol_locally
from gateway.cli.program import app
from gateway.start import trust_of
from tests.caller import STREAM_LOOK_UP, Caller, batch_request, refused
from tests.gateway import AGENCIES, Gateway
from tests.world import number_of

HOSPITAL = AGENCIES["hospital"].context
UNIT = "cho-ray"
REFUSED_SECONDS_MAX = 2.0
"""What the operator is promised."""
CONNECTIONS_MAX = 64


@pytest.fixture
def callers(gateway: Gateway, tmp_path: Path) -> Iterator[list[Caller]]:
    """Connections of one unit, at least one to each worker."""
    enrol_locally(gateway.state, "hospital", "", tmp_path / "unit", time.time(), trust_of(gateway.settings), UNIT)
    with ExitStack() as opened:
        made: list[Caller] = []
        reached: set[int] = set()
        while len(reached) < gateway.workers:
            assert len(made) < CONNECTIONS_MAX, "no connection reached the other worker"
            before = connections(gateway)
            made.append(opened.enter_context(Caller(tmp_path / "unit", gateway.address)).with_token())
            reached |= {pid for pid, count in connections(gateway).items() if count > before.get(pid, 0)}
        yield made


def connections(gateway: Gateway) -> dict[int, int]:
    """How many connections each worker has on the agencies' port now."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[3] == "01" and int(row[1][-4:], 16) == gateway.ports[0]}
    found: dict[int, int] = {}
    for pid in gateway.serving_workers():
        held = [str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir() if each.is_symlink()]
        found[pid] = len(sockets.intersection(held))
    return found


def operate(gateway: Gateway, *arguments: str) -> Any:
    """`popgate`, in this process, as the operator."""
    why = ("-i", str(gateway.identity("operator")), "-s", gateway.address, "--case", "K-1", "--officer", "op-1")
    ran = CliRunner().invoke(app, [*arguments, *why], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran


def until_refused(ask: Callable[[], str]) -> Callable[[], tuple[float, str]]:
    """Asks on in a thread; gives when it was refused for the first time, and why."""
    told: list[tuple[float, str]] = []

    def run() -> None:
        while not told:
            reason = ask()
            if reason:
                told.append((time.monotonic(), reason))

    thread = threading.Thread(target=run)
    thread.start()

    def outcome() -> tuple[float, str]:
        thread.join(20)
        assert told, "it was never refused"
        return told[0]

    return outcome


def calling(caller: Caller) -> Callable[[], str]:
    return lambda: caller.look_up(number_of(74), ["name"], HOSPITAL).reason


def streaming(caller: Caller) -> Callable[[], str]:
    """A stream that stays open: a message at a time, each answered before the next one."""
    answered = threading.Semaphore()
    ended = threading.Event()
    message = batch_message()

    def messages() -> Iterator[bytes]:
        while answered.acquire() and not ended.is_set():
            yield message

    call: Any = caller.channel.stream_stream(STREAM_LOOK_UP)
    stream = call(messages(), metadata=[("authorization", f"Bearer {caller.token}")], timeout=30)

    def ask() -> str:
        try:
            next(stream)
        except grpc.RpcError as error:
            ended.set()
            answered.release()
            return refused(error).reason
        answered.release()
        return ""

    assert ask() == ""
    return ask


def batch_message() -> bytes:
    from gateway.api.v1 import lookup_service_pb2

    batch = batch_request([number_of(75)], ["name"], HOSPITAL)
    return lookup_service_pb2.StreamLookUpPersonsRequest(batch=batch).SerializeToString()


def test_every_worker_refuses_calls_and_open_streams_within_two_seconds(
    gateway: Gateway, callers: list[Caller]
) -> None:
    operate(gateway, "operator", "list")  # what the command does the first time: its token, its modules
    asking = [calling(caller) for caller in callers] + [streaming(caller) for caller in callers]
    outcomes = [until_refused(ask) for ask in asking]
    began = time.monotonic()
    try:
        operate(gateway, "agency", "revoke", "hospital", "--unit", UNIT)
        # On a busy machine the command itself may take a while.
        latest = time.monotonic() + REFUSED_SECONDS_MAX
    finally:
        told = [outcome() for outcome in outcomes]
        operate(gateway, "agency", "lift", "hospital", "--unit", UNIT)
    assert {reason for _, reason in told} == {"CREDENTIAL_REVOKED"}
    assert all(began < at < latest for at, _ in told)
    assert calling(callers[0])() == ""
