"""Tokens: what one carries, and every way in which one is not ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from gateway.agency import tokens
from gateway.agency.certificates import Principal, make_key
from gateway.agency.grants import decide
from gateway.agency.tokens import TOKEN_BYTES_MAX, TokenSigner, TokenVerifier, jwks, key_id
from gateway.errors import (
    ArgumentInvalid,
    CredentialExpired,
    CredentialForeign,
    CredentialMalformed,
    NotIdentified,
)
from tests.unit.agency.world import (
    AUDIENCE,
    ISSUER,
    LEGAL_BASIS,
    NOW,
    PURPOSE,
    TRUST_DOMAIN,
    make_grant,
    principal,
    signer,
    token_key,
    verifier,
)

TOKEN_ID = bytes(range(16))
HQ = principal()


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(segment: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(segment + "=="))


def issued() -> str:
    return signer().issue(HQ, [make_grant(3, provinces=["01"])], NOW, TOKEN_ID)[0]


def forged(header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None) -> str:
    """A token of the right key, with some parts of header and claims replaced; None leaves one out."""
    head, body, _ = issued().split(".")
    changed = [
        {name: value for name, value in (decode(part) | (change or {})).items() if value is not None}
        for part, change in ((head, header), (body, claims))
    ]
    signing_input = ".".join(encode(json.dumps(part).encode()) for part in changed)
    key = ECKey.import_key(token_key())
    signature = JWSRegistry.algorithms["ES256"].sign(signing_input.encode(), key)
    return f"{signing_input}.{encode(signature)}"


def test_a_token_carries_what_was_granted() -> None:
    token = verifier().verify(issued(), HQ, NOW)
    assert (token.token_id, token.agency, token.system, token.expires) == (TOKEN_ID, "bhxh", "hq", NOW + 600)
    grant = make_grant(3, provinces=["01"])
    right = decide([grant], token.grants, "LookUpPerson", PURPOSE, LEGAL_BASIS, NOW)
    assert (right.grant_id, right.fields, right.provinces) == (3, grant.fields, frozenset({"01"}))


def test_header_and_claims_are_those_of_the_profile() -> None:
    head, body, _ = issued().split(".")
    claims = decode(body)
    assert decode(head) == {"alg": "ES256", "typ": "at+jwt", "kid": key_id(token_key().public_key())}
    assert (claims["iss"], claims["aud"]) == (ISSUER, AUDIENCE)
    assert claims["sub"] == f"spiffe://{TRUST_DOMAIN}/agency/bhxh/system/hq"
    assert claims["client_id"] == "bhxh/hq"
    assert claims["jti"] == TOKEN_ID.hex()
    assert (claims["iat"], claims["nbf"], claims["exp"]) == (NOW, NOW, NOW + 600)
    assert claims["cnf"] == {"x5t#S256": encode(HQ.thumbprint)}
    assert claims["authorization_details"] == [
        {
            "type": "registry",
            "grant": 3,
            "methods": ["LookUpPerson"],
            "purposes": {PURPOSE: [LEGAL_BASIS]},
            "fields": ["name", "number"],
            "provinces": ["01"],
        }
    ]


def test_the_published_keys_verify_a_token_elsewhere() -> None:
    (member,) = jwks([token_key().public_key()])["keys"]
    assert "d" not in member
    assert (member["kid"], member["alg"], member["use"]) == (signer().key_id, "ES256", "sig")
    assert jwt.decode(issued(), ECKey.import_key(member), algorithms=["ES256"]).claims["iss"] == ISSUER


def test_a_token_does_not_outlive_its_certificate() -> None:
    short = principal(lifetime=60)
    assert signer().issue(short, [], NOW, TOKEN_ID)[1] == NOW + 60


@pytest.mark.parametrize("lifetime", [0, 601])
def test_a_token_lives_ten_minutes_at_most(lifetime: int) -> None:
    with pytest.raises(ValueError, match="600"):
        signer().issue(HQ, [], NOW, TOKEN_ID, lifetime)


def test_grants_that_do_not_fit_one_token_are_refused_with_advice() -> None:
    grants = [make_grant(n, fields=[f"field_{n}_{i}" for i in range(128)]) for n in range(8)]
    with pytest.raises(ArgumentInvalid) as caught:
        signer().issue(HQ, grants, NOW, TOKEN_ID)
    assert caught.value.violations[0].field == "purposes"


def test_a_token_is_expired_from_its_last_second_on() -> None:
    assert verifier().verify(issued(), HQ, NOW + 599.9).expires == NOW + 600
    with pytest.raises(CredentialExpired):
        verifier().verify(issued(), HQ, NOW + 600)


def test_a_remembered_token_expires_too() -> None:
    known, token = verifier(), issued()
    known.verify(token, HQ, NOW)
    with pytest.raises(CredentialExpired):
        known.verify(token, HQ, NOW + 600)


def test_a_token_is_taken_five_seconds_early_and_no_more() -> None:
    assert verifier().verify(issued(), HQ, NOW - 5).expires == NOW + 600
    with pytest.raises(CredentialMalformed):
        verifier().verify(issued(), HQ, NOW - 6)


def test_a_token_of_another_certificate_is_foreign() -> None:
    known, token = verifier(), issued()
    known.verify(token, HQ, NOW)
    with pytest.raises(CredentialForeign):
        known.verify(token, principal(), NOW)


def test_a_token_of_another_agency_is_foreign_even_on_the_same_certificate() -> None:
    with pytest.raises(CredentialForeign):
        verifier().verify(issued(), replace(HQ, agency="health"), NOW)


def test_a_token_of_another_key_is_foreign() -> None:
    token, _ = TokenSigner(make_key(), ISSUER, AUDIENCE, TRUST_DOMAIN).issue(HQ, [], NOW, TOKEN_ID)
    with pytest.raises(CredentialForeign):
        verifier().verify(token, HQ, NOW)


def test_a_forgery_helper_without_changes_is_accepted() -> None:
    assert verifier().verify(forged(), HQ, NOW).token_id == TOKEN_ID


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES384"},
        {"alg": None},
        {"typ": "JWT"},
        {"typ": None},
        {"typ": ["at+jwt"]},
        {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": True},
        {"crit": []},
        {"jwk": {"kty": "EC"}},
        {"jku": "https://elsewhere.example/keys"},
        {"kid": None},
    ],
    ids=str,
)
def test_any_other_header_is_malformed(header: dict[str, Any]) -> None:
    with pytest.raises(CredentialMalformed):
        verifier().verify(forged(header), HQ, NOW)


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"iss": "https://other.example"}, CredentialForeign),
        ({"iss": None}, CredentialMalformed),
        ({"aud": "https://other.example"}, CredentialForeign),
        ({"aud": [AUDIENCE]}, CredentialForeign),
        ({"aud": None}, CredentialMalformed),
        ({"sub": "bhxh"}, CredentialMalformed),
        ({"sub": 7}, CredentialMalformed),
        ({"sub": "spiffe://other.example/agency/bhxh"}, CredentialForeign),
        ({"sub": f"spiffe://{TRUST_DOMAIN}/agency/health"}, CredentialForeign),
        ({"cnf": None}, CredentialMalformed),
        ({"cnf": {}}, CredentialMalformed),
        ({"cnf": {"x5t#S256": None}}, CredentialForeign),
        ({"cnf": "x5t#S256"}, CredentialMalformed),
        ({"exp": None}, CredentialMalformed),
        ({"exp": "never"}, CredentialMalformed),
        ({"exp": float(NOW + 60)}, CredentialMalformed),
        ({"exp": True}, CredentialMalformed),
        ({"exp": NOW - 1}, CredentialExpired),
        ({"nbf": None}, CredentialMalformed),
        ({"jti": None}, CredentialMalformed),
        ({"jti": "00"}, CredentialMalformed),
        ({"jti": 5}, CredentialMalformed),
        ({"authorization_details": None}, CredentialMalformed),
        ({"authorization_details": [{}]}, CredentialMalformed),
        ({"authorization_details": [{"type": "other"}]}, CredentialMalformed),
        ({"authorization_details": "x"}, CredentialMalformed),
    ],
    ids=str,
)
def test_claims_outside_the_profile_are_refused(claims: dict[str, Any], error: type[NotIdentified]) -> None:
    with pytest.raises(error):
        verifier().verify(forged(claims=claims), HQ, NOW)


def test_an_unsigned_token_is_malformed() -> None:
    head, body, _ = issued().split(".")
    for header in ({"alg": "none", "typ": "at+jwt"}, decode(head)):
        with pytest.raises(CredentialMalformed):
            verifier().verify(f"{encode(json.dumps(header).encode())}.{body}.", HQ, NOW)


def test_the_public_key_is_no_shared_secret() -> None:
    head, body, _ = issued().split(".")
    header = encode(json.dumps(decode(head) | {"alg": "HS256"}).encode())
    secret = token_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for start in (header, head):
        mac = hmac.digest(secret, f"{start}.{body}".encode(), hashlib.sha256)
        for signature in (mac, mac + mac):
            with pytest.raises(CredentialMalformed):
                verifier().verify(f"{start}.{body}.{encode(signature)}", HQ, NOW)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "a.b.c.d", "é.b.c", "[]", "W10.W10." + "A" * 86])
def test_what_is_no_token_is_malformed(token: str) -> None:
    with pytest.raises(CredentialMalformed):
        verifier().verify(token, HQ, NOW)


def test_a_second_spelling_of_the_signature_is_malformed() -> None:
    token = issued()
    last = {"A": "B", "Q": "R", "g": "h", "w": "x"}[token[-1]]
    with pytest.raises(CredentialMalformed):
        verifier().verify(token[:-1] + last, HQ, NOW)


def test_an_oversized_token_is_malformed_and_not_remembered() -> None:
    known = verifier()
    with pytest.raises(CredentialMalformed):
        known.verify("a" * (TOKEN_BYTES_MAX + 1), HQ, NOW)
    assert not known._failed


def test_a_failure_is_remembered_for_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    known, token = verifier(), issued()
    stranger = principal()
    with pytest.raises(CredentialForeign):
        known.verify(token, stranger, NOW)
    looked: list[str] = []

    def look(self: TokenVerifier, text: str, who: Principal, now: float) -> tokens.Token:
        looked.append(text)
        raise CredentialMalformed

    monkeypatch.setattr(TokenVerifier, "_verify", look)
    with pytest.raises(CredentialForeign):
        known.verify(token, stranger, NOW + 1.9)
    assert not looked
    with pytest.raises(CredentialMalformed):
        known.verify(token, stranger, NOW + 2)
    assert looked


def test_both_memories_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "TOKEN_CACHE_ENTRIES_MAX", 2)
    monkeypatch.setattr(tokens, "TOKEN_FAILURES_MAX", 2)
    known = verifier()
    for number in range(4):
        known.verify(signer().issue(HQ, [], NOW, bytes([number] * 16))[0], HQ, NOW)
        with pytest.raises(CredentialMalformed):
            known.verify("a" * number, HQ, NOW)
    assert len(known._verified[HQ.agency]) == len(known._failed) == 2


def test_one_agencys_tokens_do_not_push_out_those_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "TOKEN_CACHE_ENTRIES_MAX", 6)
    known, other = verifier(), principal(agency="tax")
    texts = [signer().issue(other, [], NOW, bytes([number] * 16))[0] for number in range(2)]
    for text in texts:
        known.verify(text, other, NOW)
    for number in range(2, 20):
        known.verify(signer().issue(HQ, [], NOW, bytes([number] * 16))[0], HQ, NOW)

    def never(self: TokenVerifier, text: str, who: Principal, now: float) -> tokens.Token:
        raise AssertionError("was forgotten")

    monkeypatch.setattr(TokenVerifier, "_verify", never)
    for text in texts:
        known.verify(text, other, NOW)
    assert sum(map(len, known._verified.values())) == 6
