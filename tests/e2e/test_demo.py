"""The demonstration as a stranger meets it: one command, a finished story, nothing left running."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.agency.bootstrap import enrol_locally
from gateway.agency.identity import read_trust
from gateway.audit.verify import verify
from gateway.cli.program import app
from gateway.client import Context, Identity, connect
from gateway.start import CannotStart
from gateway.supervisor import take_lock
from seed.agencies import AGENCIES, HOSPITAL
from seed.demo.errors import DemoFailed
from seed.demo.ground import MARK, claim
from seed.demo.watching import read_scrape
from tests.world import free_ports

pytestmark = pytest.mark.timeout(400)

SMALL = 2_000
SECONDS_MAX = 180.0


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished demonstration: where it lies, its ports, what it printed."""

    state: Path
    ports: tuple[int, int, int]
    told: str
    left: tuple[str, ...] = ()
    """What still ran when it had ended."""

    @property
    def summary(self) -> dict[str, Any]:
        """The figures that it wrote."""
        figures: dict[str, Any] = json.loads((self.state / "summary.json").read_text(encoding="utf-8"))
        return figures


def command(state: Path, ports: Sequence[int], *words: str) -> list[str]:
    names = ("--port", "--enrolment-port", "--http-port")
    stated = [word for name, port in zip(names, ports, strict=True) for word in (name, str(port))]
    return [sys.executable, "-m", "gateway", "demo", *words, "--state", str(state), *stated]


def refused(state: Path, *words: str) -> str:
    """What the command says on stderr that goes no further; in this process."""
    ran = CliRunner().invoke(app, command(state, free_ports(3), *words)[3:])
    assert ran.exit_code == 1, ran.output
    return ran.stderr


def tell(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(state, free_ports(3), *words), capture_output=True, encoding="utf-8", timeout=SECONDS_MAX, check=False
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    state, ports = tmp_path_factory.mktemp("demo") / "state", free_ports(3)
    run = subprocess.run(
        command(state, ports, "--people", str(SMALL)),
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS_MAX,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return Finished(state, (ports[0], ports[1], ports[2]), run.stdout, left_running(state, ports))


def left_running(state: Path, ports: Sequence[int] = ()) -> tuple[str, ...]:
    """What of a gateway still runs: each of its processes holds the lock of its state directory."""
    left = []
    try:
        os.close(take_lock(state))
    except CannotStart as error:
        left.append(str(error))
    for port in ports:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                left.append(f"port {port}")
    return tuple(left)


def test_people_received_audited_and_counted_are_the_same(finished: Finished) -> None:
    summary = finished.summary
    assert summary["people_received"] == summary["people_audited"] == summary["people_counted"] > SMALL
    assert summary["people"] == SMALL
    assert summary["refused"] == summary["refused_audited"] == summary["refused_counted"] > 100
    assert summary["calls"] > 3_000
    assert summary["verified"] is True
    assert summary["surplus"] == 0


def test_the_story_names_refusals_the_auditors_answer_and_the_altered_entry(finished: Finished) -> None:
    for part in (
        "withheld: ethnic_group, religion",
        "refused: PURPOSE_NOT_GRANTED",
        "current through entry",
        "NOT VERIFIED: an entry was altered (entry",
    ):
        assert part in finished.told


def test_nothing_runs_after_the_story(finished: Finished) -> None:
    assert finished.left == ()


def test_the_state_is_usable_afterwards(finished: Finished) -> None:
    state = finished.state
    report = verify(str(state / "audit"), (state / "audit" / "log.vkey").read_text().strip())
    assert report.size >= finished.summary["entries"]
    for plan in AGENCIES:
        folder = state / "agencies" / plan.code
        assert Identity.from_folder(folder).agency == plan.code
        assert {"cert.pem", "key.pem", "ca.pem"} <= {path.name for path in folder.iterdir()}


@pytest.fixture(scope="module")
def served(finished: Finished) -> Iterator[Finished]:
    """The finished state, served after a night in which the hospital's certificate lapsed."""
    folder = finished.state / "agencies" / HOSPITAL.code
    enrol_locally(finished.state, HOSPITAL.code, "", folder, time.time() - 2 * 86_400, read_trust(folder))
    with subprocess.Popen(
        command(finished.state, finished.ports, "serve"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line.decode())
            if " lookup " in told[-1]:
                break
        try:
            yield Finished(finished.state, finished.ports, "".join(told))
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
    assert process.returncode == 0
    assert left_running(finished.state, finished.ports) == ()


def people_served(served: Finished) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{served.ports[2]}/metrics", timeout=10) as answer:
        return read_scrape(answer.read().decode()).people_served


def test_serving_renews_lapsed_identities_and_answers_the_call_that_it_shows(served: Finished) -> None:
    assert f"Renewed the identities of {HOSPITAL.code}:" in served.told
    words = served.told.split()
    number = words[words.index("lookup") + 1]
    context = Context(HOSPITAL.purpose, HOSPITAL.legal_basis, "test-1", HOSPITAL.officer)

    async def ask() -> str:
        async with connect(Identity.from_folder(served.state / "agencies" / HOSPITAL.code)) as client:
            return (await client.look_up(number, fields=["number"], context=context)).person.number

    before = people_served(served)
    assert before >= served.summary["people_counted"], "a restarted gateway goes on counting"
    assert asyncio.run(ask()) == number
    assert people_served(served) == before + 1


def readme_examples(state: Path, number: str) -> tuple[list[str], list[str]]:
    """The README's commands (those of its virtual environment) and Python examples, on this state."""
    text = Path("README.md").read_text(encoding="utf-8").replace("var/demo", str(state)).replace("NUMBER", number)
    for made in ("subscribers", "verified"):
        text = text.replace(f"var/{made}.csv", f"{state}-{made}.csv")
    blocks = re.findall(r"^```(sh|python)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    shell = "\n".join(body for language, body in blocks if language == "sh").replace("\\\n", " ")
    commands = [line for line in shell.splitlines() if line.startswith(".venv/bin/popgate ")]
    return commands, [body for language, body in blocks if language == "python"]


def test_the_readmes_examples_run_as_they_stand_there(served: Finished) -> None:
    words = served.told.split()
    commands, programs = readme_examples(served.state, words[words.index("lookup") + 1])
    assert len(commands) == 5
    assert len(programs) == 1
    for line in commands:
        run = subprocess.run(
            [sys.executable, "-m", "gateway", *shlex.split(line)[1:]],
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert run.returncode == 0, line + run.stdout + run.stderr
    run = subprocess.run(
        [sys.executable, "-c", programs[0]], capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "withheld: ['household']" in run.stdout
    rows = Path(f"{served.state}-verified.csv").read_text(encoding="utf-8").splitlines()
    outcomes = Counter(row[2] for row in csv.reader(rows))
    assert outcomes["found"] > 20 * sum(outcomes[odd] for odd in ("absent", "unreadable", "withheld"))
    names = Counter(row[3] for row in csv.reader(rows))
    assert names["MATCH"] > 10 * names["MISMATCH"] > 10 * names["CLOSE"] > 0


def test_a_second_demonstration_clears_all_that_the_first_one_left(finished: Finished, tmp_path: Path) -> None:
    for path in finished.state.iterdir():
        (tmp_path / path.name).touch()
    assert claim(tmp_path, people=SMALL)
    assert [path.name for path in tmp_path.iterdir()] == [MARK]


def test_a_directory_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert "no demonstration made" in refused(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_foreign_file_in_a_demonstration_keeps_all_of_it(tmp_path: Path) -> None:
    for name in (MARK, "registry.db", "thesis.txt"):
        (tmp_path / name).write_text("kept")
    assert "holds thesis.txt" in refused(tmp_path)
    assert {MARK, "registry.db", "thesis.txt"} <= {path.name for path in tmp_path.iterdir()}


def test_a_taken_port_is_named_before_anything_is_made(tmp_path: Path) -> None:
    ports = free_ports(3)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports[1]))
        taken.listen()
        run = subprocess.run(
            command(tmp_path / "state", ports), capture_output=True, encoding="utf-8", timeout=60, check=False
        )
    assert run.returncode == 1
    assert f"the enrolment port 127.0.0.1:{ports[1]} cannot be used" in run.stderr
    assert not (tmp_path / "state").exists()


def test_a_disk_without_room_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(DemoFailed, match="GB are free"):
        claim(tmp_path / "state", people=10**12)


def test_serving_without_a_demonstration_says_what_to_run(tmp_path: Path) -> None:
    assert "run `make demo` first" in refused(tmp_path, "serve")


@pytest.mark.slow
def test_an_interruption_leaves_nothing_running(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with subprocess.Popen(
        command(state, free_ports(3), "--people", str(SMALL)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A terminal sends Ctrl-C to the whole group.
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 60
        while not (state / "agencies").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said.decode()
    assert b"Interrupted; nothing is left running." in said
    assert b"Traceback" not in said
    assert left_running(state) == ()


@pytest.mark.slow
def test_a_second_demonstration_replaces_the_first_at_full_size(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert tell(state, "--people", str(SMALL)).returncode == 0
    run = tell(state)
    assert run.returncode == 0, run.stderr
    assert "it was cleared away and everything is made anew" in " ".join(run.stdout.split())
    assert json.loads((state / "summary.json").read_text(encoding="utf-8"))["people"] == 100_000
