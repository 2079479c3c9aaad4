"""What commands over files share: their options, and how a run ends for whoever started it."""

from __future__ import annotations

import asyncio
import errno
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from gateway.cli.exits import REFUSED, USAGE
from gateway.cli.options import client_of
from gateway.cli.output import plain, print_json
from gateway.cli.volume.journal import JournalForeign
from gateway.cli.volume.reading import FileUnusable, composed, is_parquet, open_table
from gateway.cli.volume.running import (
    QUOTA_EXHAUSTED,
    REPEATED,
    REPEATED_BATCHES,
    Files,
    Job,
    Run,
    beside,
    open_run,
    watched,
)

PATIENCE_SECONDS_DEFAULT: Final = 120.0

OutOption = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="Results, CSV or by its name Parquet; must not exist."),
]
ColumnOption = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="NAME=COLUMN", help="Take NAME from this column of the file; repeat for more."),
]
KeepOption = Annotated[
    list[str] | None,
    typer.Option("--keep", metavar="COLUMN", help="Hand this column through to the results; repeat for more."),
]
PatienceOption = Annotated[
    float,
    typer.Option("--patience", metavar="SECONDS", min=0.0, help="How long to try when the gateway cannot be reached."),
]


def mapping_of(column: Sequence[str] | None) -> dict[str, str]:
    """What `--column` says: the column of each name. Raises a usage error."""
    mapping: dict[str, str] = {}
    for each in column or ():
        name, separator, wanted = each.partition("=")
        if not name or not separator or name in mapping:
            problem = "names its NAME twice" if name in mapping else "is not NAME=COLUMN"
            raise typer.BadParameter(f"{each!r} {problem}", param_hint="--column")
        mapping[name] = composed(wanted)
    return mapping


def columns_in(file: Path) -> tuple[str, ...]:
    """The columns of a file. Raises OSError, Exit."""
    try:
        return open_table(file).columns
    except FileUnusable as error:
        print(plain(error), file=sys.stderr)
        raise typer.Exit(USAGE) from None


def without_file(**options: object) -> None:
    """Raises a usage error when an option is stated that only a file has: it would do nothing."""
    for name, value in options.items():
        if value:
            raise typer.BadParameter("is only for everybody in a file", param_hint=f"--{name}")


def files_of(
    job: Job,
    file: Path,
    out: Path | None,
    mapping: Mapping[str, str],
    keep: Sequence[str] | None,
    receipts: Path | None = None,
) -> Files:
    """The files that the options name. Raises a usage error."""
    if out is None:
        raise typer.BadParameter("state where the results go", param_hint="--out")
    if not out.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {out.parent}", param_hint="--out")
    _refuse_shared_files(file, out, receipts)
    for name in mapping:
        if name not in job.inputs and mapping[name]:
            allowed = " or ".join(job.inputs)
            raise typer.BadParameter(f"{name!r} is not {allowed}: say NAME=COLUMN", param_hint="--column")
    kept = tuple(map(composed, keep or ()))
    _refuse_shared_names(job, kept, is_parquet(out))
    return Files(file, out, dict(mapping), kept)


def _refuse_shared_files(file: Path, out: Path, receipts: Path | None) -> None:
    """Raises a usage error when a file that is written is one that is read, or is written otherwise."""
    written = [out, *beside(out)]
    for path in written:
        if _is_same(path, file):
            what = "is the file that is read" if path == out else f"needs {path}, which is the file that is read"
            raise typer.BadParameter(f"{what}; choose another name", param_hint="--out")
        if receipts is not None and _is_same(path, receipts):
            raise typer.BadParameter(f"is {path}, which the results need", param_hint="--receipts")
    if receipts is not None and _is_same(file, receipts):
        raise typer.BadParameter("is the file that is read", param_hint="--receipts")
    for at, path in enumerate(written):
        for other in written[:at]:
            if _is_same(path, other):
                raise typer.BadParameter(f"{path} and {other} are one file; remove one", param_hint="--out")


def _is_same(one: Path, other: Path) -> bool:
    """Under whatever names, through links too."""
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def _refuse_shared_names(job: Job, keep: Sequence[str], parquet: bool) -> None:
    """Raises a usage error when two columns of the results would be called alike, in Parquet but for their case."""
    taken = {name.lower() if parquet else name for name in job.columns}
    for name in keep:
        called = name.lower() if parquet else name
        if called in taken:
            problem = "is called like another column of the results; call it otherwise in the file"
            if keep.count(name) > 1:
                problem = "is stated twice"
            raise typer.BadParameter(f"{name!r} {problem}", param_hint="--keep")
        taken.add(called)


def run_job(
    job: Job,
    files: Files,
    identity: Path,
    server: str,
    receipts: Path | None,
    *,
    timeout_seconds: float,
    patience_seconds: float,
    as_json: bool,
) -> None:
    """Run to the end, from where an earlier process stopped, and report. Raises ClientError, OSError, Exit."""

    async def ask(run: Run) -> None:
        async with client_of(identity, server, receipts) as client:
            await run.ask(client, timeout_seconds, patience_seconds)

    try:
        with open_run(job, files) as run:
            _say_where(run)
            try:
                with watched(run):
                    asyncio.run(ask(run))
            except BaseException as error:
                if run.is_untouched(error):
                    run.forget()
                else:
                    _say_that_it_goes_on(run)
                raise
            run.finish()
            _report(run, as_json)
            _say_who_was_not_answered(run)
    except (FileUnusable, JournalForeign) as error:
        print(plain(error), file=sys.stderr)
        raise typer.Exit(USAGE) from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(f"There is no room left for {files.out}; make some, then give the same command again.", file=sys.stderr)
        raise typer.Exit(REFUSED) from None


def _say_where(run: Run) -> None:
    if run.journal.goes_on:
        print(f"Going on after {run.state.rows:,} rows that are in {run.output.part}.", file=sys.stderr)


def _say_that_it_goes_on(run: Run) -> None:
    print(
        f"Stopped after {run.state.rows:,} rows, which are in {run.output.part}; the same command goes on there.",
        file=sys.stderr,
    )


def _say_who_was_not_answered(run: Run) -> None:
    count = run.state.counts.get(QUOTA_EXHAUSTED, 0)
    if count:
        print(
            f"Not answered, because the day's quota of people is used up: {count:,} of the rows, whose outcome is "
            f"{QUOTA_EXHAUSTED}. Ask about these again after midnight (Viet Nam's time), from a file of just them.",
            file=sys.stderr,
        )


def _report(run: Run, as_json: bool) -> None:
    counts = run.state.counts
    outcomes = {name: counts.get(name, 0) for name in run.job.outcomes}
    repeated, repeated_batches = counts.get(REPEATED, 0), counts.get(REPEATED_BATCHES, 0)
    if as_json:
        said: dict[str, Any] = {
            "asked": run.state.rows,
            **outcomes,
            "batches": run.state.batches,
            **({"fields": fields} if (fields := _fields(run)) else {}),
            "repeated": repeated,
            "repeated_batches": repeated_batches,
            "seconds": round(run.seconds, 3),
            "withheld_fields": [{"path": path, "reason": reason} for path, reason in _withheld(run)],
            "out": str(run.files.out),
        }
        print_json(said)
        return
    print(f"asked {run.state.rows:,}: {_listed(outcomes)}")
    for name, tallies in _fields(run).items():
        print(f"  {name}: {_listed(tallies)}")
    if repeated_batches:
        print(
            f"sent again under the same call id: {repeated_batches:,} batches, {repeated:,} rows; "
            "the audit log may hold two entries for each"
        )
    if run.withheld:
        print("withheld: " + ", ".join(f"{plain(path)} ({reason})" for path, reason in _withheld(run)))
    rate = run.answered / run.seconds if run.seconds else 0.0
    print(f"results in {run.files.out}; {run.seconds:,.1f} s, {rate:,.0f} rows/s")


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _fields(run: Run) -> dict[str, dict[str, int]]:
    """What was counted of each column beside the outcomes."""
    fields: dict[str, dict[str, int]] = {}
    for key, count in sorted(run.state.counts.items(), key=lambda tally: -tally[1]):
        name, separator, grade = key.partition(" ")
        if separator:
            fields.setdefault(name, {})[grade] = count
    return {name: fields[name] for name in run.job.columns if name in fields}


def _withheld(run: Run) -> list[tuple[str, str]]:
    from gateway.client.context import reason_name

    return [(path, reason_name(int(reason))) for path, reason in run.withheld.items()]
