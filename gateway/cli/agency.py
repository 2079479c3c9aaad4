"""`popgate agency`: who may ask. For operators, with an operator's own identity."""

from __future__ import annotations

import csv
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.asking import Caller, as_operator
from gateway.cli.exits import NO_EVIDENCE, REFUSED
from gateway.cli.operation import AgencyArgument, actor_text, agency_json
from gateway.cli.options import CaseOption, IdentityOption, JsonOption, OfficerOption
from gateway.cli.output import message_json, moment, print_json, print_table

if TYPE_CHECKING:
    from gateway.api.v1.agency_service_pb2 import Agency

app = typer.Typer(name="agency", help="Say who may ask: agencies, units, codes, revocation.", no_args_is_help=True)


@app.command("list")
@as_operator
def list_agencies(
    operator: Caller,
    as_json: JsonOption = False,
) -> None:
    """All agencies with their grants and certificates."""
    agencies = operator.ask(lambda client, context: client.list_agencies(context=context))
    if as_json:
        for agency in agencies:
            print_json(agency_json(agency))
        return
    headings = ("code", "name", "class", "state", "units", "grants", "certificates", "newest until")
    print_table(headings, map(_row, agencies), numbers=frozenset({"units", "grants", "certificates"}))


def _row(agency: Agency) -> tuple[object, ...]:
    from gateway.api.v1 import options_pb2

    valid = [each for each in agency.credentials if not each.revoked]
    return (
        agency.code,
        agency.name,
        options_pb2.AgencyClass.Name(agency.agency_class).removeprefix("AGENCY_CLASS_").lower(),
        "revoked" if agency.revoked else "active",
        agency.units_count,
        len(agency.grants),
        len(valid),
        moment(valid[0].expires_time.ToDatetime(UTC)) if valid else "",
    )


@app.command()
@as_operator
def register(
    operator: Caller,
    agency: AgencyArgument,
    name: Annotated[str, typer.Option(help="Name for people.")],
    agency_class: Annotated[
        str, typer.Option("--class", metavar="CLASS", help="For example health, social_insurance, auditor, operator.")
    ],
    pairwise: Annotated[
        bool, typer.Option("--pairwise", help="It sees tokens of people, its own ones, in place of their numbers.")
    ] = False,
) -> None:
    """Register an agency. It may do nothing before it has a grant."""
    from gateway.api.v1 import options_pb2

    class_name = agency_class.upper().replace("-", "_")
    known = [name.removeprefix("AGENCY_CLASS_") for name in options_pb2.AgencyClass.keys()[1:]]
    if class_name not in known:
        raise typer.BadParameter(f"is one of {', '.join(known).lower()}", param_hint="--class")
    operator.ask(
        lambda client, context: client.register_agency(agency, name, class_name, pairwise=pairwise, context=context),
    )
    print(f"Registered {agency}. Next: popgate grant propose {agency}, then popgate agency code {agency}.")


@app.command()
@as_operator
def units(
    operator: Caller,
    agency: AgencyArgument,
    add: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, metavar="FILE", help="Register those of a CSV file: code,name."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List an agency's units, or register more of them."""
    if add is not None:
        named = _units_in(add)
        operator.ask(lambda client, context: client.register_units(agency, named, context=context))
        print(f"Registered {len(named)} {'unit' if len(named) == 1 else 'units'} of {agency}.")
        return
    found = operator.ask(lambda client, context: client.list_units(agency, context=context))
    if as_json:
        for unit in found:
            print_json(message_json(unit))
        return
    rows = ((unit.code, unit.name, "revoked" if unit.revoked else "active") for unit in found)
    print_table(("code", "name", "state"), rows, numbers=frozenset())


def _units_in(path: Path) -> dict[str, str]:
    """The name of each code. Raises a usage error that names the line, OSError."""
    named: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in (rows := csv.reader(file)):
                if row and len(row) != 2:
                    raise typer.BadParameter(f"{path}, line {rows.line_num}: is not code,name", param_hint="--add")
                if row and row != ["code", "name"]:
                    named[row[0]] = row[1]
    except (UnicodeDecodeError, csv.Error):
        raise typer.BadParameter(f"{path}: is not CSV in UTF-8", param_hint="--add") from None
    if not named:
        raise typer.BadParameter(f"{path}: names no unit", param_hint="--add")
    return named


@app.command()
@as_operator
def code(
    operator: Caller,
    agency: AgencyArgument,
    system: Annotated[str, typer.Option(help="System that will enrol.", show_default="the agency as a whole")] = "",
    unit: Annotated[str, typer.Option(help="Unit that will enrol.", show_default="none")] = "",
    as_json: JsonOption = False,
) -> None:
    """Make a one-time code with which a system of an agency enrols. It is shown this once."""
    made = operator.ask(
        lambda client, context: client.create_enrolment_code(agency, system, unit, context=context),
    )
    if as_json:
        print_json({"code": made.code, "expires_time": made.expires_time.isoformat()})
    else:
        print(
            f"{made.code}\nGood for one enrolment until {moment(made.expires_time)}. Give the agency also the "
            "root certificate's fingerprint (popgate agency fingerprint)."
        )


AgencyTarget = Annotated[str, typer.Argument(metavar="AGENCY", help="Agency, or with --unit a unit of it.")]
UnitTarget = Annotated[str, typer.Option(help="A unit of the agency.")]
ThumbprintTarget = Annotated[
    str, typer.Option(metavar="HEX", help="Or SHA-256 of one certificate, as `list --json` shows it.")
]
TokenTarget = Annotated[str, typer.Option(metavar="HEX", help="Or the id (`jti`) of one token.")]
KeyTarget = Annotated[
    str,
    typer.Option(
        metavar="KID", help="Or the id (`kid`) of one key; of an issuing key the name that `credential keys` shows."
    ),
]


def _target(agency: str, unit: str, thumbprint: str, token: str, key: str) -> dict[str, Any]:
    if sum(map(bool, (agency, thumbprint, token, key))) != 1 or (unit and not agency):
        raise typer.BadParameter("state either an agency or one of --thumbprint, --token, --key")
    try:
        digest, token_id = bytes.fromhex(thumbprint.replace(":", "")), bytes.fromhex(token)
    except ValueError:
        raise typer.BadParameter("is not hexadecimal", param_hint="--thumbprint, --token") from None
    return {"agency": agency, "unit": unit, "thumbprint": digest, "token_id": token_id, "key_id": key}


@app.command()
@as_operator
def revoke(
    operator: Caller,
    agency: AgencyTarget = "",
    unit: UnitTarget = "",
    thumbprint: ThumbprintTarget = "",
    token: TokenTarget = "",
    key: KeyTarget = "",
) -> None:
    """Revoke an agency, a unit, a certificate, a token or a key. In force when this returns."""
    target = _target(agency, unit, thumbprint, token, key)
    receipt = operator.ask(lambda client, context: client.revoke(**target, context=context))
    print(f"Revoked; entry {receipt.index} of {receipt.origin}.")


@app.command()
@as_operator
def lift(
    operator: Caller,
    agency: AgencyTarget = "",
    unit: UnitTarget = "",
    thumbprint: ThumbprintTarget = "",
    token: TokenTarget = "",
    key: KeyTarget = "",
) -> None:
    """Take a revocation back. In force when this returns; both stay in the register."""
    target = _target(agency, unit, thumbprint, token, key)
    receipt = operator.ask(lambda client, context: client.lift_revocation(**target, context=context))
    print(f"Lifted; entry {receipt.index} of {receipt.origin}.")


@app.command()
@as_operator
def revocations(
    operator: Caller,
    as_json: JsonOption = False,
) -> None:
    """What is revoked now, newest first."""
    found = operator.ask(lambda client, context: client.list_revocations(context=context))
    if as_json:
        for each in found:
            print_json(message_json(each))
        return
    from gateway.api.v1.agency_service_pb2 import RevocationTarget

    rows = (
        (
            RevocationTarget.Name(each.target).removeprefix("REVOCATION_TARGET_").lower(),
            each.value,
            moment(each.revoked_time.ToDatetime(UTC)),
            actor_text(each.revoked_by),
        )
        for each in found
    )
    print_table(("what", "which", "since", "by"), rows, numbers=frozenset())


@app.command()
def fingerprint(identity: IdentityOption) -> None:
    """Print the SHA-256 of the gateway's root certificate, for agencies that enrol."""
    from hashlib import sha256

    from cryptography.hazmat.primitives.serialization import Encoding

    from gateway.cli.options import identity_of

    for root in identity_of(identity).roots:
        print(sha256(root.public_bytes(Encoding.DER)).hexdigest())


StateOption = Annotated[
    Path, typer.Option(exists=True, file_okay=False, metavar="DIR", help="State directory of the gateway.")
]


@app.command()
def check(state: StateOption, as_json: JsonOption = False) -> None:
    """Compare gateway.db with the access log, on the gateway's machine: what was altered, cut off, put in by hand."""
    from gateway.agency.check import check as look
    from gateway.agency.store import AgencyStore
    from gateway.audit.paths import AuditPaths

    paths = AuditPaths(str(state))
    store = AgencyStore.open(state / "gateway.db")
    try:
        found = look(store, paths.log, Path(paths.log_vkey).read_text().strip())
    finally:
        store.close()
    if as_json:
        flaws = [{"what": flaw.what, "where": flaw.where, "sentence": flaw.sentence} for flaw in found.flaws]
        print_json({"acts": found.acts, "entries": found.entries, "flaws": flaws})
    else:
        for flaw in found.flaws:
            print(f"{flaw.what}: {flaw.sentence}.")
        flaws_text = f"{len(found.flaws)} flaws" if found.flaws else "nothing altered, cut off or put in by hand"
        print(f"{found.acts:,} acts and {found.entries:,} entries of the log: {flaws_text}.")
    if found.flaws:
        raise typer.Exit(NO_EVIDENCE)


@app.command()
def restored(state: StateOption, case: CaseOption, officer: OfficerOption) -> None:
    """Mark the acts that were lost when gateway.db was restored from an older copy, while the gateway is stopped."""
    from gateway.agency.acts import Actor
    from gateway.agency.check import newest_in_log
    from gateway.agency.store import AgencyStore
    from gateway.audit.paths import AuditPaths
    from gateway.start import CannotStart
    from gateway.supervisor import take_lock

    paths = AuditPaths(str(state))
    try:
        lock = take_lock(state)
    except CannotStart as error:
        print(f"{error}.", file=sys.stderr)
        raise typer.Exit(REFUSED) from None
    store = AgencyStore.open(state / "gateway.db")
    try:
        named, _ = newest_in_log(paths.log, Path(paths.log_vkey).read_text().strip())
        actor = Actor(officer=officer, case_reference=case)
        print(f"Marked {store.mark_lost(named, int(time.time()), actor)} acts as lost; decide anew what they decided.")
    finally:
        store.close()
        os.close(lock)


@app.command("enrol-local")
def enrol_local(
    agency: AgencyArgument,
    state: Annotated[Path, typer.Option(exists=True, file_okay=False, metavar="DIR", help="State directory.")],
    folder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Identity folder.", show_default="STATE/agencies/AGENCY")
    ] = None,
    system: Annotated[str, typer.Option(help="System.", show_default="the agency as a whole")] = "",
    unit: Annotated[str, typer.Option(help="Unit.", show_default="none")] = "",
) -> None:
    """Enrol an agency on the gateway's own machine, without a code: for demonstrations. Leaves no entry."""
    from gateway.agency.bootstrap import OPERATOR, enrol_locally
    from gateway.agency.identity import read_trust

    place = folder or state / "agencies" / agency
    principal = enrol_locally(state, agency, system, place, time.time(), read_trust(state / OPERATOR), unit)
    until = moment(datetime.fromtimestamp(principal.not_after, UTC))
    print(f"Enrolled {principal.entry_name} in {place}, until {until}.")
