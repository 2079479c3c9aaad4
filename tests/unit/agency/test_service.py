"""What tokens are issued, and that nothing holds before its effect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.agency.ledger import Target
from gateway.agency.service import TokenMethods
from gateway.agency.store import AgencyStore
from gateway.api.v1 import token_service_pb2 as token_pb
from gateway.errors import CredentialRevoked, MethodNotGranted, PurposeNotGranted
from tests.unit.agency.calls import body_of, call_of
from tests.unit.agency.world import LEGAL_BASIS, NOW, PURPOSE, make_grant, principal, signer, verifier


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AgencyStore]:
    made = AgencyStore.create(tmp_path / "gateway.db")
    made.register_agency("bhxh", "Social insurance", 3, NOW)
    yield made
    made.close()


def tokens_of(store: AgencyStore) -> TokenMethods:
    return TokenMethods(signer, lambda: store.load_view(), lambda: NOW, lambda count: bytes([5] * count))


async def test_a_token_carries_the_grants_in_force(store: AgencyStore) -> None:
    store.create_grant("bhxh", make_grant(1))
    store.create_grant("bhxh", make_grant(2, until_time=NOW))
    who = principal()
    call = call_of("IssueToken", principal=who)
    answer = await tokens_of(store).IssueToken(call, token_pb.IssueTokenRequest())
    token = verifier().verify(body_of(answer).token, who, NOW)
    assert token.grants.keys() == {1}
    assert call.token_id == token.token_id == bytes([5] * 16)
    assert body_of(answer).expires_time.seconds == NOW + 600
    assert body_of(answer).server_time.seconds == NOW
    assert answer.effect is None


async def test_a_token_may_be_restricted_to_purposes(store: AgencyStore) -> None:
    store.create_grant("bhxh", make_grant(1, purposes={PURPOSE: [LEGAL_BASIS], "tax.audit": ["x"]}))
    who = principal()
    methods = tokens_of(store)
    request = token_pb.IssueTokenRequest(purposes=[PURPOSE])
    answer = await methods.IssueToken(call_of("IssueToken", principal=who), request)
    assert verifier().verify(body_of(answer).token, who, NOW).grants[1].purposes.keys() == {PURPOSE}
    with pytest.raises(PurposeNotGranted):
        await methods.IssueToken(
            call_of("IssueToken", principal=who), token_pb.IssueTokenRequest(purposes=["health.admission"])
        )


async def test_no_token_is_issued_without_a_grant_or_after_a_revocation(store: AgencyStore) -> None:
    call = call_of("IssueToken", principal=principal())
    with pytest.raises(MethodNotGranted):
        await tokens_of(store).IssueToken(call, token_pb.IssueTokenRequest())
    store.revoke(Target.AGENCY, "bhxh", NOW)
    with pytest.raises(CredentialRevoked):
        await tokens_of(store).IssueToken(call, token_pb.IssueTokenRequest())
