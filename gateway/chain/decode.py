"""Third step: turn the exact bytes received into a message that keeps the contract's field rules."""

from __future__ import annotations

import re
from typing import Any

from google.protobuf.message import DecodeError

from gateway.chain.base import Call
from gateway.chain.methods import REQUEST_BYTES_MAX
from gateway.errors import ArgumentInvalid, ContextMissing, FieldViolation, MessageTooLarge

_CALL_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
_CONTEXT = ("purpose", "legal_basis", "case_reference", "officer")


def decode(call: Call) -> None:
    """Set the call's message and context. Raises CallerMistake."""
    if len(call.request) > REQUEST_BYTES_MAX:
        raise MessageTooLarge
    try:
        received = (call.method.frame_class or call.method.request_class).FromString(call.request)
    except DecodeError:
        raise ArgumentInvalid(violations=[FieldViolation("", "is not a message of this method")]) from None
    message = received if call.method.frame_class is None else _taken_out(call, received)
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


def _taken_out(call: Call, frame: Any) -> Any:
    """The batch in a stream's frame, with what it leaves to the message before; the call gets the frame's id."""
    if _CALL_ID.fullmatch(frame.call_id):
        call.call_id = bytes.fromhex(frame.call_id)
    elif frame.call_id:
        raise ArgumentInvalid(violations=[FieldViolation("call_id", "is 32 hex digits, not all of them 0")])
    batch = frame.batch
    if call.before is not None:
        for name in ("context", "field_mask"):
            if name in batch.DESCRIPTOR.fields_by_name and not batch.HasField(name):
                getattr(batch, name).CopyFrom(getattr(call.before, name))
    return batch
