"""What the commands of operators share: their reasons, and asking with them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from gateway.cli.options import client_of
from gateway.cli.output import message_json, moment

if TYPE_CHECKING:
    from gateway.api.v1.agency_service_pb2 import Actor, Agency, Grant
    from gateway.client import Client, Context

# The grant that the first operators are founded with, see gateway.agency.bootstrap.
PURPOSE = "gateway.operation"
LEGAL_BASIS = "policy:operation"
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

Given = TypeVar("Given")


def ask(
    identity: Path, server: str, why: tuple[str, str, str, str], ask: Callable[[Client, Context], Awaitable[Given]]
) -> Given:
    """One question of an operator. `why`: purpose, legal basis, case, officer. Raises ClientError."""
    from gateway.client import Context

    async def run() -> Given:
        async with client_of(identity, server) as client:
            return await ask(client, Context(*why))

    return asyncio.run(run())


def agency_json(agency: Agency) -> dict[str, Any]:
    """As the contract's JSON, digests in hexadecimal, as every other tool shows them."""
    value = message_json(agency)
    for shown, held in zip(value.get("credentials", ()), agency.credentials, strict=True):
        shown["thumbprint"] = held.thumbprint.hex()
    for name, grants in (("grants", agency.grants), ("narrowings", agency.narrowings)):
        value |= {name: [grant_json(grant) for grant in grants]} if grants else {}
    return value


def grant_json(grant: Grant) -> dict[str, Any]:
    """As the contract's JSON, the digest in hexadecimal."""
    return message_json(grant) | {"contract_digest": grant.contract_digest.hex()}


def grant_cells(grant: Grant) -> tuple[object, ...]:
    """What a grant says, for a table: methods, purposes, what is seen and verified, of whom, until when."""
    verified = [*grant.verify_fields, *grant.predicates]
    return (
        tuple(grant.methods),
        tuple(f"{each.purpose} ({', '.join(each.legal_bases)})" for each in grant.purposes),
        tuple(grant.fields) + ((f"verified: {', '.join(verified)}",) if verified else ()),
        ("own subjects " if grant.own_subjects else "") + (", ".join(grant.provinces) or "everyone"),
        moment(grant.until_time.ToDatetime(UTC), zone=False),
    )


GRANT_HEADINGS = ("methods", "purposes", "fields", "of whom", "until")


def actor_text(actor: Actor) -> str:
    """Who acted, and why."""
    if not actor.agency:
        return "this gateway"
    name = "/".join(part for part in (actor.agency, actor.unit, actor.system) if part)
    return f"{name}, {actor.officer}, {actor.case_reference}"
