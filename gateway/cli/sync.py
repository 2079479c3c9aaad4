"""`popgate sync`: keep a copy in step, or push what the agency owns."""

from __future__ import annotations

import asyncio
import base64
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from gateway.cli.exits import REFUSED, USAGE
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
from gateway.cli.output import message_json, moment, plain, print_json

if TYPE_CHECKING:
    from gateway.client import Page, PushResult

app = typer.Typer(name="sync", help="Keep a copy in step, or push what the agency owns.", no_args_is_help=True)


@app.command()
def pull(
    identity: IdentityOption,
    fields: FieldsOption,
    purpose: PurposeOption,
    legal_basis: LegalBasisOption,
    case: CaseOption,
    officer: OfficerOption,
    server: ServerOption = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Append to this file.", show_default="stdout"),
    ] = None,
    cursor: Annotated[
        Path | None,
        typer.Option("--cursor", "-c", metavar="FILE", help="Go on from here, and keep the new cursor here."),
    ] = None,
    people_max: Annotated[int, typer.Option("--page", min=1, max=1000, help="People in a page.")] = 1000,
    pages_max: Annotated[int, typer.Option("--pages", min=0, help="Stop after so many pages; 0: when up to date.")] = 0,
    receipts: ReceiptsOption = None,
    timeout: TimeoutOption = 10.0,
) -> None:
    """Pull everything after the cursor as JSON lines, one a person.

    Without a cursor it begins with everybody in scope.

    The cursor is kept after each page, once the page is written: an interrupted pull goes on where it was.

    The last page may then come twice.
    """
    context, paths = context_of(purpose, legal_basis, case, officer), paths_of(fields)
    begin = _kept(cursor) if cursor else b""

    async def follow(file: TextIO) -> tuple[int, int, Page | None]:
        people, pages, last = 0, 0, None
        async with client_of(identity, server, receipts) as client:
            following = client.follow_pages(
                fields=paths, context=context, cursor=begin, people_max=people_max, timeout_seconds=timeout
            )
            async for page in following:
                _write_page(page, file)
                if cursor:
                    _keep(cursor, page.next_cursor)
                people, pages, last = people + len(page.people), pages + 1, page
                if pages == pages_max:
                    break
            await following.aclose()  # type: ignore[attr-defined]
        return people, pages, last

    if out:
        with out.open("a", encoding="utf-8") as file:
            people, pages, last = asyncio.run(follow(file))
    else:
        people, pages, last = asyncio.run(follow(sys.stdout))
    if last is not None:
        _report(people, pages, last)


def _write_page(page: Page, file: TextIO) -> None:
    import json

    from gateway.api.v1 import sync_service_pb2

    for each in page.people:
        line = {
            "kind": sync_service_pb2.PullKind.Name(each.kind).removeprefix("PULL_KIND_"),
            "version": each.version,
            "person": message_json(each.person),
        }
        if each.superseded_numbers:
            line["superseded_numbers"] = list(each.superseded_numbers)
        file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
    file.flush()
    if file is not sys.stdout and stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        os.fsync(file.fileno())


def _kept(path: Path) -> bytes:
    """The cursor in the file, empty when there is none yet. Raises a usage error before anything is asked."""
    if not path.exists():
        if not path.parent.is_dir():
            raise typer.BadParameter(f"there is no folder {path.parent}", param_hint="--cursor")
        return b""
    try:
        return base64.b64decode(path.read_bytes().strip(), validate=True)
    except ValueError:
        raise typer.BadParameter(f"{path} does not hold a cursor", param_hint="--cursor") from None


def _keep(path: Path, cursor: bytes) -> None:
    fresh = path.with_name(path.name + ".part")
    fresh.write_bytes(base64.b64encode(cursor) + b"\n")
    os.replace(fresh, path)


def _report(people: int, pages: int, last: Page) -> None:
    state = "more is ready" if last.more else f"current through {moment(last.current_through)}"
    print(f"{people:,} people in {pages:,} {'page' if pages == 1 else 'pages'}; {state}", file=sys.stderr)
    if last.withheld:
        named = ", ".join(f"{plain(each.path)} ({each.reason})" for each in last.withheld)
        print(f"withheld: {named}", file=sys.stderr)


@app.command()
def push(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            metavar="FILE",
            help="CSV (by its name; comma, semicolon or tab) or JSON lines with `number`.",
        ),
    ],
    identity: IdentityOption,
    purpose: PurposeOption,
    legal_basis: LegalBasisOption,
    case: CaseOption,
    officer: OfficerOption,
    fields: Annotated[
        str,
        typer.Option(
            "--fields",
            "-f",
            metavar="PATH,...",
            help="Fields to write; what an item leaves out of them is cleared.",
            show_default="the columns of a CSV file",
        ),
    ] = "",
    server: ServerOption = "",
    receipts: ReceiptsOption = None,
    timeout: TimeoutOption = 30.0,
    as_json: JsonOption = False,
) -> None:
    """Write fields of people that the agency's class owns, in batches of at most 1,000."""
    from gateway.cli.items import ItemsUnreadable, batches, columns_of, read_items

    try:
        paths = paths_of(fields) if fields else columns_of(file)
    except ItemsUnreadable as error:
        raise typer.BadParameter(str(error), param_hint="FILE") from None
    if not paths:
        raise typer.BadParameter("name the fields to write", param_hint="--fields")
    context = context_of(purpose, legal_basis, case, officer)
    counts: dict[str, int] = {}

    async def send() -> None:
        async with client_of(identity, server, receipts) as client:
            for batch in batches(read_items(file)):
                done = await client.push(batch, fields=paths, context=context, timeout_seconds=timeout)
                for result in done.results:
                    counts[result.outcome] = counts.get(result.outcome, 0) + 1
                    _print_result(result, as_json)

    try:
        asyncio.run(send())
    except ItemsUnreadable as error:
        print(f"{error}; {'what stands before it' if counts else 'nothing'} was pushed.", file=sys.stderr)
        raise typer.Exit(USAGE) from None
    print(", ".join(f"{count:,} {outcome.lower()}" for outcome, count in counts.items()), file=sys.stderr)
    if counts.get("REFUSED"):
        raise typer.Exit(REFUSED)


def _print_result(result: PushResult, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "reference": result.reference,
                "outcome": result.outcome,
                "reason": result.reason,
                "version": result.version,
            }
        )
    elif result.reason:
        print(f"{plain(result.reference)}: refused, {result.reason}")
