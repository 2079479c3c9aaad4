"""The commands of `popgate seed`: build, fingerprint, measure a synthetic population. Turns refusals into sentences."""

import json
import os
import secrets
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from registry.engine import open_engine, registry_url
from registry.errors import AlreadyBuilt, Inconsistent, RegistryError
from registry.load import INDEXES, REFERENCES, STATISTICS
from seed.build import build
from seed.digest import store_digest
from seed.errors import SeedError
from seed.extracts.agencies import EXTRACTS, extract_of
from seed.extracts.export import export
from seed.extracts.truth import truth_path
from seed.plan import Plan
from seed.report.measure import measure
from seed.report.page import page
from seed.report.text import print_report

EXIT_REFUSED = 1
EXIT_INTERRUPTED = 130
WORKERS_MAX = 64
REPORT_COLUMNS = 150
STAGES = {
    "people": "making people",
    INDEXES: "building indexes",
    REFERENCES: "checking references",
    STATISTICS: "gathering statistics",
}

app = typer.Typer(
    help="The synthetic population: build, measure, export, fingerprint it.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

State = Annotated[Path, typer.Option("--state", help="State directory; the population becomes registry.db in it.")]
Database = Annotated[
    str | None, typer.Option("--database", help="postgresql:// address; default is SQLite in the state directory.")
]


@app.command("build")
def build_command(
    state: State,
    people: Annotated[int, typer.Option("--people", help="How many people, living and recently dead.")],
    seed: Annotated[int, typer.Option("--seed", help="The same seed and number give the same people.")] = 1,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=WORKERS_MAX, help="Processes that generate people.")
    ] = min(os.cpu_count() or 1, WORKERS_MAX),
    database: Database = None,
    discard_half_built: Annotated[
        bool, typer.Option("--discard-half-built", help="Remove what an unfinished build left, and start anew.")
    ] = False,
) -> None:
    """Build a population. It becomes visible when complete; the same command goes on with an interrupted build."""
    console = Console(stderr=True)
    kept = 0

    def show(stage: str, done: int) -> None:
        nonlocal kept
        kept = done
        bar.update(task, description=STAGES[stage], completed=done)

    try:
        plan = Plan(people, seed)
        with _bar(console) as bar:
            task = bar.add_task(STAGES["people"], total=plan.people)
            build(
                plan,
                state,
                epoch=secrets.token_hex(8),
                workers=workers,
                progress=show,
                database=database,
                discard=discard_half_built,
            )
    except AlreadyBuilt:
        typer.echo(f"already there: {people:,} people from seed {seed}")
    except (SeedError, RegistryError, OSError) as error:
        typer.echo(f"refused: {error}", err=True)
        if kept and not isinstance(error, Inconsistent):
            typer.echo(f"{kept:,} of {people:,} people are kept: the same command goes on from there", err=True)
        raise typer.Exit(EXIT_REFUSED) from None
    except KeyboardInterrupt:
        typer.echo(f"interrupted after {kept:,} of {people:,} people: the same command goes on from there", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    else:
        typer.echo(f"built {people:,} people from seed {seed}")


@app.command("digest")
def digest_command(state: State, database: Database = None) -> None:
    """Print a fingerprint over all rows of the population: equal for equal populations."""
    try:
        typer.echo(store_digest(open_engine(database or registry_url(state), read_only=True)))
    except RegistryError as error:
        typer.echo(f"refused: {error}", err=True)
        raise typer.Exit(EXIT_REFUSED) from None


@app.command("export")
def export_command(
    state: State,
    agency: Annotated[str, typer.Option("--agency", help=f"One of {', '.join(e.code for e in EXTRACTS)}.")],
    out: Annotated[Path, typer.Option("--out", help="A new file; .csv or .parquet says its format.")],
    dirt: Annotated[float, typer.Option("--dirt", help="Share of rows with errors, as clerks make them.")] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same errors.")] = 1,
    database: Database = None,
) -> None:
    """Write what one agency holds about the people, clean or with errors, and the truth beside it."""
    console = Console(stderr=True)
    try:
        engine = open_engine(database or registry_url(state), read_only=True)
        with _bar(console) as bar:
            task = bar.add_task("reading people", total=None)
            done = export(
                engine,
                extract_of(agency),
                out,
                dirt=dirt,
                seed=seed,
                progress=lambda people, total: bar.update(task, completed=people, total=total),
            )
    except (SeedError, RegistryError, OSError) as error:
        typer.echo(f"refused: {error}", err=True)
        raise typer.Exit(EXIT_REFUSED) from None
    except KeyboardInterrupt:
        typer.echo("interrupted: no file of this export is left", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    typer.echo(f"wrote {done.rows:,} rows, {done.wrong:,} of them wrong, and {truth_path(out)}")
    for name, count in done.errors.most_common():
        typer.echo(f"  {name:<22}{count:>10,}")


@app.command("report")
def report_command(
    state: State,
    database: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Also write a page with pictures to this file.")] = None,
) -> None:
    """Measure the population against its figures. Exit code 1: a bound is exceeded, or rows contradict each other."""
    try:
        report = measure(open_engine(database or registry_url(state), read_only=True))
        if html is not None:
            html.write_text(page(report), encoding="utf-8")
    except OSError as error:
        typer.echo(f"refused: {error.filename or state} cannot be used: {error.strerror}", err=True)
        raise typer.Exit(EXIT_REFUSED) from None
    except RegistryError as error:
        typer.echo(f"refused: {error}", err=True)
        raise typer.Exit(EXIT_REFUSED) from None
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
    else:
        console = Console()
        if not console.is_terminal:
            console.width = REPORT_COLUMNS  # a file has room for whole lines
        print_report(report, console)
    if not report.is_good:
        raise typer.Exit(EXIT_REFUSED)


def _bar(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
