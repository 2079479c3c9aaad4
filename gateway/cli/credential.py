"""`popgate credential`: certificates of agencies, kept good; keys of the gateway, looked at and replaced."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.exits import REFUSED
from gateway.cli.operation import LEGAL_BASIS, PURPOSE, OperatorLegalBasis, OperatorPurpose
from gateway.cli.options import CaseOption, IdentityOption, JsonOption, OfficerOption, client_of
from gateway.cli.output import moment, print_json, print_table

if TYPE_CHECKING:
    from gateway.audit.receipt import Receipt
    from gateway.client import Identity

app = typer.Typer(
    name="credential", help="Keep certificates good; look at and replace the gateway's keys.", no_args_is_help=True
)

StateOption = Annotated[
    Path, typer.Option(exists=True, file_okay=False, metavar="DIR", help="State directory of the gateway.")
]


@app.command()
def show(identity: IdentityOption, as_json: JsonOption = False) -> None:
    """Whom the certificate names, how long it holds, and which keys of the gateway are trusted."""
    from gateway.client import Identity
    from gateway.client.renewal import GRACE, renewal_time

    held = Identity.from_folder(identity)
    leaf = held.certificate
    facts = {
        "name": ", ".join(held.spiffe_ids),
        "serial": f"{leaf.serial_number:x}",
        "thumbprint": _thumbprint(held),
        "valid_from": leaf.not_valid_before_utc,
        "renewed_from": renewal_time(held),
        "valid_until": leaf.not_valid_after_utc,
        "recoverable_until": leaf.not_valid_after_utc + GRACE,
    }
    receipt_keys = [line.split("+")[1] for line in held.receipt_verifier.split("\n")]
    if as_json:
        times = {name: fact.isoformat() if isinstance(fact, datetime) else fact for name, fact in facts.items()}
        print_json(times | {"roots": len(held.roots), "receipt_keys": receipt_keys})
        return
    for name, fact in facts.items():
        print(f"{name.replace('_', ' '):<18} {moment(fact) if isinstance(fact, datetime) else fact}")
    print(f"{'roots':<18} {len(held.roots)}")
    print(f"{'receipt keys':<18} {', '.join(receipt_keys)}")


@app.command()
def renew(identity: IdentityOption) -> None:
    """Get the next certificate now. Clients that are open do it by themselves at half-life."""
    from gateway.client import Identity

    _renew(Identity.from_folder(identity))


@app.command()
def recover(identity: IdentityOption) -> None:
    """Get a new certificate for one that lapsed at most 7 days ago, by a signature of its key."""
    from gateway.client import Identity

    held = Identity.from_folder(identity)
    if held.certificate.not_valid_after_utc > datetime.now(UTC):
        print(f"The certificate holds until {moment(held.certificate.not_valid_after_utc)}; nothing to recover.")
        raise typer.Exit(REFUSED)
    _renew(held)


def _renew(held: Identity) -> None:
    from gateway.client.renewal import renew as exchange

    renewed = asyncio.run(exchange(held))
    until = moment(renewed.certificate.not_valid_after_utc)
    print(f"{renewed.spiffe_ids[0]}, until {until}. The one before is refused ten minutes from now.")


def _thumbprint(held: Identity) -> str:
    from hashlib import sha256

    from cryptography.hazmat.primitives.serialization import Encoding

    return sha256(held.certificate.public_bytes(Encoding.DER)).hexdigest()


@app.command()
def keys(state: StateOption, as_json: JsonOption = False) -> None:
    """The gateway's own keys, on its machine: announced, active and retired ones."""
    from gateway.agency.rotation import keys as keys_of

    found = keys_of(state, time.time())
    if as_json:
        for key in found:
            since = datetime.fromtimestamp(key.effective_from, UTC).isoformat() if key.effective_from else None
            print_json({"kind": key.kind, "name": key.name, "state": key.state.value, "effective_from": since})
        return
    rows = [
        (
            key.kind,
            key.state.value,
            moment(datetime.fromtimestamp(key.effective_from, UTC)) if key.effective_from else "the first",
            key.name,
        )
        for key in found
    ]
    print_table(("kind", "state", "from", "name"), rows, numbers=frozenset())


@app.command()
def rotate(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="token, cursor, receipt, issuing, root or server.")],
    state: StateOption,
    case: CaseOption,
    officer: OfficerOption,
    announced: Annotated[
        int | None,
        typer.Option("--in", metavar="SECONDS", help="Until it takes over.", show_default="10 min to 2 days, by kind"),
    ] = None,
    root_key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Key of the root, for an issuing key.", show_default="in STATE/ca"),
    ] = None,
    purpose: OperatorPurpose = PURPOSE,
    legal_basis: OperatorLegalBasis = LEGAL_BASIS,
) -> None:
    """Replace a key of the gateway, on its machine, while it runs. The log has an entry of it first."""
    from gateway.agency.rotation import prepare, rotating
    from gateway.client import CannotConnect

    with rotating(state):
        try:
            rotation = prepare(state, kind, time.time(), announced_seconds=announced, root_key=root_key)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        since = datetime.fromtimestamp(rotation.effective_from, UTC)
        try:
            entry = asyncio.run(
                _record(state, rotation.kind, rotation.name, since, (purpose, legal_basis, case, officer))
            )
            told = f"entry {entry.index} of {entry.origin}"
        except CannotConnect:
            told = "no gateway runs on this state directory, so that the log has no entry of it"
        rotation.place()
    print(f"{kind} key {rotation.name} takes over at {moment(since)}; {told}.")


async def _record(state: Path, kind: str, name: str, since: datetime, why: tuple[str, str, str, str]) -> Receipt:
    from gateway.client import Context

    async with client_of(state / "operator", "") as client:
        return await client.record_key_rotation(kind, name, since, context=Context(*why))
