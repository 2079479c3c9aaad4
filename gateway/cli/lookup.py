"""`popgate lookup`: one person, or everybody in a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import (
    CaseOption,
    FieldsOption,
    IdentityOption,
    JsonOption,
    LegalBasisOption,
    OfficerOption,
    PurposeOption,
    ReceiptsOption,
    ServerOption,
    TimeoutOption,
    client_of,
    context_of,
    paths_of,
)
from gateway.cli.output import (
    message_json,
    moment,
    print_json,
    print_person,
    print_withheld,
    receipt_json,
)
from gateway.cli.volume.command import (
    PATIENCE_SECONDS_DEFAULT,
    ColumnOption,
    KeepOption,
    OutOption,
    PatienceOption,
    files_of,
    mapping_of,
    run_job,
    without_file,
)

if TYPE_CHECKING:
    from gateway.client import LookUpResult


def lookup(
    identity: IdentityOption,
    fields: FieldsOption,
    purpose: PurposeOption,
    legal_basis: LegalBasisOption,
    case: CaseOption,
    officer: OfficerOption,
    number: Annotated[str, typer.Argument(help="The person's number, 12 digits.", metavar="NUMBER")] = "",
    file: Annotated[
        Path | None,
        typer.Option("--file", exists=True, dir_okay=False, metavar="FILE", help="CSV or Parquet, one person a row."),
    ] = None,
    out: OutOption = None,
    column: ColumnOption = None,
    keep: KeepOption = None,
    patience: PatienceOption = PATIENCE_SECONDS_DEFAULT,
    server: ServerOption = "",
    receipts: ReceiptsOption = None,
    timeout: TimeoutOption = 10.0,
    as_json: JsonOption = False,
) -> None:
    """Look up one person by number, or with --file everybody in a file.

    A file of any size is asked in batches over connections to all workers.

    A run over a file that is interrupted goes on where it stopped when the same command is given again.
    """
    context = context_of(purpose, legal_basis, case, officer)
    if bool(number) == (file is not None):
        raise typer.BadParameter("state either one number or --file", param_hint="NUMBER")
    if file is not None:
        from gateway.cli.volume.lookups import LookUpJob

        job = LookUpJob(paths_of(fields), context)
        run_job(
            job,
            files_of(job, file, out, mapping_of(column), keep, receipts),
            identity,
            server,
            receipts,
            timeout_seconds=timeout,
            patience_seconds=patience,
            as_json=as_json,
        )
        return
    without_file(out=out, column=column, keep=keep)

    async def ask() -> LookUpResult:
        async with client_of(identity, server, receipts) as client:
            return await client.look_up(
                number.replace(" ", ""), fields=paths_of(fields), context=context, timeout_seconds=timeout
            )

    result = asyncio.run(ask())
    if as_json:
        print_json(_json(result))
        return
    print_person(result.person, result.withheld)
    if result.number_superseded:
        print("The number asked for was replaced; the person has another one now.")
    print_withheld(result.withheld)
    print(
        f"version {result.version}, read {moment(result.read_time)}, "
        f"entry {result.receipt.index} of {result.receipt.origin}, call {result.call_id}"
    )


def _json(result: LookUpResult) -> dict[str, object]:
    return {
        "person": message_json(result.person),
        "withheld": [{"path": each.path, "reason": each.reason} for each in result.withheld],
        "version": result.version,
        "read_time": result.read_time.isoformat(),
        "number_superseded": result.number_superseded,
        "receipt": receipt_json(result.receipt),
        "call_id": result.call_id,
    }
