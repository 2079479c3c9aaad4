"""`popgate verify`: what is on a paper or a form, compared with the registry."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import (
    CaseOption,
    IdentityOption,
    JsonOption,
    KindOption,
    LegalBasisOption,
    OfficerOption,
    PurposeOption,
    ReceiptsOption,
    ServerOption,
    TimeoutOption,
    client_of,
    context_of,
)
from gateway.cli.output import moment, print_json, print_pairs, print_withheld, receipt_json
from gateway.cli.volume.command import (
    PATIENCE_SECONDS_DEFAULT,
    ColumnOption,
    KeepOption,
    OutOption,
    PatienceOption,
    columns_in,
    files_of,
    mapping_of,
    run_job,
    without_file,
)

if TYPE_CHECKING:
    from gateway.cli.volume.verifications import VerifyJob
    from gateway.client import Context, VerifyResult

_Text = str | None
_PATHS = ("name", "birth_date", "sex", "permanent_residence", "contact.mobile_number")
"""What the options for a single person state, in their order."""
_NOBODY = {
    "ABSENT": "Nobody whom the agency may see has this number.",
    "AMBIGUOUS": "Several people have this number; say --kind, or state the personal number.",
    "WITHHELD": "The agency may not name people by such numbers.",
}
FileArgument = Annotated[
    Path | None,
    typer.Argument(exists=True, dir_okay=False, metavar="FILE", help="CSV or Parquet: everybody in it, one a row."),
]
QuestionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--ask",
        help="alive, age_at_least:N, resident_of_province=NN, same_household=NUMBER; repeat for more. "
        "With FILE, one without the value that it needs takes it from the column of its name.",
        metavar="PREDICATE[=VALUE]",
    ),
]


def verify(
    identity: IdentityOption,
    purpose: PurposeOption,
    legal_basis: LegalBasisOption,
    case: CaseOption,
    officer: OfficerOption,
    file: FileArgument = None,
    number: Annotated[str, typer.Option("--number", help="The person's number, 12 digits.", metavar="NUMBER")] = "",
    qr: Annotated[
        str, typer.Option("--qr", help="Text of the QR code on the card, instead of the number.", metavar="TEXT")
    ] = "",
    name: Annotated[_Text, typer.Option("--name", help="Full name in one line.", metavar="TEXT")] = None,
    birth_date: Annotated[
        _Text, typer.Option("--birth-date", help="1990-04-30 or 30/04/1990, or what is known of it.", metavar="DATE")
    ] = None,
    sex: Annotated[_Text, typer.Option("--sex", help="nam or nữ.", metavar="SEX")] = None,
    address: Annotated[
        _Text, typer.Option("--address", help="Permanent residence in one line.", metavar="TEXT")
    ] = None,
    phone: Annotated[_Text, typer.Option("--phone", help="Mobile number.", metavar="NUMBER")] = None,
    claim: Annotated[
        list[str] | None, typer.Option("--claim", help="Any other field; repeat for more.", metavar="PATH=VALUE")
    ] = None,
    question: QuestionOption = None,
    kind: KindOption = "",
    out: OutOption = None,
    column: ColumnOption = None,
    keep: KeepOption = None,
    patience: PatienceOption = PATIENCE_SECONDS_DEFAULT,
    server: ServerOption = "",
    receipts: ReceiptsOption = None,
    timeout: TimeoutOption = 10.0,
    as_json: JsonOption = False,
) -> None:
    """Compare what is stated of a person with the registry; with FILE, of everybody in it.

    A verdict for each value, never the value.

    Of a file, columns called like a field, and those that --column names, are stated.

    A run over a file that is interrupted goes on where it stopped when the same command is given again.
    """
    context = context_of(purpose, legal_basis, case, officer)
    named = dict(zip(_PATHS, (name, birth_date, sex, address, phone), strict=True))
    claims = {path: value for path, value in named.items() if value is not None} | _pairs(claim, "--claim")
    questions = _pairs(question, "--ask", lone=True)
    if (bool(number) + bool(qr) + (file is not None)) != 1:
        raise typer.BadParameter("state one of FILE, the person's --number, the card's --qr", param_hint="FILE")
    if file is not None:
        mapping = mapping_of(column)
        job = _job_of(file, claims, mapping, questions, kind, context)
        asked = job, files_of(job, file, out, mapping, keep, receipts), identity, server, receipts
        return run_job(*asked, timeout_seconds=timeout, patience_seconds=patience, as_json=as_json)
    without_file(out=out, column=column, keep=keep)
    who = number.replace(" ", "")

    async def ask() -> VerifyResult:
        async with client_of(identity, server, receipts) as client:
            return await client.verify(
                who,
                card_text=qr,
                claims=claims,
                questions=questions,
                kind=kind,
                context=context,
                timeout_seconds=timeout,
            )

    _show(asyncio.run(ask()), as_json)


def _job_of(
    file: Path,
    claims: Mapping[str, str],
    mapping: Mapping[str, str],
    questions: Mapping[str, str],
    kind: str,
    context: Context,
) -> VerifyJob:
    if claims:
        raise typer.BadParameter("states of everybody in the FILE what its columns say", param_hint="--claim")
    from gateway.cli.volume.verifications import VerifyJob, stated_in

    stated = stated_in(columns_in(file), mapping, questions)
    who, *columns = stated.columns
    compared = [*columns, *(name for name in stated.questions if name not in columns)]
    print(f"Compared for each {who}: {', '.join(compared) or 'what the card states'}.", file=sys.stderr)
    return VerifyJob(stated, context, kind)


def _show(result: VerifyResult, as_json: bool) -> None:
    if as_json:
        print_json(_json(result))
        return
    verified = result.verified
    if verified.outcome == "FOUND":
        verdicts = [(path, str(verdict) or "not stated") for path, verdict in verified.verdicts.items()]
        print_pairs(
            [*verdicts, *((predicate, answer or "not asked") for predicate, answer in verified.answers.items())]
        )
    else:
        print(_NOBODY.get(verified.outcome, f"Not answered: {verified.outcome}."))
    print_withheld(result.withheld)
    print(
        f"rules {result.rules_version}, read {moment(result.read_time)}, "
        f"entry {result.receipt.index} of {result.receipt.origin}, call {result.call_id}"
    )


def _pairs(texts: list[str] | None, option: str, *, lone: bool = False) -> dict[str, str]:
    """NAME=VALUE, or with `lone` a name alone. Raises a usage error."""
    pairs: dict[str, str] = {}
    for text in texts or ():
        key, separator, value = text.partition("=")
        if not key or not (separator or lone):
            raise typer.BadParameter("is not NAME=VALUE", param_hint=option)
        if key in pairs:
            raise typer.BadParameter(f"states {key} twice", param_hint=option)
        pairs[key] = value
    return pairs


def _json(result: VerifyResult) -> dict[str, object]:
    verified = result.verified
    return {
        "outcome": verified.outcome,
        "matches": verified.matches,
        "verdicts": {
            path: {"grade": verdict.grade, **({"rule": verdict.rule} if verdict.rule else {})}
            for path, verdict in verified.verdicts.items()
        },
        "answers": dict(verified.answers),
        "withheld": [{"path": each.path, "reason": each.reason} for each in result.withheld],
        "rules_version": result.rules_version,
        "read_time": result.read_time.isoformat(),
        "receipt": receipt_json(result.receipt),
        "call_id": result.call_id,
    }
