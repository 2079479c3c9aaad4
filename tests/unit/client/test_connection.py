"""A client against a gateway that answers as scripted, over real mutual TLS with real receipts."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest

from gateway import errors
from gateway.agency.authority import CertificateAuthority
from gateway.api.v1 import context_pb2, lookup_service_pb2
from gateway.client import (
    CannotConnect,
    Client,
    Context,
    DeadlinePassed,
    GatewayRefusal,
    IdentityInvalid,
    ReceiptInvalid,
    UnexpectedAnswer,
    connect,
)
from gateway.client.connection import ISSUE_TOKEN
from gateway.client.lookup import LOOK_UP_PERSON
from gateway.client.operation import REGISTER_AGENCY

NUMBER = "001200000001"
FOUND = lookup_service_pb2.LookUpPersonResponse(
    version=3,
    withheld=[context_pb2.WithheldField(path="religion", reason="ERROR_REASON_FIELD_NOT_GRANTED")],
)
FOUND.person.name.surname = "Nguyễn"


async def look_up(client: Client, context: Context, **options: Any) -> Any:
    return await client.look_up(NUMBER, fields=["name", "religion"], context=context, **options)


async def test_answer_arrives_decoded_with_its_receipt(gateway: Any, context: Context) -> None:
    gateway.on(LOOK_UP_PERSON, FOUND)
    async with gateway.client() as client:
        result = await look_up(client, context)
    assert result.person.name.surname == "Nguyễn"
    assert [(each.path, each.reason) for each in result.withheld] == [("religion", "FIELD_NOT_GRANTED")]
    assert (result.version, result.receipt.index) == (3, 1)
    (metadata,) = gateway.paths("LookUpPerson")
    assert metadata["authorization"] == "Bearer token-1"
    assert metadata["traceparent"].split("-")[1] == result.call_id


async def test_request_carries_number_fields_and_context(gateway: Any, context: Context) -> None:
    requests: list[lookup_service_pb2.LookUpPersonRequest] = []

    def answer(request: bytes) -> Any:
        requests.append(lookup_service_pb2.LookUpPersonRequest.FromString(request))
        return FOUND

    gateway.on(LOOK_UP_PERSON, answer)
    async with gateway.client() as client:
        await look_up(client, context)
    assert requests[0].number == NUMBER
    assert list(requests[0].field_mask.paths) == ["name", "religion"]
    assert requests[0].context.officer == "officer-7"


async def test_calls_at_the_same_time_share_one_token(gateway: Any, context: Context) -> None:
    gateway.on(LOOK_UP_PERSON, FOUND)
    async with gateway.client() as client:
        await asyncio.gather(*(look_up(client, context) for _ in range(20)))
    assert len(gateway.paths("IssueToken")) == 1


async def test_answer_without_receipt_is_thrown_away(gateway: Any, context: Context) -> None:
    gateway.on(LOOK_UP_PERSON, FOUND)
    async with gateway.client() as client:
        await client.token()
        gateway.alter = lambda _receipt: None
        with pytest.raises(ReceiptInvalid, match="without a receipt"):
            await look_up(client, context)


async def test_answer_with_altered_receipt_is_thrown_away(gateway: Any, context: Context) -> None:
    def altered(receipt: context_pb2.Receipt) -> context_pb2.Receipt:
        receipt.index += 1
        return receipt

    gateway.on(LOOK_UP_PERSON, FOUND)
    async with gateway.client() as client:
        await client.token()
        gateway.alter = altered
        with pytest.raises(ReceiptInvalid, match="not valid"):
            await look_up(client, context)


async def test_refusal_arrives_with_reason_sentence_violations_and_call_id(
    gateway: Any, context: Context, refusal: Any
) -> None:
    violations = [errors.FieldViolation("number", "must have 12 digits")]
    gateway.on(LOOK_UP_PERSON, refusal(errors.ArgumentInvalid(violations=violations)))
    async with gateway.client() as client:
        with pytest.raises(GatewayRefusal) as caught:
            await look_up(client, context)
    refused = caught.value
    assert refused.reason == "ARGUMENT_INVALID"
    assert [(each.field, each.description) for each in refused.violations] == [("number", "must have 12 digits")]
    (metadata,) = gateway.paths("LookUpPerson")
    assert refused.call_id == metadata["traceparent"].split("-")[1]
    assert refused.call_id in str(refused)
    assert refused.receipt is None


async def test_absent_person_comes_with_a_verified_receipt(gateway: Any, context: Context, refusal: Any) -> None:
    gateway.on(LOOK_UP_PERSON, refusal(errors.PersonUnavailable(), receipt=True))
    async with gateway.client() as client:
        with pytest.raises(GatewayRefusal) as caught:
            await look_up(client, context)
    assert caught.value.reason == "PERSON_UNAVAILABLE"
    assert caught.value.receipt is not None


async def test_absent_person_without_a_receipt_is_no_answer(gateway: Any, context: Context, refusal: Any) -> None:
    gateway.on(LOOK_UP_PERSON, refusal(errors.PersonUnavailable()))
    async with gateway.client() as client:
        with pytest.raises(ReceiptInvalid):
            await look_up(client, context)


async def test_refusal_with_an_altered_receipt_is_thrown_away(gateway: Any, context: Context, refusal: Any) -> None:
    def altered(receipt: context_pb2.Receipt) -> context_pb2.Receipt:
        receipt.leaf_hash = bytes(32)
        return receipt

    gateway.on(LOOK_UP_PERSON, refusal(errors.PersonUnavailable(), receipt=True))
    async with gateway.client() as client:
        await client.token()
        gateway.alter = altered
        with pytest.raises(ReceiptInvalid):
            await look_up(client, context)


async def test_busy_gateway_is_asked_again_under_the_same_call_id(gateway: Any, context: Context, refusal: Any) -> None:
    busy = refusal(errors.StreamsExhausted(retry_seconds=0.01))
    gateway.on(LOOK_UP_PERSON, [busy, busy, FOUND])
    async with gateway.client() as client:
        result = await look_up(client, context)
    traces = {metadata["traceparent"] for metadata in gateway.paths("LookUpPerson")}
    assert len(gateway.paths("LookUpPerson")) == 3
    assert traces == {f"00-{result.call_id}-{result.call_id[:15]}1-01"}


async def test_final_refusal_is_not_repeated(gateway: Any, context: Context, refusal: Any) -> None:
    gateway.on(LOOK_UP_PERSON, refusal(errors.PurposeNotGranted()))
    async with gateway.client() as client:
        with pytest.raises(GatewayRefusal):
            await look_up(client, context)
    assert len(gateway.paths("LookUpPerson")) == 1


async def test_wait_longer_than_the_deadline_is_not_begun(gateway: Any, context: Context, refusal: Any) -> None:
    gateway.on(LOOK_UP_PERSON, refusal(errors.QuotaExhausted(retry_seconds=3600)))
    async with gateway.client() as client:
        with pytest.raises(GatewayRefusal) as caught:
            await look_up(client, context)
    assert caught.value.retry_seconds == 3600
    assert len(gateway.paths("LookUpPerson")) == 1


async def test_call_that_must_not_be_repeated_is_not_repeated_when_it_may_have_worked(
    gateway: Any, context: Context, refusal: Any
) -> None:
    gateway.on(REGISTER_AGENCY, refusal(errors.RegistryUnavailable()))
    async with gateway.client() as client:
        with pytest.raises(GatewayRefusal):
            await client.register_agency("clinic", "A clinic", "HEALTH", context=context)
    assert len(gateway.paths("RegisterAgency")) == 1


async def test_expired_token_is_renewed_once(gateway: Any, context: Context, refusal: Any) -> None:
    gateway.on(LOOK_UP_PERSON, [refusal(errors.CredentialExpired()), FOUND])
    async with gateway.client() as client:
        await look_up(client, context)
    assert [each["authorization"] for each in gateway.paths("LookUpPerson")] == [
        "Bearer token-1",
        "Bearer token-2",
    ]


async def test_token_refused_twice_is_a_refusal(gateway: Any, context: Context, refusal: Any) -> None:
    gateway.on(LOOK_UP_PERSON, refusal(errors.CredentialExpired()))
    async with gateway.client() as client:
        with pytest.raises(GatewayRefusal) as caught:
            await look_up(client, context)
    assert caught.value.reason == "CREDENTIAL_EXPIRED"
    assert len(gateway.paths("LookUpPerson")) == 2


async def test_refused_token_request_is_the_callers_answer(gateway: Any, context: Context, refusal: Any) -> None:
    gateway.on(ISSUE_TOKEN, refusal(errors.CredentialRevoked(), receipt=True))
    async with gateway.client() as client:
        with pytest.raises(GatewayRefusal) as caught:
            await look_up(client, context)
    assert caught.value.reason == "CREDENTIAL_REVOKED"


async def test_slow_answer_ends_at_the_deadline(gateway: Any, context: Context) -> None:
    async def slow(_request: bytes, _metadata: Any) -> Any:
        await asyncio.sleep(30)

    gateway.behaviours[LOOK_UP_PERSON.path] = slow
    async with gateway.client() as client:
        await client.token()
        with pytest.raises(DeadlinePassed) as caught:
            await look_up(client, context, timeout_seconds=0.1)
    assert len(caught.value.call_id) == 32


async def test_server_fault_without_a_reason_is_unexpected(gateway: Any, context: Context) -> None:
    async def fail(_request: bytes, _metadata: Any) -> Any:
        raise RuntimeError("scripted")

    gateway.behaviours[LOOK_UP_PERSON.path] = fail
    async with gateway.client() as client:
        with pytest.raises(UnexpectedAnswer, match="UNKNOWN"):
            await look_up(client, context)


async def cannot(client: Client) -> str:
    async with client:
        with pytest.raises(CannotConnect) as caught:
            await client.token()
    return caught.value.sentence


async def test_closed_port_is_named(gateway: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sentence = await cannot(connect(gateway.identity(), f"127.0.0.1:{port}"))
    assert f"Nothing listens at 127.0.0.1:{port}" in sentence


async def test_expired_certificate_is_diagnosed_here(gateway: Any) -> None:
    gateway.write_folder(gateway.folder, lifetime_seconds=60, now=time.time() - 9 * 86_400)
    sentence = await cannot(gateway.client())
    assert "expired at" in sentence
    assert "popgate enrol" in sentence


async def test_certificate_of_another_authority_is_diagnosed_here(gateway: Any, tmp_path: Any) -> None:
    own, roots = gateway.authority, (gateway.folder / "ca.pem").read_bytes()
    gateway.authority = CertificateAuthority.create(tmp_path / "other", own.trust_domain, time.time())
    gateway.write_folder(gateway.folder)
    (gateway.folder / "ca.pem").write_bytes(roots)
    assert "no authority in the folder issued" in (await cannot(gateway.client())).lower()


async def test_gateway_of_another_root_is_not_trusted(gateway: Any, tmp_path: Any) -> None:
    gateway.authority = CertificateAuthority.create(tmp_path / "other", "test.example", time.time())
    gateway.write_folder(gateway.folder)
    assert "not of the gateway that ca.pem trusts" in await cannot(gateway.client())


async def test_certificate_that_only_the_gateway_refuses_is_told_so(gateway: Any, tmp_path: Any) -> None:
    own, roots = gateway.authority, (gateway.folder / "ca.pem").read_bytes()
    gateway.authority = CertificateAuthority.create(tmp_path / "other", own.trust_domain, time.time())
    gateway.write_folder(gateway.folder)
    (gateway.folder / "ca.pem").write_bytes(roots + gateway.authority.root_pem)
    sentence = await cannot(gateway.client())
    assert "ask the operator" in sentence


async def test_name_that_the_server_certificate_lacks_is_explained(gateway: Any) -> None:
    port = gateway.server.rpartition(":")[2]
    sentence = await cannot(connect(gateway.identity(), f"[::ffff:127.0.0.1]:{port}"))
    assert "not for the name" in sentence


async def test_port_that_does_not_speak_tls_is_explained(gateway: Any) -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    plain = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = plain.sockets[0].getsockname()[1]
    async with plain:
        sentence = await cannot(connect(gateway.identity(), f"127.0.0.1:{port}"))
    assert "does not speak TLS" in sentence


async def test_enrolment_port_is_not_the_agencies_port(gateway: Any) -> None:
    gateway.behaviours.clear()
    async with connect(gateway.identity(), gateway.enrolment_server) as client:
        with pytest.raises(UnexpectedAnswer, match="agencies' port"):
            await client.token()


@pytest.mark.parametrize("server", ["gateway", "gateway:", ":8443", "gateway:port", "gateway:99999"])
async def test_address_that_is_none_is_refused(gateway: Any, server: str) -> None:
    with pytest.raises(IdentityInvalid, match="HOST:PORT"):
        connect(gateway.identity(), server)


async def test_restarted_gateway_is_reached_again_without_an_error(gateway: Any, context: Context) -> None:
    gateway.on(LOOK_UP_PERSON, FOUND)
    async with gateway.client() as client:
        await look_up(client, context)
        await gateway.stop()
        asking = asyncio.create_task(look_up(client, context))
        await asyncio.sleep(0.1)
        assert not asking.done()
        await gateway.start()
        assert (await asking).version == 3


async def test_gateway_that_does_not_come_back_is_diagnosed(gateway: Any, context: Context) -> None:
    gateway.on(LOOK_UP_PERSON, FOUND)
    async with gateway.client() as client:
        await look_up(client, context)
        await gateway.stop()
        with pytest.raises(CannotConnect, match="Nothing listens"):
            await look_up(client, context, timeout_seconds=0.5)
