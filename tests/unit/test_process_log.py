"""The process log tells kinds and places of errors; what they quote stays out of it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import asyncio, gc, logging, structlog
from gateway import process_log

process_log.configure("worker-0")

def fail():
    try:
        {}["001090000001"]
    except KeyError as error:
        raise ValueError("Nguyễn Văn Hòa") from error

async def forget():
    task = asyncio.create_task(asyncio.to_thread(fail))
    await asyncio.sleep(0.1)
    del task
    gc.collect()

try:
    fail()
except ValueError:
    structlog.get_logger().exception("call failed", method="LookUpPerson")
    logging.getLogger("library").exception("something failed")
asyncio.run(forget())
"""


def test_an_error_is_told_by_kind_and_place_without_its_text() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert "001090000001" not in run.stderr
    assert "Nguy" not in run.stderr
    ours, *libraries = run.stderr.splitlines()
    assert '"event": "call failed"' in ours
    assert "builtins.ValueError" in ours
    assert "builtins.KeyError" in ours
    assert "<string>:9 fail" in ours
    assert "ERROR worker-0: something failed" in libraries
    assert "ERROR worker-0: Task exception was never retrieved" in libraries
