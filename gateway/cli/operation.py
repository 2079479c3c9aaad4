"""What the commands of operators share: their reasons, and how what they decide is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.output import message_json, moment

if TYPE_CHECKING:
    from gateway.api.v1.agency_service_pb2 import Actor, Agency, Grant

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
        tuple(grant.methods) + (("each request signed",) if grant.signed else ()),
        tuple(f"{each.purpose} ({', '.join(each.legal_bases)})" for each in grant.purposes),
        tuple(grant.fields) + ((f"verified: {', '.join(verified)}",) if verified else ()),
        whom(grant.own_subjects, grant.provinces),
        moment(grant.until_time.ToDatetime(UTC), zone=False),
    )


def whom(own_subjects: bool, provinces: Sequence[str]) -> str:
    """The people in scope."""
    if own_subjects:
        return ", ".join(["own subjects", *provinces])
    return ", ".join(provinces) or "everyone"


GRANT_HEADINGS = ("methods", "purposes", "fields", "of whom", "until (+07:00)")


def actor_text(actor: Actor) -> str:
    """Who acted, and why."""
    name = "/".join(part for part in (actor.agency, actor.unit, actor.system) if part) or "this gateway"
    return ", ".join(part for part in (name, actor.officer, actor.case_reference) if part)
