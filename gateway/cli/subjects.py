"""`popgate subjects`: whom the agency serves, for grants that are about its own subjects."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.asking import Caller, as_teller

app = typer.Typer(name="subjects", help="State which people the agency serves.", no_args_is_help=True)

NumbersArgument = Annotated[
    list[str] | None, typer.Argument(metavar="NUMBER", help="Numbers, 12 digits each.", show_default=False)
]
FileOption = Annotated[
    Path | None,
    typer.Option("--file", exists=True, dir_okay=False, allow_dash=True, metavar="FILE", help="One number a line."),
]


@app.command()
@as_teller
def enrol(teller: Caller, numbers: NumbersArgument = None, file: FileOption = None) -> None:
    """The agency serves these people from now on. Numbers that nobody has are taken like all others."""
    stated = list(_stated(numbers, file))
    receipts = teller.ask(lambda client, context: client.enrol_subjects(stated, context=context))
    print(f"Stated {len(stated):,} numbers; {len(receipts):,} entries, the last one {receipts[-1].index}.")


@app.command()
@as_teller
def withdraw(teller: Caller, numbers: NumbersArgument = None, file: FileOption = None) -> None:
    """The agency serves these people no more; it sees them no more when this returns."""
    stated = list(_stated(numbers, file))
    receipts = teller.ask(lambda client, context: client.withdraw_subjects(stated, context=context))
    print(f"Withdrew {len(stated):,} numbers; {len(receipts):,} entries, the last one {receipts[-1].index}.")


def _stated(numbers: list[str] | None, file: Path | None) -> Iterator[str]:
    if bool(numbers) == (file is not None):
        raise typer.BadParameter("state either numbers or --file", param_hint="NUMBER")
    if numbers:
        lines = numbers
    elif str(file) == "-":
        lines = sys.stdin.readlines()
    else:
        assert file is not None
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    found = [number for line in lines if (number := line.replace(" ", "").strip())]
    if not found:
        raise typer.BadParameter("names nobody", param_hint="--file")
    yield from found
