"""The servicer of tokens: what a decoded request leads to.

Decoding, identification, the log and the receipt are the chain's. Nothing here takes effect before the chain has
made its entry durable.
"""

# ruff: noqa: N802 - methods are named as in the contract

from __future__ import annotations

import secrets
from collections.abc import Callable

from gateway.agency.grants import for_purposes, in_force
from gateway.agency.messages import timestamp
from gateway.agency.policy import PolicyView
from gateway.agency.tokens import TokenSigner
from gateway.api.v1 import token_service_pb2 as token_pb
from gateway.chain.base import Answer, Call
from gateway.errors import Internal, MethodNotGranted

_TOKEN_ID_BYTES = 16


class TokenMethods:
    """TokenService."""

    def __init__(
        self,
        signer: Callable[[], TokenSigner],
        view: Callable[[], PolicyView],
        clock: Callable[[], float],
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """`signer` gives the active one. `view` raises PolicyStale; `clock`: unix seconds."""
        self._signer = signer
        self._view = view
        self._clock = clock
        self._random_bytes = random_bytes

    async def IssueToken(self, call: Call, request: token_pb.IssueTokenRequest) -> Answer:
        """Raises PurposeNotGranted, PolicyStale, CredentialRevoked, CredentialExpired, ArgumentInvalid."""
        if call.principal is None:
            raise Internal
        now = self._clock()
        view = self._view()
        view.check(call.principal, None, now)
        grants = in_force(view.grants_of(call.principal), now)
        if not grants:
            raise MethodNotGranted("The agency has no grant in force; ask the operator for one.")
        if request.purposes:
            grants = for_purposes(grants, frozenset(request.purposes))
        token_id = self._random_bytes(_TOKEN_ID_BYTES)
        call.token_id = token_id  # the entry names the token that was issued; the caller had none
        token, expires = self._signer().issue(call.principal, grants, now, token_id)
        body = token_pb.IssueTokenResponse(token=token, expires_time=timestamp(expires), server_time=timestamp(now))
        return Answer(body, note=f"token until {expires}")
