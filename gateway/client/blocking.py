"""The client for programs without an event loop: the same methods, which wait. It decides nothing itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from gateway.client.bulk import BatchAnswer, Item, Question
from gateway.client.context import Context
from gateway.client.identity import Identity
from gateway.client.receipts import ReceiptLog
from gateway.client.session import Client, connect
from gateway.client.sync import PEOPLE_MAX, Page
from gateway.client.verification import Verified, VerifyQuestion, verified_of
from gateway.client.volume import Looked, looked

Asked = ParamSpec("Asked")
Given = TypeVar("Given")


def _waiting(
    method: Callable[Concatenate[Client, Asked], Coroutine[Any, Any, Given]],
) -> Callable[Concatenate[BlockingClient, Asked], Given]:
    """The same method on a BlockingClient."""

    def wait(self: BlockingClient, /, *args: Asked.args, **kwargs: Asked.kwargs) -> Given:
        return self._run(method(self._client, *args, **kwargs))

    wait.__name__, wait.__doc__ = method.__name__, method.__doc__
    return wait


class BlockingClient:
    """A client whose methods wait for their answer. Its one background thread runs the event loop; several
    threads may call at the same time."""

    def __init__(self, identity: Identity, server: str = "", *, receipt_log: ReceiptLog | None = None) -> None:
        """As `connect`. Raises IdentityInvalid."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="popgate-client", daemon=True)
        self._thread.start()

        async def opened() -> Client:
            return connect(identity, server, receipt_log=receipt_log)

        try:
            self._client = self._run(opened())
        except BaseException:
            self._stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    token = _waiting(Client.token)
    renew = _waiting(Client.renew)
    look_up = _waiting(Client.look_up)
    household = _waiting(Client.household)
    relatives = _waiting(Client.relatives)
    verify = _waiting(Client.verify)
    resolve = _waiting(Client.resolve)
    search = _waiting(Client.search)
    pull = _waiting(Client.pull)
    push = _waiting(Client.push)
    push_batches = _waiting(Client.push_batches)
    enrol_subjects = _waiting(Client.enrol_subjects)
    withdraw_subjects = _waiting(Client.withdraw_subjects)
    query_accesses = _waiting(Client.query_accesses)
    register_agency = _waiting(Client.register_agency)
    register_units = _waiting(Client.register_units)
    list_units = _waiting(Client.list_units)
    propose_grant = _waiting(Client.propose_grant)
    propose_change = _waiting(Client.propose_change)
    approve_grant = _waiting(Client.approve_grant)
    reject_grant = _waiting(Client.reject_grant)
    end_grant = _waiting(Client.end_grant)
    list_proposals = _waiting(Client.list_proposals)
    create_enrolment_code = _waiting(Client.create_enrolment_code)
    revoke = _waiting(Client.revoke)
    lift_revocation = _waiting(Client.lift_revocation)
    list_revocations = _waiting(Client.list_revocations)
    list_agencies = _waiting(Client.list_agencies)
    list_acts = _waiting(Client.list_acts)
    usage_statement = _waiting(Client.usage_statement)
    record_key_rotation = _waiting(Client.record_key_rotation)
    register_signing_key = _waiting(Client.register_signing_key)
    revoke_signing_key = _waiting(Client.revoke_signing_key)
    signing_keys = _waiting(Client.signing_keys)
    list_field_holders = _waiting(Client.list_field_holders)
    preview_call = _waiting(Client.preview_call)
    list_unused_rights = _waiting(Client.list_unused_rights)
    list_expiring_grants = _waiting(Client.list_expiring_grants)

    def look_up_many(
        self, numbers: Iterable[str], *, fields: Iterable[str], context: Context, **seconds: float
    ) -> Iterator[Looked]:
        """As `Client.look_up_many`; `numbers` is read by the background thread. Raises ClientError."""
        for answer in self.look_up_batches(numbers, fields=fields, context=context, **seconds):
            for number, result in zip(answer.items, answer.message.results, strict=True):
                yield looked(number, result)

    def verify_many(
        self,
        items: Iterable[Sequence[str]],
        paths: Sequence[str],
        *,
        predicates: Sequence[str] = (),
        cards: bool = False,
        kind: str = "",
        context: Context,
        **seconds: float,
    ) -> Iterator[Verified]:
        """As `Client.verify_many`; `items` is read by the background thread. Raises ClientError."""
        question = VerifyQuestion(paths, context, predicates=predicates, cards=cards, kind=kind)
        for answer in self.verify_batches(items, question, **seconds):
            yield from verified_of(answer, question)

    def verify_batches(
        self, items: Iterable[Sequence[str]], question: VerifyQuestion, **seconds: float
    ) -> Iterator[BatchAnswer[Sequence[str]]]:
        """As `Client.verify_batches`; `items` is read by the background thread. Raises ClientError."""
        yield from self._each(self._client.verify_batches(items, question, **seconds))

    def look_up_batches(
        self, numbers: Iterable[str], *, fields: Iterable[str], context: Context, **seconds: float
    ) -> Iterator[BatchAnswer[str]]:
        """As `Client.look_up_batches`; `numbers` is read by the background thread. Raises ClientError."""
        yield from self._each(self._client.look_up_batches(numbers, fields=fields, context=context, **seconds))

    def ask_in_batches(
        self, question: Question[Item], batches: Iterable[Sequence[Item]], **options: Any
    ) -> Iterator[BatchAnswer[Item]]:
        """As `Client.ask_in_batches`; `batches` is read by the background thread. Raises ClientError."""
        yield from self._each(self._client.ask_in_batches(question, batches, **options))

    def _each(self, answers: AsyncGenerator[Given, None]) -> Iterator[Given]:
        """What an asynchronous generator gives, waited for; closed at the end."""

        async def following() -> Given | None:
            return await anext(answers, None)

        try:
            while (answer := self._run(following())) is not None:
                yield answer
        finally:
            if not self._loop.is_closed():
                self._run(answers.aclose())

    def follow_pages(
        self,
        *,
        fields: Iterable[str],
        context: Context,
        cursor: bytes = b"",
        people_max: int = PEOPLE_MAX,
        timeout_seconds: float | None = None,
    ) -> Iterator[Page]:
        """All pages that are ready after `cursor`, at least one; the time is for each. Raises ClientError."""
        paths, more = tuple(fields), True
        while more:
            page = self.pull(
                fields=paths, context=context, cursor=cursor, people_max=people_max, timeout_seconds=timeout_seconds
            )
            yield page
            cursor, more = page.next_cursor, page.more

    def close(self) -> None:
        """Close the connection and end the thread; calls in flight fail."""
        if not self._loop.is_closed():
            self._run(self._client.close())
            self._stop()

    def _run(self, work: Coroutine[Any, Any, Given]) -> Given:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
