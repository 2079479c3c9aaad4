"""Starting and stopping as an operator sees it: exit statuses, sentences, processes left, calls in flight."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from gateway.audit.verify import reconcile, verify
from tests.e2e.load import Ledger, look_ups, running
from tests.gateway import Gateway, is_alive

IN_FLIGHT = 64
SLOW_LOG = """
import sys, time
from gateway import supervisor
from gateway.audit import sequencer
from gateway.config import Settings

open_log, supervisor.SAY_SECONDS = sequencer.open_log, 1.0

def slowly(*arguments):
    time.sleep(2.5)
    return open_log(*arguments)

sequencer.open_log = slowly
supervisor.run(Settings.model_validate_json(sys.argv[1]), ready=lambda: print("serving", file=sys.stderr, flush=True))
"""
"""A gateway that was killed with much in its log, or whose disk is slow."""


@pytest.fixture(scope="module")
def stopped_gateway(tmp_path_factory: pytest.TempPathFactory, registry: Path) -> Gateway:
    """A prepared state that nobody serves."""
    gateway = Gateway(tmp_path_factory.mktemp("stopped") / "second")
    gateway.prepare(registry)
    return gateway


def _serve(state: Path, ports: list[int]) -> subprocess.CompletedProcess[str]:
    port, enrolment_port, http_port = map(str, ports)
    command = [sys.executable, "-m", "gateway", "serve", "--state", str(state), "--port", port]
    command += ["--enrolment-port", enrolment_port, "--http-port", http_port]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


async def _until_in_flight(gateway: Gateway, count: int) -> None:
    deadline = time.monotonic() + 10
    while await asyncio.to_thread(gateway.metric, "gateway_calls_in_flight") < count:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def _until_answered(ledger: Ledger, count: int) -> None:
    deadline = time.monotonic() + 15
    while len(ledger.receipts) < count:
        assert time.monotonic() < deadline, ledger.failures()
        await asyncio.sleep(0.02)


async def test_calls_in_flight_are_answered_before_the_gateway_stops(own_gateway: Gateway) -> None:
    ledger = Ledger("hospital")
    load = look_ups(own_gateway, ledger)
    async with load.channel() as channel:
        await load.get_ready(channel)
        assert await load.call(channel) == ""
        sequencer, supervisor, children = own_gateway.sequencer(), own_gateway.process, own_gateway.children()
        assert supervisor is not None
        os.kill(sequencer, signal.SIGSTOP)
        calls = [asyncio.create_task(load.call(channel, deadline_seconds=10)) for _ in range(IN_FLIGHT)]
        await _until_in_flight(own_gateway, IN_FLIGHT)
        supervisor.terminate()
        await asyncio.sleep(0.3)
        os.kill(sequencer, signal.SIGCONT)
        assert Counter(await asyncio.gather(*calls)) == {"": IN_FLIGHT}
        assert await asyncio.to_thread(own_gateway.stop) == 0
        assert await load.call(channel) == "UNAVAILABLE"
    assert not [pid for pid in children if is_alive(pid)]
    directory = own_gateway.state / "audit"
    vkey = (directory / "log.vkey").read_text().strip()
    # The last checkpoint covers everything: nothing waits in the write-ahead file.
    found = reconcile(str(directory), vkey, "hospital", ledger.receipts.values())
    assert (found.honoured, found.broken, found.surplus) == (IN_FLIGHT + 1, (), ())


@pytest.mark.slow
async def test_under_load_a_stop_ends_quietly_and_a_start_goes_on_counting(own_gateway: Gateway) -> None:
    ledger = Ledger("hospital")
    async with running(look_ups(own_gateway, ledger)):
        await _until_answered(ledger, 200)
        children = own_gateway.children()
        assert await asyncio.to_thread(own_gateway.stop) == 0
        assert not [pid for pid in children if is_alive(pid)]
        before = len(ledger.receipts)
        await asyncio.to_thread(own_gateway.start)
        await _until_answered(ledger, before + 50)
    assert own_gateway.stop() == 0
    directory = own_gateway.state / "audit"
    vkey = (directory / "log.vkey").read_text().strip()
    found = reconcile(str(directory), vkey, "hospital", ledger.receipts.values())
    assert (found.honoured, found.broken) == (len(ledger.receipts), ())
    assert {surplus.call_id.hex() for surplus in found.surplus} <= ledger.failed.keys()
    assert set(ledger.failures()) <= {"UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED", "AUDIT_UNAVAILABLE"}
    assert verify(str(directory), vkey).people == ledger.people + len(found.surplus)
    assert b"killed" not in own_gateway.output()


@pytest.mark.slow
def test_what_is_left_of_a_killed_supervisor_stops_by_itself(own_gateway: Gateway) -> None:
    children, supervisor = own_gateway.children(), own_gateway.process
    assert supervisor is not None
    supervisor.kill()
    supervisor.wait()
    deadline = time.monotonic() + 15
    while any(is_alive(pid) for pid in children):
        assert time.monotonic() < deadline, "children outlive their supervisor"
        time.sleep(0.05)
    own_gateway.forget()
    own_gateway.start()


def test_a_second_gateway_on_the_same_state_is_refused(gateway: Gateway, stopped_gateway: Gateway) -> None:
    second = _serve(gateway.state, stopped_gateway.ports)
    assert second.returncode == 1
    assert "another gateway" in second.stderr
    assert str(gateway.state) in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_port_that_is_taken_is_named(gateway: Gateway, stopped_gateway: Gateway, at: int) -> None:
    audit_socket = stopped_gateway.state / "run" / "audit.sock"
    audit_socket.unlink(missing_ok=True)
    ports = [*stopped_gateway.ports]
    ports[at] = gateway.ports[at]
    second = _serve(stopped_gateway.state, ports)
    assert second.returncode == 1
    assert f"127.0.0.1:{gateway.ports[at]} cannot be used" in second.stderr
    assert "Traceback" not in second.stderr
    assert not audit_socket.exists()


def test_a_start_waits_for_the_log_and_says_so(stopped_gateway: Gateway) -> None:
    settings = stopped_gateway.settings
    command = [sys.executable, "-c", SLOW_LOG, settings.model_dump_json()]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if "reads the end of the log" in line:
                for port in stopped_gateway.ports[:2]:  # the metrics are served by then
                    with pytest.raises(ConnectionRefusedError), socket.create_connection((settings.host, port)):
                        pass
            if line == "serving\n":
                process.terminate()
        assert process.wait(30) == 0
    assert said[0] == "popgate: starting for 1 s; the sequencer reads the end of the log\n"
    assert said[-1] == "serving\n"


def test_a_state_without_a_registry_is_refused_with_what_to_do(tmp_path: Path, stopped_gateway: Gateway) -> None:
    second = _serve(tmp_path / "empty", stopped_gateway.ports)
    assert second.returncode == 1
    assert "popgate seed build" in second.stderr
    assert "Traceback" not in second.stderr
