"""The command as a whole: quick help, exit codes, UTF-8, no tracebacks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.exits import NO_CONNECTION, NO_EVIDENCE, REFUSED, USAGE
from gateway.cli.program import explain
from gateway.client import (
    CannotConnect,
    ClientError,
    DeadlinePassed,
    GatewayRefusal,
    IdentityInvalid,
    ReceiptInvalid,
    UnexpectedAnswer,
    Violation,
)
from gateway.errors import MethodNotGranted, RecordUnknown


def process(*words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The command as a process of its own."""
    cleared = {name: value for name, value in os.environ.items() if not name.startswith("POPGATE_")}
    command = [sys.executable, "-m", "gateway", *words]
    return subprocess.run(command, capture_output=True, env={**cleared, **environment}, check=False)


def test_help_loads_no_grpc_no_sql_no_numpy() -> None:
    program = (
        "import sys\nsys.argv = ['popgate', '--help']\nfrom gateway.cli.program import main\n"
        "try:\n    main()\nexcept SystemExit:\n    print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "lookup" in ran.stdout
    heavy = {"grpc", "google", "sqlalchemy", "numpy", "cryptography", "pydantic", "faker", "registry", "seed"}
    assert not heavy & set(ran.stdout.splitlines()[-1].split())


def test_version_is_short() -> None:
    ran = process("--version")
    assert ran.stdout.split()[0] == b"popgate"
    assert ran.returncode == 0


@pytest.mark.parametrize(
    "words", [("lookup",), ("nonsense",), ("sync", "pull", "--page", "0"), ("agency", "revoke", "--case", "1")]
)
async def test_wrong_usage_is_exit_code_2(run: Any, words: tuple[str, ...]) -> None:
    assert (await run(*words)).code == USAGE


def test_text_is_utf_8_under_any_locale(tmp_path: Path) -> None:
    for environment in ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"LC_ALL": "POSIX"}):
        ran = process("token", "--identity", str(tmp_path / "Bệnh viện"), **environment)
        assert "Bệnh viện" in ran.stderr.decode()
        assert ran.returncode == USAGE


async def test_absent_identity_says_what_to_do(run: Any, tmp_path: Path) -> None:
    ran = await run("token", "--identity", tmp_path / "nowhere")
    assert ran.code == USAGE
    assert "popgate enrol" in ran.err
    assert not ran.out


async def test_closed_port_is_exit_code_3(run: Any, gateway: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        ran = await run("token", "--server", f"127.0.0.1:{free.getsockname()[1]}")
    assert ran.code == NO_CONNECTION
    assert ran.err.startswith("Nothing listens at")
    assert not ran.out


async def test_token_is_printed_alone(run: Any, gateway: Any) -> None:
    assert (await run("token")).out == "token-1\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GatewayRefusal("PURPOSE_NOT_GRANTED", "No.", call_id="c" * 32), REFUSED),
        (UnexpectedAnswer("Odd."), REFUSED),
        (IdentityInvalid("Missing."), USAGE),
        (CannotConnect("Closed."), NO_CONNECTION),
        (DeadlinePassed("Late."), NO_CONNECTION),
        (ReceiptInvalid("False."), NO_EVIDENCE),
        (RecordUnknown(), REFUSED),
        (PermissionError(13, "Permission denied", "somewhere"), REFUSED),
        (RuntimeError("surprise"), REFUSED),
    ],
)
def test_every_error_has_its_exit_code_and_one_line(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(error) == code
    captured = capsys.readouterr()
    assert captured.err
    assert "Traceback" not in captured.err
    assert not captured.out


def test_call_id_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    for error in (ClientError("Odd.", call_id="c" * 32), GatewayRefusal("X", "No.", call_id="c" * 32)):
        explain(error)
        assert capsys.readouterr().err.count("c" * 32) == 1


def test_output_cut_off_by_its_reader_is_no_traceback() -> None:
    reader = subprocess.Popen(
        f"{sys.executable} -m gateway grant propose --help | head -c 10", shell=True, stderr=subprocess.PIPE
    )
    assert b"Traceback" not in reader.communicate()[1]


async def test_seed_and_its_help_are_the_countrys_own(run: Any) -> None:
    ran = await run("seed", "--help")
    assert ran.code == 0
    assert "Usage: popgate seed" in ran.out
    assert "build" in ran.out


def test_a_quota_says_which_it_is_and_when_it_lets_go(capsys: pytest.CaptureFixture[str]) -> None:
    quota = Violation("agency:hospital", "people a day")
    for seconds, told in ((3600.0, True), (0.2, False), (None, False)):
        assert explain(GatewayRefusal("QUOTA_EXHAUSTED", "Wait.", quotas=[quota], retry_seconds=seconds)) == REFUSED
        said = capsys.readouterr().err
        assert "[agency:hospital: people a day]" in said
        assert ("Not before " in said) == told


def test_what_is_not_granted_is_followed_by_how_to_see_what_is(capsys: pytest.CaptureFixture[str]) -> None:
    granted_nothing = "The agency has no grant in force; ask the operator for one."
    for sentence, told in ((MethodNotGranted.sentence, True), (granted_nothing, False)):
        assert explain(GatewayRefusal("METHOD_NOT_GRANTED", sentence)) == REFUSED
        assert ("popgate token --show" in capsys.readouterr().err) == told
