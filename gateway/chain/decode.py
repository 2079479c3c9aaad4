"""Third step: turn the exact bytes received into a message that keeps the contract's field rules."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from gateway.chain.base import Call
from gateway.chain.methods import REQUEST_BYTES_MAX
from gateway.errors import ArgumentInvalid, ContextMissing, FieldViolation, MessageTooLarge

_CONTEXT = ("purpose", "legal_basis", "case_reference", "officer")


def decode(call: Call) -> None:
    """Set the call's message and context. Raises CallerMistake."""
    if len(call.request) > REQUEST_BYTES_MAX:
        raise MessageTooLarge
    try:
        message = call.method.request_class.FromString(call.request)
    except DecodeError:
        raise ArgumentInvalid(violations=[FieldViolation("", "is not a message of this method")]) from None
    call.message = message
    if call.method.context:
        stated = message.context
        missing = [name for name in _CONTEXT if not getattr(stated, name)]
        if missing:
            raise ContextMissing(violations=[FieldViolation(f"context.{name}", "is required") for name in missing])
    call.method.check(message)
    if call.method.context:
        call.purpose = stated.purpose
        call.legal_basis = stated.legal_basis
        call.case_reference = stated.case_reference
        call.officer = stated.officer
