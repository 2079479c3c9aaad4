"""Last step: nothing leaves before its audit entry is durable. Composes entries and seals their details."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Any

from gateway.agency.guesses import GuessTags
from gateway.audit.barrier import AuditBarrier, Durable
from gateway.audit.charges import Charges
from gateway.audit.detail import NONCE_BYTES, SALT_BYTES, Detail, seal
from gateway.audit.entry import ZERO_16, ZERO_32, Decision, Entry, Kind
from gateway.audit.fold import FoldedRefusals
from gateway.audit.keys import KeyRing
from gateway.audit.receipt import Receipt
from gateway.chain.base import Answer, Call
from gateway.chain.charges import charges_of
from gateway.chain.translate import reason_number
from gateway.config import PEOPLE_PER_MESSAGE_MAX

# What can be a person's number at all; anything else that a caller wrote there is about nobody.
_NUMBER = re.compile(r"[0-9]{9,10}|[0-9]{12}")

STATED = "stated "
"""Begins the note of a refusal's detail that holds the purpose and the legal basis which the entry leaves out."""


class Recorder:
    """Writes the entries of calls through the audit barrier."""

    def __init__(
        self,
        barrier: AuditBarrier,
        keys: KeyRing,
        origin: str,
        worker_epoch: int,
        now_us: Callable[[], int],
        random: Callable[[int], bytes],
    ) -> None:
        """`now_us`: microseconds since 1970, only to choose the month's keys; log time is the sequencer's."""
        self._barrier = barrier
        self._keys = keys
        self._origin = origin
        self._epoch = worker_epoch
        self._now_us = now_us
        self._random = random

    def person_tags(self, person_ids: list[int]) -> bytes:
        """The tags of people, joined."""
        return self._keys.current_tag(self._now_us()).people(person_ids)

    def number_tags(self, numbers: list[str]) -> bytes:
        """The tags of numbers that nobody visible has, joined."""
        return self._keys.current_tag(self._now_us()).numbers(numbers)

    def guess_tags(self, subjects: Sequence[int | str]) -> GuessTags:
        """What guesses about people, by id, and about numbers that nobody visible has, are counted by."""
        key = self._keys.current_tag(self._now_us())
        return GuessTags(int(key.month), key.guesses(subjects))

    def answer(
        self, call: Call, answer: Answer, kind: Kind, body: bytes, durable: Durable | None = None
    ) -> asyncio.Future[Receipt]:
        """Record an answer; the future holds its receipt once the entry is durable, or ChargeRefused.

        `durable`: see the barrier.
        """
        refusal = answer.refusal
        detail = Detail(
            case_reference=call.case_reference,
            officer=call.officer,
            fields=tuple(answer.fields),
            numbers=tuple(answer.numbers),
            person_ids=tuple(answer.person_ids),
            request_digest=sha256(call.request).digest(),
            response_digest=sha256(body).digest(),
            note=answer.note,
            # A push's intent has it, before anything is written; its outcome names the intent.
            signed=call.signed if kind is not Kind.PUSH_OUTCOME else None,
        )
        if refusal is not None:
            charges = charges_of(call, answer, Kind.REFUSAL)
            reason = reason_number(refusal.reason)
            return self._submit(call, Kind.REFUSAL, answer.tags, detail, reason=reason, charges=charges)
        return self._submit(
            call,
            kind,
            answer.tags,
            detail,
            people=answer.people,
            agency=answer.agency,
            durable=durable,
            charges=charges_of(call, answer, kind),
        )

    def refusal(self, call: Call, reason: int) -> asyncio.Future[Receipt]:
        """Record a refused call of a known agency, tagged with the numbers that it names."""
        detail = Detail(
            case_reference=call.case_reference,
            officer=call.officer,
            request_digest=sha256(call.request).digest(),
            note=f"{STATED}{call.stated}" if call.stated else "",
        )
        numbers = [number for number in _numbers_of(call.message) if _NUMBER.fullmatch(number)]
        tags = self.number_tags(numbers) if numbers else b""
        return self._submit(call, Kind.REFUSAL, tags, detail, reason=reason)

    def folded(self, folded: FoldedRefusals) -> asyncio.Future[Receipt]:
        """Record refusals that were folded into one entry."""
        entry = Entry(
            kind=Kind.REFUSALS_FOLDED,
            call_id=self._random(16),
            origin=self._origin,
            worker_epoch=self._epoch,
            calls=folded.calls,
            since_us=folded.since_us,
            decision=Decision.REFUSED,
            reason=folded.key.reason,
            agency=folded.key.agency,
            method=folded.key.method,
            purpose=folded.key.purpose,
        )
        return self._barrier.record(entry.encode(), b"")

    def _submit(
        self,
        call: Call,
        kind: Kind,
        tags: bytes,
        detail: Detail,
        *,
        people: int = 0,
        reason: int = 0,
        agency: str = "",
        durable: Durable | None = None,
        charges: Charges | None = None,
    ) -> asyncio.Future[Receipt]:
        key = self._keys.current_detail(self._now_us())
        random = self._random(SALT_BYTES + NONCE_BYTES)
        commitment, blob = seal(detail, key, call.call_id, random[:SALT_BYTES], random[SALT_BYTES:])
        principal = call.principal
        entry = Entry(
            kind=kind,
            call_id=call.call_id,
            origin=self._origin,
            worker_epoch=self._epoch,
            stream_sequence=call.sequence,
            policy_version=call.policy_version,
            people=people,
            decision=Decision.REFUSED if reason else Decision.ALLOWED,
            reason=reason,
            certificate=principal.thumbprint if principal is not None else ZERO_32,
            token=call.token_id if call.token_id is not None else ZERO_16,
            commitment=commitment,
            agency=principal.entry_name if principal is not None else agency,
            method=call.method.name,
            purpose=call.purpose,
            legal_basis=call.legal_basis,
            tags=tags if charges is None else tags + charges.marked_tags(),
        )
        return self._barrier.record(entry.encode(), blob, durable, b"" if charges is None else charges.encode())


def _numbers_of(message: Any) -> Iterable[str]:
    """What a request names people by: its `number`, `numbers` and cards, or those of its first items, looked up or
    pushed; a batch may be refused for having too many."""
    items = getattr(message, "items", ())[:PEOPLE_PER_MESSAGE_MAX]
    if items:
        return dict.fromkeys((item if hasattr(item, "number") else item.person).number for item in items)
    numbers = [getattr(message, "number", ""), *getattr(message, "numbers", ())[:PEOPLE_PER_MESSAGE_MAX]]
    cards = [getattr(message, "card_text", ""), *getattr(message, "card_texts", ())[:PEOPLE_PER_MESSAGE_MAX]]
    return dict.fromkeys((*numbers, *(card.partition("|")[0] for card in cards)))
