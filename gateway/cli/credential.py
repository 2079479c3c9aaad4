"""`popgate credential`: certificates of agencies, kept good; keys of the gateway, looked at and replaced."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from gateway.cli.exits import REFUSED
from gateway.cli.options import IdentityOption, JsonOption
from gateway.cli.output import moment, print_json

if TYPE_CHECKING:
    from gateway.client import Identity

app = typer.Typer(
    name="credential", help="Keep certificates good; look at and replace the gateway's keys.", no_args_is_help=True
)


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
