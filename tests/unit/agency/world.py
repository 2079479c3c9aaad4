"""Builders for the tests of this role: one authority, one token key, grants with few arguments."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from gateway.agency.authority import CertificateAuthority
from gateway.agency.certificates import Principal, make_key
from gateway.agency.grants import Grant
from gateway.agency.tokens import TokenSigner, TokenVerifier

NOW = 1_750_000_000
TRUST_DOMAIN = "popgate.example"
ISSUER = "https://popgate.example"
AUDIENCE = "https://popgate.example/api"
PURPOSE = "social.benefit"
LEGAL_BASIS = "law26/2023:art10"
TRUST = {
    "log_origin": "audit.popgate.example/2026",
    "log_verifier": "log line",
    "receipt_verifier": "receipt line",
    "trust_domain": TRUST_DOMAIN,
    "server": "localhost:8443",
    "enrolment_server": "localhost:8444",
}


@functools.cache
def authority() -> CertificateAuthority:
    with tempfile.TemporaryDirectory() as directory:
        return CertificateAuthority.create(Path(directory) / "ca", TRUST_DOMAIN, NOW)


@functools.cache
def token_key() -> ec.EllipticCurvePrivateKey:
    return make_key()


def principal(agency: str = "bhxh", system: str = "hq", now: float = NOW, lifetime: int = 86400) -> Principal:
    return authority().issue_agency(agency, system, make_key().public_key(), now, lifetime).principal


def signer() -> TokenSigner:
    return TokenSigner(token_key(), ISSUER, AUDIENCE, TRUST_DOMAIN)


def verifier() -> TokenVerifier:
    return TokenVerifier({signer().key_id: token_key().public_key()}, ISSUER, AUDIENCE, TRUST_DOMAIN)


def make_grant(
    grant_id: int = 1,
    *,
    methods: Iterable[str] = ("LookUpPerson",),
    purposes: Mapping[str, Iterable[str]] | None = None,
    fields: Iterable[str] = ("name", "number"),
    provinces: Iterable[str] = (),
    from_time: int = NOW - 10,
    until_time: int = NOW + 100_000,
) -> Grant:
    purposes = {PURPOSE: (LEGAL_BASIS,)} if purposes is None else purposes
    return Grant(
        grant_id=grant_id,
        methods=frozenset(methods),
        purposes={purpose: frozenset(bases) for purpose, bases in purposes.items()},
        fields=frozenset(fields),
        provinces=frozenset(provinces),
        from_time=from_time,
        until_time=until_time,
        contract_digest=bytes(32),
    )
