"""`popgate agency`: who may ask. For operators, with the operator's own identity."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from gateway.cli.options import CaseOption, IdentityOption, JsonOption, OfficerOption, ServerOption, client_of
from gateway.cli.output import message_json, moment, print_json, print_table

if TYPE_CHECKING:
    from gateway.api.v1.agency_service_pb2 import Agency
    from gateway.client import Client, Context

app = typer.Typer(name="agency", help="Say who may ask: agencies, grants, codes, revocation.", no_args_is_help=True)

# The grant that the first operator is founded with, see gateway.agency.bootstrap.
OperatorPurpose = Annotated[
    str, typer.Option("--purpose", envvar="POPGATE_OPERATOR_PURPOSE", help="Why: code of the purpose.", metavar="CODE")
]
OperatorLegalBasis = Annotated[
    str,
    typer.Option(
        "--legal-basis", envvar="POPGATE_OPERATOR_LEGAL_BASIS", help="Why: code of the legal basis.", metavar="CODE"
    ),
]
AgencyArgument = Annotated[str, typer.Argument(metavar="AGENCY", help="Code of the agency.")]
PURPOSE = "gateway.operation"
LEGAL_BASIS = "policy:operation"
_DISCLOSING = frozenset({"LookUpPerson", "Pull"})

Given = TypeVar("Given")


def _ask(
    identity: Path, server: str, why: tuple[str, str, str, str], ask: Callable[[Client, Context], Awaitable[Given]]
) -> Given:
    from gateway.client import Context

    async def run() -> Given:
        async with client_of(identity, server) as client:
            return await ask(client, Context(*why))

    return asyncio.run(run())


@app.command("list")
def list_agencies(
    identity: IdentityOption,
    case: CaseOption,
    officer: OfficerOption,
    server: ServerOption = "",
    purpose: OperatorPurpose = PURPOSE,
    legal_basis: OperatorLegalBasis = LEGAL_BASIS,
    as_json: JsonOption = False,
) -> None:
    """All agencies with their grants and certificates."""
    why = (purpose, legal_basis, case, officer)
    agencies = _ask(identity, server, why, lambda client, context: client.list_agencies(context=context))
    if as_json:
        for agency in agencies:
            print_json(_json(agency))
        return
    headings = ("code", "name", "class", "state", "grants", "certificates", "newest until")
    print_table(headings, (_row(agency) for agency in agencies), numbers=frozenset({"grants", "certificates"}))


def _json(agency: Agency) -> dict[str, Any]:
    value = message_json(agency)
    # Digests in hexadecimal, as every other tool shows them, rather than in the contract's base64.
    for shown, held in zip(value.get("credentials", ()), agency.credentials, strict=True):
        shown["thumbprint"] = held.thumbprint.hex()
    for shown, grant in zip(value.get("grants", ()), agency.grants, strict=True):
        shown["contract_digest"] = grant.contract_digest.hex()
    return value


def _row(agency: Agency) -> tuple[object, ...]:
    from gateway.api.v1 import options_pb2

    valid = [each for each in agency.credentials if not each.revoked]
    return (
        agency.code,
        agency.name,
        options_pb2.AgencyClass.Name(agency.agency_class).removeprefix("AGENCY_CLASS_").lower(),
        "revoked" if agency.revoked else "active",
        len(agency.grants),
        len(valid),
        moment(valid[0].expires_time.ToDatetime(UTC)) if valid else "",
    )


@app.command()
def register(
    agency: AgencyArgument,
    name: Annotated[str, typer.Option(help="Name for people.")],
    agency_class: Annotated[
        str, typer.Option("--class", metavar="CLASS", help="For example health, social_insurance, auditor.")
    ],
    identity: IdentityOption,
    case: CaseOption,
    officer: OfficerOption,
    server: ServerOption = "",
    purpose: OperatorPurpose = PURPOSE,
    legal_basis: OperatorLegalBasis = LEGAL_BASIS,
) -> None:
    """Register an agency. It may do nothing before it has a grant."""
    from gateway.api.v1 import options_pb2

    class_name = agency_class.upper().replace("-", "_")
    known = [name.removeprefix("AGENCY_CLASS_") for name in options_pb2.AgencyClass.keys()[1:]]
    if class_name not in known:
        raise typer.BadParameter(f"is one of {', '.join(known).lower()}", param_hint="--class")
    _ask(
        identity,
        server,
        (purpose, legal_basis, case, officer),
        lambda client, context: client.register_agency(agency, name, class_name, context=context),
    )
    print(f"Registered {agency}. Next: popgate agency grant {agency}, then popgate agency code {agency}.")


@app.command()
def grant(
    agency: AgencyArgument,
    methods: Annotated[
        str, typer.Option(metavar="METHOD,...", help="LookUpPerson, Pull, Push; of auditors QueryAccesses.")
    ],
    allow: Annotated[
        list[str],
        typer.Option(metavar="PURPOSE=BASIS,...", help="A purpose with its legal bases; repeat for more purposes."),
    ],
    identity: IdentityOption,
    case: CaseOption,
    officer: OfficerOption,
    fields: Annotated[str, typer.Option("--fields", "-f", metavar="PATH,...", help="Fields of Person.")] = "",
    provinces: Annotated[
        str, typer.Option(metavar="CODE,...", help="Only people of these provinces.", show_default="everyone")
    ] = "",
    days: Annotated[int, typer.Option(min=1, max=3650, help="In force for so many days from now.")] = 365,
    server: ServerOption = "",
    purpose: OperatorPurpose = PURPOSE,
    legal_basis: OperatorLegalBasis = LEGAL_BASIS,
    as_json: JsonOption = False,
) -> None:
    """Give an agency a right: methods, for purposes, with fields. In force when this returns."""
    from gateway.cli.options import paths_of

    named = [method.strip() for method in methods.split(",")]
    if not fields and not _DISCLOSING.isdisjoint(named):
        raise typer.BadParameter("a grant to look up or pull discloses nothing without fields", param_hint="--fields")
    purposes: dict[str, list[str]] = {}
    for each in allow:
        code, _, bases = each.partition("=")
        if not code or not bases:
            raise typer.BadParameter(f"{each!r} is not PURPOSE=BASIS,...", param_hint="--allow")
        purposes.setdefault(code, []).extend(bases.split(","))
    given = _ask(
        identity,
        server,
        (purpose, legal_basis, case, officer),
        lambda client, context: client.create_grant(
            agency,
            methods=named,
            purposes=purposes,
            fields=paths_of(fields) if fields else (),
            provinces=provinces.split(",") if provinces else (),
            until_time=datetime.now(UTC) + timedelta(days=days),
            context=context,
        ),
    )
    if as_json:
        print_json(message_json(given))
    else:
        print(f"Grant {given.grant_id} of {agency}, until {moment(given.until_time.ToDatetime(UTC))}.")


@app.command()
def code(
    agency: AgencyArgument,
    identity: IdentityOption,
    case: CaseOption,
    officer: OfficerOption,
    system: Annotated[str, typer.Option(help="System that will enrol.", show_default="the agency as a whole")] = "",
    server: ServerOption = "",
    purpose: OperatorPurpose = PURPOSE,
    legal_basis: OperatorLegalBasis = LEGAL_BASIS,
    as_json: JsonOption = False,
) -> None:
    """Make a one-time code with which a system of an agency enrols. It is shown this once."""
    made = _ask(
        identity,
        server,
        (purpose, legal_basis, case, officer),
        lambda client, context: client.create_enrolment_code(agency, system, context=context),
    )
    if as_json:
        print_json({"code": made.code, "expires_time": made.expires_time.isoformat()})
    else:
        print(
            f"{made.code}\nGood for one enrolment until {moment(made.expires_time)}. Give the agency also the "
            "root certificate's fingerprint (popgate agency fingerprint)."
        )


@app.command()
def revoke(
    identity: IdentityOption,
    case: CaseOption,
    officer: OfficerOption,
    agency: Annotated[str, typer.Argument(metavar="[AGENCY]", help="Agency to revoke for good.")] = "",
    thumbprint: Annotated[
        str, typer.Option(metavar="HEX", help="Or SHA-256 of one certificate, as `list --json` shows it.")
    ] = "",
    server: ServerOption = "",
    purpose: OperatorPurpose = PURPOSE,
    legal_basis: OperatorLegalBasis = LEGAL_BASIS,
) -> None:
    """Revoke an agency, or one certificate. In force when this returns; it cannot be taken back."""
    if bool(agency) == bool(thumbprint):
        raise typer.BadParameter("state either an agency or --thumbprint")
    try:
        digest = bytes.fromhex(thumbprint.replace(":", ""))
    except ValueError:
        raise typer.BadParameter("is not hexadecimal", param_hint="--thumbprint") from None
    receipt = _ask(
        identity,
        server,
        (purpose, legal_basis, case, officer),
        lambda client, context: client.revoke(agency=agency, thumbprint=digest, context=context),
    )
    print(f"Revoked; entry {receipt.index} of {receipt.origin}.")


@app.command()
def fingerprint(identity: IdentityOption) -> None:
    """Print the SHA-256 of the gateway's root certificate, for agencies that enrol."""
    from hashlib import sha256

    from cryptography.hazmat.primitives.serialization import Encoding

    from gateway.cli.options import identity_of

    for root in identity_of(identity).roots:
        print(sha256(root.public_bytes(Encoding.DER)).hexdigest())


@app.command("enrol-local")
def enrol_local(
    agency: AgencyArgument,
    state: Annotated[Path, typer.Option(exists=True, file_okay=False, metavar="DIR", help="State directory.")],
    folder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Identity folder.", show_default="STATE/agencies/AGENCY")
    ] = None,
    system: Annotated[str, typer.Option(help="System.", show_default="none")] = "",
    unit: Annotated[str, typer.Option(help="Unit.", show_default="the agency as a whole")] = "",
) -> None:
    """Enrol an agency on the gateway's own machine, without a code: for demonstrations. Leaves no entry."""
    from gateway.agency.bootstrap import OPERATOR, enrol_locally
    from gateway.agency.identity import read_trust

    place = folder or state / "agencies" / agency
    principal = enrol_locally(state, agency, system, place, time.time(), read_trust(state / OPERATOR), unit)
    until = moment(datetime.fromtimestamp(principal.not_after, UTC))
    print(f"Enrolled {agency} in {place}, until {until}.")
