"""Batches over streams that break, end and are refused in every way, against a scripted gateway."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agency.grants import Right
from gateway.catalogue import Catalogue
from gateway.client import BatchAnswer, CannotConnect, Client, Context, GatewayRefusal, ReceiptInvalid, UnexpectedAnswer
from gateway.client.bulk import ask_in_batches, in_batches
from gateway.client.streams import Lane, Seat, Streams
from gateway.client.volume import NAMING_OTHERS_ITEMS_MAX, LookUpQuestion, batch_items_max
from gateway.errors import CredentialExpired, QuotaExhausted, QuotaViolation, StreamEnded
from gateway.lookup.disclosure import Disclosures
from gateway.lookup.people import OTHERS_NAMED
from tests.unit.client.scripted import ScriptedGateway
from tests.unit.client.streams import Script

CATALOGUE = Catalogue.compile()


async def _ask(client: Client, context: Context, batches: int = 6, **options: Any) -> list[BatchAnswer[str]]:
    numbers = [[f"{batch:06}{item:06}" for item in range(3)] for batch in range(batches)]
    answers = ask_in_batches(
        client._connection,
        LookUpQuestion(["number"], context),
        numbers,
        call_id_of=lambda index: f"{index + 1:032x}",
        **{"timeout_seconds": 5.0, "patience_seconds": 5.0, **options},
    )
    found = [answer async for answer in answers]
    assert [answer.index for answer in found] == list(range(batches))
    assert [[result.person.number for result in answer.message.results] for answer in found] == numbers
    assert [answer.call_id for answer in found] == [f"{index + 1:032x}" for index in range(batches)]
    return found


async def test_context_and_mask_are_stated_once_a_stream(gateway: ScriptedGateway, context: Context) -> None:
    script = Script(gateway)
    async with gateway.client() as client:
        await _ask(client, context)
    assert sum(stated for _, stated in script.received) == script.most_at_once == 2


async def test_each_stream_has_one_batch_under_way_and_the_caller_holds_the_others_back(
    gateway: ScriptedGateway, context: Context
) -> None:
    script = Script(gateway, workers=3)
    begun: list[int] = []
    given = 0
    async with gateway.client() as client:
        answers = ask_in_batches(
            client._connection, LookUpQuestion(["number"], context), [["1"]] * 40, begun=begun.append
        )
        async for _ in answers:
            assert len(begun) <= given + 6
            given += 1
    assert (given, begun, script.most_at_once <= 6) == (40, list(range(40)), True)


async def test_a_stream_that_ends_in_good_order_is_reopened_without_a_repetition(
    gateway: ScriptedGateway, context: Context
) -> None:
    script = Script(gateway, [None, StreamEnded(retry_seconds=0.01), None, StreamEnded(retry_seconds=0.01)])
    async with gateway.client() as client:
        found = await _ask(client, context)
    assert [answer.repeats for answer in found] == [0] * 6
    assert len(script.received) == 8
    assert sum(stated for _, stated in script.received) == 4


@pytest.mark.parametrize("step", ["break", "silence"])
async def test_what_got_no_answer_is_sent_again_under_its_call_id(
    gateway: ScriptedGateway, context: Context, step: str
) -> None:
    script = Script(gateway, [None, None, step, None, step])
    async with gateway.client() as client:
        found = await _ask(client, context, timeout_seconds=0.3)
    assert sum(answer.repeats for answer in found) == 2
    assert len(script.received) == 8
    assert len({call_id for call_id, _ in script.received}) == 6


async def test_a_stream_that_broke_while_it_was_idle_is_reopened_without_a_repetition(
    gateway: ScriptedGateway, context: Context
) -> None:
    script = Script(gateway, ["break afterwards"])
    question = LookUpQuestion(["number"], context)
    async with gateway.client() as client:
        streams = Streams(client._connection, question.path)
        lane = Lane(streams, Seat(), 5.0, 5.0)
        for call_id in ("1" * 32, "2" * 32):
            _, repeats = await lane.ask(partial(question.request, ["1"], call_id), call_id)
            assert repeats == 0
            if call_id[0] == "1":
                assert lane._stream is not None
                await lane._stream.call.code()
        await lane.close()
    assert [call_id[0] for call_id, _ in script.received] == ["1", "2"]


async def test_an_expired_token_is_replaced_and_the_stream_reopened(gateway: ScriptedGateway, context: Context) -> None:
    script = Script(gateway, [None, CredentialExpired(), None])
    async with gateway.client() as client:
        found = await _ask(client, context)
    assert [answer.repeats for answer in found] == [0] * 6
    assert script.tokens[-1] == "token-2"


async def test_a_quota_that_lets_go_is_waited_for(gateway: ScriptedGateway, context: Context) -> None:
    Script(gateway, [None, QuotaExhausted(retry_seconds=0.01), QuotaExhausted(retry_seconds=0.01)])
    async with gateway.client() as client:
        await _ask(client, context)


async def test_a_quota_that_does_not_let_go_is_raised_in_the_end(gateway: ScriptedGateway, context: Context) -> None:
    quota = QuotaViolation("agency:hospital", "people a day")
    Script(gateway, [QuotaExhausted(quotas=[quota], retry_seconds=0.01)] * 100)
    async with gateway.client() as client:
        with pytest.raises(GatewayRefusal, match="QUOTA_EXHAUSTED") as refused:
            await _ask(client, context, patience_seconds=0.3)
    assert [(each.field, each.description) for each in refused.value.quotas] == [(quota.subject, quota.description)]


async def test_a_connection_that_does_not_come_back_is_diagnosed(gateway: ScriptedGateway, context: Context) -> None:
    Script(gateway, ["break"] * 100)
    async with gateway.client() as client:
        with pytest.raises(CannotConnect):
            await _ask(client, context, patience_seconds=0.3)


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("another call", UnexpectedAnswer),
        ("a result less", UnexpectedAnswer),
        ("no message", UnexpectedAnswer),
        ("no receipt", ReceiptInvalid),
    ],
)
async def test_an_answer_to_something_else_is_thrown_away(
    gateway: ScriptedGateway, context: Context, step: str, error: type[Exception]
) -> None:
    Script(gateway, [None, step])
    async with gateway.client() as client:
        with pytest.raises(error):
            await _ask(client, context)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 50), st.integers(1, 9))
def test_batches_hold_every_item_once_in_order(count: int, size: int) -> None:
    async def split() -> list[list[int]]:
        return [batch async for batch in in_batches(range(count), size)]

    batches = asyncio.run(split())
    assert [item for batch in batches for item in batch] == list(range(count))
    assert all(len(batch) == size for batch in batches[:-1])
    assert all(1 <= len(batch) <= size for batch in batches)


@pytest.mark.parametrize("path", sorted(CATALOGUE.leaves))
def test_a_batch_is_small_exactly_where_an_answer_names_others(path: str) -> None:
    disclosure = Disclosures(CATALOGUE).of(Right(1, frozenset(CATALOGUE.leaves), frozenset()), [path])
    names_others = bool(disclosure.related & OTHERS_NAMED.keys())
    assert (batch_items_max([path]) == NAMING_OTHERS_ITEMS_MAX) is names_others
