"""Fourth step: under which grant, if any, the call is answered."""

from __future__ import annotations

from dataclasses import replace

from gateway.agency.grants import decide
from gateway.agency.policy import PolicyView
from gateway.agency.tokens import Token
from gateway.chain.base import Call
from gateway.errors import Refused


def authorise(call: Call, view: PolicyView, token: Token, now: float) -> None:
    """Set the call's grant and right: what both the token and the policy in force allow. Raises Refused.

    `now`: seconds since 1970.
    """
    assert call.principal is not None
    agency = view.agency(call.principal.agency)
    granted = view.grants_of(call.principal)
    call.agency_class = agency.agency_class
    try:
        call.right = right = decide(
            granted,
            token.grants,
            call.method.name,
            call.purpose,
            call.legal_basis,
            now,
            pairwise=agency.pairwise,
        )
    except Refused:
        if not any(call.legal_basis in grant.purposes.get(call.purpose, ()) for grant in granted):
            # The caller's own words could be anything, a person's number too: they do not stand in an entry in clear.
            call.stated = f"{call.purpose} {call.legal_basis}"
            call.purpose = call.legal_basis = ""
        raise
    if right.pairwise or right.own_subjects:
        call.right = right = replace(right, agency=call.principal.agency)
    call.grant = next(grant for grant in granted if grant.grant_id == right.grant_id)
    call.authorised = True
