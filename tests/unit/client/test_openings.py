"""Streams that are refused at their opening, or end again and again, against a scripted gateway."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.client import Client, Context, GatewayRefusal
from gateway.client.bulk import ask_in_batches
from gateway.client.volume import LookUpQuestion
from gateway.errors import (
    CredentialExpired,
    CredentialForeign,
    CredentialSuperseded,
    GatewayError,
    MethodNotGranted,
    PolicyStale,
    StreamEnded,
    StreamsExhausted,
)
from tests.unit.client.scripted import ScriptedGateway
from tests.unit.client.streams import Script

SPREAD, LANE = 1, 2
"""The opening that finds the workers, and the first one that a batch waits for."""


async def _ask(client: Client, context: Context, batches: int = 4, patience_seconds: float = 5.0) -> list[int]:
    """How often each batch was sent again."""
    answers = ask_in_batches(
        client._connection,
        LookUpQuestion(["number"], context),
        [["001090000001"]] * batches,
        timeout_seconds=5.0,
        patience_seconds=patience_seconds,
    )
    return [answer.repeats async for answer in answers]


@pytest.mark.parametrize("at", [SPREAD, LANE])
@pytest.mark.parametrize("error", [PolicyStale(retry_seconds=0.01), StreamsExhausted(retry_seconds=0.01)])
async def test_an_opening_that_is_refused_for_now_is_tried_again(
    gateway: ScriptedGateway, context: Context, at: int, error: GatewayError
) -> None:
    script = Script(gateway)
    script.opening = lambda opened, _token: error if at <= opened < at + 2 else None
    async with gateway.client() as client:
        assert await _ask(client, context) == [0] * 4


async def test_an_opening_that_stays_refused_is_raised_when_patience_ends(
    gateway: ScriptedGateway, context: Context
) -> None:
    script = Script(gateway)
    script.opening = lambda _opened, _token: PolicyStale(retry_seconds=0.2)
    async with gateway.client() as client:
        with pytest.raises(GatewayRefusal, match="POLICY_STALE"):
            await _ask(client, context, patience_seconds=1.0)
    assert 1 < len(script.tokens) < 6


async def test_what_no_retry_helps_is_raised_at_the_first_opening(gateway: ScriptedGateway, context: Context) -> None:
    script = Script(gateway)
    script.opening = lambda _opened, _token: MethodNotGranted()
    async with gateway.client() as client:
        with pytest.raises(GatewayRefusal, match="METHOD_NOT_GRANTED"):
            await _ask(client, context)
    assert len(script.tokens) == 1


@pytest.mark.parametrize("at", [SPREAD, LANE])
@pytest.mark.parametrize("error", [CredentialExpired(), CredentialForeign()])
async def test_a_token_refused_at_an_opening_is_replaced(
    gateway: ScriptedGateway, context: Context, at: int, error: GatewayError
) -> None:
    script = Script(gateway)
    script.opening = lambda opened, token: error if opened >= at and token == "token-1" else None
    async with gateway.client() as client:
        assert await client.token() == "token-1"
        assert await _ask(client, context) == [0] * 4
    assert script.tokens[-1] == "token-2"
    assert len(gateway.paths("IssueToken")) == 2


async def test_a_token_is_replaced_once(gateway: ScriptedGateway, context: Context) -> None:
    script = Script(gateway)
    script.opening = lambda _opened, _token: CredentialForeign()
    async with gateway.client() as client:
        with pytest.raises(GatewayRefusal, match="CREDENTIAL_FOREIGN"):
            await _ask(client, context)
    assert script.tokens == ["token-1", "token-2"]


@pytest.mark.parametrize("at", [SPREAD, LANE])
async def test_a_certificate_and_then_a_token_refused_at_an_opening_are_both_replaced(
    gateway: ScriptedGateway, context: Context, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    script = Script(gateway)
    refusals = {at: CredentialSuperseded(), at + 1: CredentialForeign()}
    script.opening = lambda opened, _token: refusals.get(opened)
    async with gateway.client() as client:
        renewals: list[int] = []

        async def renew() -> None:
            renewals.append(len(script.tokens))

        monkeypatch.setattr(client._connection, "renew", renew)
        assert await _ask(client, context, batches=1) == [0]
    assert renewals == [at]
    assert script.tokens[at - 1 :] == ["token-1", "token-1", *["token-2"] * (len(script.tokens) - at - 1)]


async def test_streams_that_end_in_good_order_without_an_answer_run_into_patience(
    gateway: ScriptedGateway, context: Context
) -> None:
    script = Script(gateway, [StreamEnded(retry_seconds=0.2)] * 1000)
    async with gateway.client() as client:
        with pytest.raises(GatewayRefusal, match="STREAM_ENDED"):
            await _ask(client, context, batches=1, patience_seconds=1.0)
    assert 2 < len(script.received) < 7


async def test_a_stream_that_ended_after_an_answer_is_reopened_without_a_pause(
    gateway: ScriptedGateway, context: Context
) -> None:
    Script(gateway, [None, StreamEnded(retry_seconds=30.0)])
    async with gateway.client() as client:
        assert await _ask(client, context, patience_seconds=1.0) == [0] * 4


async def test_a_connection_refused_at_its_opening_is_closed(
    gateway: ScriptedGateway, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script(gateway)
    script.opening = lambda _opened, _token: MethodNotGranted()
    made: list[Any] = []
    async with gateway.client() as client:
        another_channel = client._connection.another_channel

        def kept() -> Any:
            made.append(another_channel())
            return made[-1]

        monkeypatch.setattr(client._connection, "another_channel", kept)
        with pytest.raises(GatewayRefusal):
            await _ask(client, context)
        assert [channel._channel.closed() for channel in made] == [True]
