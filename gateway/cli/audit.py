"""`popgate audit`: who looked at a person, and whether the log is complete and unchanged."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from shutil import get_terminal_size
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli.exits import NO_EVIDENCE
from gateway.cli.options import (
    CaseOption,
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
)
from gateway.cli.output import VIETNAM, moment, plain, print_json, print_table

if TYPE_CHECKING:
    from gateway.client import Access, Accesses

app = typer.Typer(name="audit", help="Search the access log, and verify it offline.", no_args_is_help=True)

_DAY: Final = ("%d/%m/%Y", "%Y-%m-%d", "%d/%m/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
_TABLE_COLUMNS_MIN: Final = 120


def _day(text: str) -> datetime:
    """A day, or a moment, in Vietnam's time. Raises a usage error."""
    for form in _DAY:
        try:
            return datetime.strptime(text, form).replace(tzinfo=VIETNAM)
        except ValueError:
            continue
    raise typer.BadParameter(f"{text!r} is not a day such as 31/12/2026 or 2026-12-31, or one with hh:mm:ss")


@app.command()
def query(
    number: Annotated[str, typer.Argument(help="The person's number, 12 digits.", metavar="NUMBER")],
    identity: IdentityOption,
    purpose: PurposeOption,
    legal_basis: LegalBasisOption,
    case: CaseOption,
    officer: OfficerOption,
    server: ServerOption = "",
    from_day: Annotated[
        datetime | None, typer.Option("--from", parser=_day, metavar="DAY", help="From this day on, +07:00.")
    ] = None,
    to_day: Annotated[
        datetime | None, typer.Option("--to", parser=_day, metavar="DAY", help="Before this day, +07:00.")
    ] = None,
    entries_max: Annotated[int, typer.Option("--entries", min=1, max=1000, help="Most entries.")] = 100,
    before: Annotated[
        int | None, typer.Option("--before", min=0, metavar="ENTRY", help="Only entries before this one.")
    ] = None,
    receipts: ReceiptsOption = None,
    timeout: TimeoutOption = 10.0,
    as_json: JsonOption = False,
) -> None:
    """Who looked at a person, newest first, refusals included. Times are +07:00. The query is itself logged."""
    context = context_of(purpose, legal_basis, case, officer)

    async def ask() -> Accesses:
        async with client_of(identity, server, receipts) as client:
            return await client.query_accesses(
                number.replace(" ", ""),
                context=context,
                from_time=from_day,
                to_time=to_day,
                entries_max=entries_max,
                before_index=before,
                timeout_seconds=timeout,
            )

    found = asyncio.run(ask())
    if as_json:
        print_json(
            {
                "accesses": [_access_json(access) for access in found.accesses],
                "current_through_index": found.current_through_index,
                "more": found.more,
                "entry": found.receipt.index,
                "call_id": found.call_id,
            }
        )
        return
    _print_accesses(found)


def _print_accesses(found: Accesses) -> None:
    if sys.stdout.isatty() and get_terminal_size().columns < _TABLE_COLUMNS_MIN:
        for access in found.accesses:
            _print_access(access)
    elif found.accesses:
        print_table(
            ("entry", "time (+07:00)", "agency", "method", "why", "outcome and fields", "case and call"),
            (_access_row(access) for access in found.accesses),
            numbers=frozenset({"entry"}),
        )
    through = f"through entry {found.current_through_index - 1}" if found.current_through_index else "with no entry yet"
    count = len(found.accesses)
    print(
        f"{count} {'entry' if count == 1 else 'entries'}; current {through}; this query is entry {found.receipt.index}"
    )
    if found.more:
        print(f"Older entries remain: add --before {found.accesses[-1].index}")


def _outcome(access: Access) -> str:
    signed = ", signed" if access.signature else ""
    return f"allowed{signed}" if access.allowed else f"refused: {access.reason}"


def _caller(access: Access) -> str:
    return f"{access.agency}/{access.unit}" if access.unit else access.agency


def _print_access(access: Access) -> None:
    """A paragraph, where the terminal is too narrow for the table."""
    print(plain(f"{access.index}  {moment(access.time, zone=False)}  {_caller(access)} {access.method}"))
    why = [part for part in (access.purpose, access.legal_basis) if part]
    lines = [_outcome(access), ", ".join(why), ", ".join(access.fields), f"case {access.case_reference}"]
    for line in (*lines, f"call {access.call_id}"):
        if line and line != "case ":
            print(fill(plain(line), get_terminal_size().columns, initial_indent="  ", subsequent_indent="    "))


def _access_row(access: Access) -> tuple[object, ...]:
    outcome = _outcome(access)
    return (
        access.index,
        moment(access.time, zone=False),
        _caller(access),
        access.method,
        (access.purpose, access.legal_basis),
        (outcome, ", ".join(access.fields)) if access.fields else outcome,
        (access.case_reference, access.call_id),
    )


def _access_json(access: Access) -> dict[str, object]:
    return {
        "index": access.index,
        "time": access.time.isoformat(),
        "agency": access.agency,
        "unit": access.unit,
        "signature": access.signature,
        "method": access.method,
        "purpose": access.purpose,
        "legal_basis": access.legal_basis,
        "allowed": access.allowed,
        "reason": access.reason,
        "fields": list(access.fields),
        "case_reference": access.case_reference,
        "call_id": access.call_id,
    }


@app.command()
def verify(
    log: Annotated[
        Path,
        typer.Argument(exists=True, file_okay=False, metavar="DIR", help="The published log, or a copy of it."),
    ],
    vkey: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Verifier line of the log, kept from elsewhere.",
            show_default="log.vkey in DIR, which proves nothing against whoever wrote DIR",
        ),
    ] = None,
    receipt_vkey: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Verifier line of the receipts.", show_default="in DIR")
    ] = None,
    receipts: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Receipts that agencies kept; repeat for more.")
    ] = None,
    older_checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A checkpoint saved earlier: only appended since?")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify a log offline: every entry, every hash, the signed checkpoint; then receipts against entries.

    Exit code 4 when anything does not hold.
    """
    from gateway.audit.errors import AuditError
    from gateway.cli.evidence import evidence_json, examine, print_evidence

    log_key = verifier_line(vkey, log, "log.vkey", "--vkey")
    receipt_key = verifier_line(receipt_vkey, log, "receipt.vkey", "--receipt-vkey")
    try:
        older = older_checkpoint.read_bytes() if older_checkpoint else None
        evidence = examine(log, log_key, receipt_key, receipts or [], older)
    except (AuditError, ValueError) as error:
        if as_json:
            print_json({"holds": False, "found": str(error)})
        print(f"NOT VERIFIED: {error}", file=sys.stderr)
        raise typer.Exit(NO_EVIDENCE) from None
    if as_json:
        print_json(evidence_json(evidence))
    else:
        print_evidence(evidence)
    if not evidence.holds:
        raise typer.Exit(NO_EVIDENCE)


def verifier_line(stated: Path | None, log: Path, name: str, option: str) -> str:
    """The verifier line of the file that is stated, else the log's own. Raises a usage error, OSError."""
    from gateway.audit.errors import AuditError
    from gateway.audit.note import Verifier

    path = stated or log / name
    if stated is None and not path.exists():
        inner = log / "audit"
        advice = f"; try {inner}" if (inner / name).exists() else ""
        raise typer.BadParameter(f"{log} holds no published log: {name} is missing{advice}", param_hint="DIR")
    line = path.read_text(encoding="ascii", errors="replace")
    if stated is not None:
        try:
            Verifier.from_text(line)
        except AuditError as error:
            raise typer.BadParameter(f"{path} holds no verifier line: {error}", param_hint=option) from None
    return line
