"""Children of a process without threads: what they tell, how they end, and that they end with their parent."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from tests.gateway import is_alive

PROGRAM = """
import os, signal, sys, time
from gateway.forked import Forked

def sleeping(tell):
    tell(b"ready")
    time.sleep(60)
    return 0
"""


def run(body: str) -> subprocess.CompletedProcess[str]:
    """A program of its own: pytest's process has threads."""
    return subprocess.run([sys.executable, "-c", PROGRAM + body], capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize(
    ("main", "status"),
    [
        ("lambda tell: tell(b'done') or 0", 0),
        ("lambda tell: tell(b'done') or 3", 3),
        ("lambda tell: tell(b'done') or 1 / 0", 1),
        ("lambda tell: tell(b'done') or os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    ],
)
def test_a_child_tells_and_ends_with_its_status(main: str, status: int) -> None:
    ran = run(f"child = Forked('one', {main}); print(child.wait(20), child.said().decode(), child.poll())")
    assert ran.stdout.split() == [str(status), "done", str(status)], ran.stderr
    assert ("ZeroDivisionError" in ran.stderr) == ("1 / 0" in main)


def test_no_signal_is_lost_that_comes_at_once() -> None:
    ran = run(
        "signal.signal(signal.SIGTERM, lambda *_: None)\n"
        "for _ in range(50):\n"
        "    child = Forked('one', sleeping); child.send(signal.SIGTERM); print(child.wait(10)); child.close()"
    )
    assert ran.stdout.split() == [str(-signal.SIGTERM)] * 50, ran.stderr


def test_what_does_not_end_in_time_is_said() -> None:
    ran = run(
        "child = Forked('one', sleeping)\n"
        "try: child.wait(0.05)\n"
        "except TimeoutError: print('runs')\n"
        "child.close()\n"  # which is its end
        "print(child.wait(10))"
    )
    assert ran.stdout.split() == ["runs", str(-signal.SIGTERM)], ran.stderr


def test_children_end_with_a_parent_that_is_killed() -> None:
    ran = run(
        "made = []\n"
        "for name in ('one', 'two', 'three'):\n"
        "    made.append(Forked(name, sleeping, list(made)))\n"
        "while not all(each.said() for each in made): time.sleep(0.01)\n"
        "print(*(each.pid for each in made), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    children = [int(word) for word in ran.stdout.split()]
    assert len(children) == 3, ran.stderr
    deadline = time.monotonic() + 20
    while any(is_alive(pid) for pid in children):
        assert time.monotonic() < deadline, "children outlive their parent"
        time.sleep(0.01)


def test_a_child_has_a_name_no_input_and_no_ctrl_c() -> None:
    ran = run(
        "def main(tell):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    name = open('/proc/self/comm').read().strip()\n"
        "    tell(f'{name} {sys.stdin.read()!r} {os.getpgid(0) == os.getpid()}'.encode())\n"
        "    return 0\n"
        "child = Forked('a-name-that-is-too-long', main); print(child.wait(10), child.said().decode())"
    )
    assert ran.stdout.split() == ["0", "a-name-that-is-", "''", "True"], ran.stderr


def test_loading_a_gateway_starts_no_thread_and_opens_nothing() -> None:
    ran = run(
        "from gateway.child import load\n"
        "before = os.listdir('/proc/self/fd')\n"
        "load()\n"
        "print(len(os.listdir('/proc/self/task')), len(os.listdir('/proc/self/fd')) - len(before))"
    )
    assert ran.stdout.split() == ["1", "0"], ran.stderr
