"""`popgate registry`: what an operator does to the registry itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli.exits import REFUSED
from gateway.cli.options import JsonOption, settings_of
from gateway.cli.output import print_json

if TYPE_CHECKING:
    from gateway.config import Settings
    from registry.checking import FragmentReport

PEOPLE_PER_TRANSACTION: Final = 4096

app = typer.Typer(
    name="registry", help="Check or rebuild what the registry stores, on the gateway's machine.", no_args_is_help=True
)
fragments = typer.Typer(
    name="fragments", help="The stored fragments, a derived table from which answers are copied.", no_args_is_help=True
)
app.add_typer(fragments)

StateOption = Annotated[
    Path | None, typer.Option("--state", metavar="DIR", help="State directory.", show_default="var/popgate")
]
DatabaseOption = Annotated[
    str | None, typer.Option("--database", metavar="URL", help="PostgreSQL of the registry.", show_default="SQLite")
]


@fragments.command()
def check(state: StateOption = None, database: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """Compare every stored fragment, and what the pack has of it, with the columns. Reads only; the gateway may run."""
    with _registry(state, database) as settings:
        from gateway.sync.writer import fragments_of
        from registry.checking import FragmentChecker, FragmentReport
        from registry.engine import open_engine

        engine = open_engine(settings.registry, read_only=True)
        checker, report = FragmentChecker(engine, fragments_of(engine), settings.pack), FragmentReport()
        try:
            for _ in checker.check(report):
                _say(f"{report.people:,} people")
        finally:
            checker.close()
        _end()
    _tell(report, as_json)
    if not report.holds:
        raise typer.Exit(REFUSED)


@fragments.command()
def rebuild(state: StateOption = None, database: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """Throw the stored fragments away and make them anew. The gateway must not run; without them, columns answer."""
    with _registry(state, database) as settings, _alone(settings):
        from gateway.sync.writer import fragments_of, open_writer
        from registry.checking import give_up_fragments
        from registry.engine import open_engine
        from registry.packing import Packer

        engine = open_engine(settings.registry)
        open_writer(engine).close()  # refused while another one writes
        give_up_fragments(engine)
        settings.pack.unlink(missing_ok=True)
        writer, made = open_writer(engine), 0
        try:
            while writer.fill_fragments(PEOPLE_PER_TRANSACTION):
                made += PEOPLE_PER_TRANSACTION
                _say(f"{made:,} people")
        finally:
            writer.close()
        _end()
        if settings.state.is_dir():
            Packer(engine, fragments_of(engine), settings.pack).pack()
    check(state, database, as_json)


@contextmanager
def _registry(state: Path | None, database: str | None) -> Iterator[Settings]:
    """The settings of a registry that holds people; what it refuses is said in its words."""
    from registry.engine import open_engine
    from registry.errors import RegistryError
    from registry.population import read_population

    settings = settings_of(state=state, database=database)
    try:
        read_population(open_engine(settings.registry, read_only=True))
        yield settings
    except RegistryError as error:
        print(f"The registry {'' if settings.database else settings.registry}: {error}".strip(), file=sys.stderr)
        raise typer.Exit(REFUSED) from None


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the state directory, so that no gateway runs on it or starts."""
    from gateway.start import CannotStart
    from gateway.supervisor import take_lock

    lock = -1
    if settings.state.is_dir():
        try:
            lock = take_lock(settings.state)
        except CannotStart as error:
            print(f"Nothing was changed: {error}.", file=sys.stderr)
            raise typer.Exit(REFUSED) from None
    try:
        yield
    finally:
        if lock >= 0:
            os.close(lock)


def _tell(report: FragmentReport, as_json: bool) -> None:
    if as_json:
        print_json({**asdict(report), "holds": report.holds})
        return
    print(
        f"{report.people:,} people: {report.right:,} fragments as the columns have it, {report.to_make:,} to be made, "
        f"{report.wrong:,} wrong, {report.lost:,} lost, {report.extra:,} of nobody; {report.packed:,} in the pack, "
        f"{report.pack_wrong:,} of them wrong"
    )
    if not report.believed:
        print("They are out of step and not read: columns answer until the gateway's writer has made them anew.")
    if not report.holds:
        print("Stop the gateway and run `popgate registry fragments rebuild`.")


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text}", end="", file=sys.stderr, flush=True)


def _end() -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)
