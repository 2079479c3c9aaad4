"""An agency's own software in miniature: asks through the client, keeps every receipt, counts what it decoded."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from gateway.client import (
    Accesses,
    Client,
    Context,
    GatewayRefusal,
    Identity,
    LookUpResult,
    Page,
    PushAcknowledgement,
    PushItem,
    ReceiptLog,
    VerifyQuestion,
    VerifyResult,
    connect,
)
from gateway.client.verification import verified_of
from seed.agencies import AgencyPlan

RECEIPTS = "receipts.jsonl"
PAGE_SECONDS_MAX = 30.0
"""Longest time for a page or a push: many people, on a machine that may be busy."""
READY_SECONDS_MAX = 5.0
READY_PAUSE_SECONDS = 0.1
ANSWERS_THE_CALLER_EARNED = frozenset(
    {
        "ARGUMENT_INVALID",
        "CONTEXT_MISSING",
        "MASK_EMPTY",
        "FIELD_UNKNOWN",
        "METHOD_NOT_GRANTED",
        "PURPOSE_NOT_GRANTED",
        "FIELD_NOT_GRANTED",
        "FIELD_NOT_OWNED",
        "PERSON_UNAVAILABLE",
    }
)
"""Refusals that belong to the story; any other one means that the gateway does not work."""

Given = TypeVar("Given")


@dataclass(slots=True)
class Tally:
    """What one agency's clients saw: `people` in decoded answers, `refused` calls by reason."""

    calls: int = 0
    people: int = 0
    withheld: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class Stub:
    """One agency at work. Open it in a running event loop, with `async with`."""

    def __init__(self, plan: AgencyPlan, folder: Path, server: str, connections: int = 1) -> None:
        """`folder`: its identity; the receipts are kept beside it. Each connection may meet another worker."""
        self.plan = plan
        self.folder = folder
        self.tally = Tally()
        identity = Identity.from_folder(folder)
        self._clients = [
            connect(identity, server, receipt_log=ReceiptLog(folder / RECEIPTS)) for _ in range(connections)
        ]
        self._next = cycle(self._clients)

    async def __aenter__(self) -> Self:
        await asyncio.gather(*map(_ready, self._clients))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients:
            await client.close()

    def why(self, case: str, *, purpose: str = "") -> Context:
        """The agency's usual purpose for one case, or another one."""
        plan = self.plan
        return Context(purpose or plan.purpose, plan.legal_basis, case, plan.officer)

    async def look_up(self, number: str, fields: Sequence[str], context: Context) -> LookUpResult | GatewayRefusal:
        """One person, or the refusal that the question earned. Raises ClientError."""
        result = await self._counted(lambda client: client.look_up(number, fields=fields, context=context))
        if isinstance(result, LookUpResult):
            self.tally.people += 1
            self.tally.withheld += len(result.withheld)
        return result

    async def verify(
        self, number: str, claims: Mapping[str, str], questions: Iterable[str], context: Context
    ) -> VerifyResult | GatewayRefusal:
        """One person's values compared, or the refusal that the question earned. Raises ClientError."""
        result = await self._counted(
            lambda client: client.verify(number, claims=claims, questions=tuple(questions), context=context)
        )
        if isinstance(result, VerifyResult):
            self.tally.people += result.verified.outcome == "FOUND"
            self.tally.withheld += len(result.withheld)
        return result

    async def ask_of_many(self, numbers: Iterable[str], predicate: str, context: Context) -> Counter[str]:
        """A question that needs no value, about any number of people over streams: how often which answer.

        Nobody is counted as an empty answer. Raises ClientError.
        """
        answers = Counter[str]()
        question = VerifyQuestion((), context, predicates=(predicate,))
        async for batch in next(self._next).verify_batches([(number,) for number in numbers], question):
            self.tally.calls += 1
            for verified in verified_of(batch, question):
                self.tally.people += verified.outcome == "FOUND"
                answers[verified.answers[predicate]] += 1
        return answers

    async def pull(self, fields: Sequence[str], context: Context, cursor: bytes) -> Page | GatewayRefusal:
        """One page. Raises ClientError."""
        page = await self._counted(
            lambda client: client.pull(fields=fields, context=context, cursor=cursor, timeout_seconds=PAGE_SECONDS_MAX)
        )
        if isinstance(page, Page):
            self.tally.people += len(page.people)
        return page

    async def pages(self, fields: Sequence[str], context: Context, cursor: bytes) -> AsyncIterator[Page]:
        """All pages that are ready after the cursor, at least one. Raises ClientError, refusals included."""
        more = True
        while more:
            page = await self.pull(fields, context, cursor)
            if isinstance(page, GatewayRefusal):
                raise page
            yield page
            cursor, more = page.next_cursor, page.more

    async def push(
        self, items: Iterable[PushItem], fields: Sequence[str], context: Context
    ) -> PushAcknowledgement | GatewayRefusal:
        """Write what the agency owns, or the refusal. Raises ClientError."""
        held = tuple(items)
        return await self._counted(
            lambda client: client.push(held, fields=fields, context=context, timeout_seconds=PAGE_SECONDS_MAX)
        )

    async def accesses(self, number: str, context: Context) -> Accesses | GatewayRefusal:
        """Who saw a person. Raises ClientError."""
        return await self._counted(lambda client: client.query_accesses(number, context=context))

    async def _counted(self, ask: Callable[[Client], Awaitable[Given]]) -> Given | GatewayRefusal:
        self.tally.calls += 1
        try:
            return await ask(next(self._next))
        except GatewayRefusal as refusal:
            if refusal.reason not in ANSWERS_THE_CALLER_EARNED:
                raise
            self.tally.refused[refusal.reason] += 1
            return refusal


async def _ready(client: Client) -> None:
    """Until the worker that answers this connection knows the agency's certificate and grants."""
    deadline = asyncio.get_running_loop().time() + READY_SECONDS_MAX
    while True:
        try:
            await client.token()
        except GatewayRefusal:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(READY_PAUSE_SECONDS)
        else:
            return
