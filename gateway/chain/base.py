"""The values that travel along the chain: the call as it becomes known, and what a role answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from gateway.agency.certificates import Principal
    from gateway.agency.grants import Grant, Right
    from gateway.agency.quotas import Bounds
    from gateway.audit.charges import Charges
    from gateway.audit.detail import SignedRequest
    from gateway.chain.charges import Recompose
    from gateway.chain.methods import Method
    from gateway.chain.shares import Share


@dataclass(slots=True)
class Call:
    """One call on its way through the chain; each step fills what it learned.

    `call_id`: 16 bytes, from `traceparent` or made here. `request`: the exact bytes received.
    `principal`, `token_id` (16 bytes) and `right` are set once authenticated and authorised.
    """

    method: Method
    call_id: bytes
    request: bytes
    message: Any = None
    """The decoded request."""
    principal: Principal | None = None
    token_id: bytes = bytes(16)
    right: Right | None = None
    grant: Grant | None = None
    """The policy's grant that the call is answered under; its quotas bound the call."""
    agency_class: int = 0
    """Number of the caller's `AgencyClass`, once authorised."""
    bounds: Bounds | None = None
    """The limits that the grant sets to the call; None: none."""
    share: Share | None = None
    """The turn in which a large message is worked on."""
    policy_version: int = 0
    sequence: int = 0
    """Position of the message in its stream, from 1; 0: a call of its own."""
    before: Any = None
    """The message before it in its stream: what this one does not state, context and mask, is as there."""
    hold: Callable[[int], None] | None = None
    """Counts an answer of so many bytes among what is held for the agency. Raises StreamsExhausted."""
    purpose: str = ""
    legal_basis: str = ""
    case_reference: str = ""
    officer: str = ""
    stated: str = ""
    """Purpose and legal basis as the caller stated them, where no grant of its agency has these words."""
    authorised: bool = False
    """Whether the purpose is one that a grant names, and so is fit to be a label."""
    signed: SignedRequest | None = None
    """The request with its verified signature, where the method demands one."""
    once: bytes = b""
    """What makes the signature good for one call only, 16 bytes; empty: nothing is signed."""

    @property
    def agency(self) -> str:
        """Who calls; nobody on the enrolment port, and before it is known."""
        return self.principal.agency if self.principal is not None else ""


@dataclass(slots=True)
class Answer:
    """What a role answers, before the audit barrier.

    `body` is the response without its receipt. `people` counts the people disclosed or written,
    `tags` names every subject (16 bytes each, joined), found or not. `fields` are the paths disclosed.
    """

    body: Any
    """A response message of the contract, or its bytes where the role has them ready."""
    people: int = 0
    tags: bytes = b""
    numbers: Sequence[str] = ()
    person_ids: Sequence[int] = ()
    fields: Sequence[str] = ()
    withheld: Sequence[str] = ()
    """Paths asked for and not granted."""
    note: str = ""
    refusal: Any = None
    """A GatewayError to send instead of the body, once the entry is durable (an absent person)."""
    effect: Callable[[], Awaitable[None]] | None = None
    """What takes effect once the entry is durable and before the answer leaves."""
    charges: Charges | None = None
    """What the entry uses up besides the quotas of the grant: guesses."""
    recompose: Recompose | None = None
    """Makes the answer smaller when a charge is refused; None: the call is refused then."""
    agency: str = ""
    """Names the agency in the entry where the caller has no certificate yet (enrolment)."""


class Behaviour(Protocol):
    """A method of a role: decode is done, encode is the chain's."""

    async def __call__(self, call: Call, request: Any) -> Answer:
        """Raises GatewayError to refuse."""
        ...
