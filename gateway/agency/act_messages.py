"""Acts, proposals and revocations as the contract's messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gateway.agency.acts import Act, ActKind, Actor
from gateway.agency.ledger import Proposal, Revocation, Target
from gateway.agency.messages import grant_message, invalid, timestamp
from gateway.api.v1 import agency_service_pb2 as agency_pb

THUMBPRINT_BYTES = 32
TOKEN_ID_BYTES = 16
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def actor_message(actor: Actor) -> agency_pb.Actor:
    """Who acted."""
    return agency_pb.Actor(
        agency=actor.agency,
        unit=actor.unit,
        system=actor.system,
        officer=actor.officer,
        case_reference=actor.case_reference,
        call_id=actor.call_id,
    )


def proposal_message(proposal: Proposal) -> agency_pb.GrantProposal:
    """A proposal with who made and who decided it; number 0: suggested by a release."""
    suggested = not proposal.number
    message = agency_pb.GrantProposal(
        proposal_id=proposal.number,
        agency=proposal.agency,
        grant=grant_message(proposal.grant),
        changes=proposal.changes,
        state=f"PROPOSAL_STATE_{'SUGGESTED' if suggested else proposal.state.upper()}",
    )
    if not suggested:
        message.proposed_by.CopyFrom(actor_message(proposal.proposed_by))
        message.proposed_time.CopyFrom(timestamp(proposal.proposed_at))
    if proposal.decided_by is not None:
        message.decided_by.CopyFrom(actor_message(proposal.decided_by))
        message.decided_time.CopyFrom(timestamp(proposal.decided_at))
    return message


_TARGETS = {
    Target.AGENCY: agency_pb.REVOCATION_TARGET_AGENCY,
    Target.UNIT: agency_pb.REVOCATION_TARGET_UNIT,
    Target.THUMBPRINT: agency_pb.REVOCATION_TARGET_CERTIFICATE,
    Target.TOKEN: agency_pb.REVOCATION_TARGET_TOKEN,
    Target.KEY: agency_pb.REVOCATION_TARGET_KEY,
}


def revocation_message(revocation: Revocation) -> agency_pb.Revocation:
    """Something that is revoked, and who did it."""
    return agency_pb.Revocation(
        target=_TARGETS[revocation.target],
        value=revocation.value,
        revoked_time=timestamp(revocation.at),
        revoked_by=actor_message(revocation.actor),
    )


def target_of(message: agency_pb.RevokeRequest | agency_pb.LiftRevocationRequest) -> tuple[Target, str]:
    """What a request revokes, as acts name it. Raises ArgumentInvalid."""
    which = message.WhichOneof("target")
    if which == "agency":
        return Target.AGENCY, message.agency
    if which == "unit":
        return Target.UNIT, f"{message.unit.agency}/{message.unit.unit}"
    if which == "thumbprint":
        return Target.THUMBPRINT, _hexadecimal(message.thumbprint, "thumbprint", THUMBPRINT_BYTES)
    if which == "token_id":
        return Target.TOKEN, _hexadecimal(message.token_id, "token_id", TOKEN_ID_BYTES)
    if which == "key_id":
        if not _KEY_ID.fullmatch(message.key_id):
            raise invalid("key_id", "must be 1 to 64 letters, digits, hyphens and underscores")
        return Target.KEY, message.key_id
    raise invalid("target", "must name an agency, a unit, a certificate, a token or a key")


def _hexadecimal(value: bytes, field: str, size: int) -> str:
    if len(value) != size:
        raise invalid(field, f"must have {size} bytes")
    return value.hex()


def act_message(number: int, act: Act) -> agency_pb.Act:
    """An act; its subject in a few words."""
    return agency_pb.Act(
        number=number,
        time=timestamp(act.at),
        actor=actor_message(act.actor),
        kind=act.kind,
        subject=_subject(act.kind, act.body),
        record=act.to_text(),
    )


def _subject(kind: ActKind, body: Mapping[str, Any]) -> str:
    if kind is ActKind.AGENCY:
        return str(body["code"])
    if kind is ActKind.UNITS:
        return f"{body['agency']}: {len(body['units'])} units"
    if kind in (ActKind.FOUNDING, ActKind.PROPOSAL):
        return f"{body['agency']}: grant {body['terms']['grant_id']}"
    if kind in (ActKind.APPROVAL, ActKind.REJECTION):
        return f"proposal {body['proposal']}"
    if kind is ActKind.END:
        return f"grant {body['grant']}"
    if kind is ActKind.ROWS:
        return str(body["table"])
    if kind is ActKind.LOST:
        return "unknown"
    return f"{body['target']} {body['value']}"
