"""Who calls: certificates and tokens of every wrong kind against a real gateway."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.agency.authority import CertificateAuthority
from gateway.agency.certificates import key_from_pem, key_to_pem, make_key, principal_from_pem, spiffe_id
from gateway.agency.tokens import TokenSigner
from gateway.api.v1 import token_service_pb2
from gateway.audit.entry import Kind
from gateway.chain.translate import reason_number
from tests.caller import ISSUE_TOKEN, Caller, Reply, Talk, check_receipt
from tests.caller import refused as refused_reply
from tests.gateway import AGENCIES, Gateway
from tests.service.refusals import Case, Refusal, assert_refused, entries_of, run
from tests.world import number_of

HOSPITAL = AGENCIES["hospital"].context
TRUST_DOMAIN = "popgate.example"


def _ask(caller: Caller, token: str | None = None, metadata: tuple[tuple[str, str], ...] = ()) -> Reply:
    return caller.look_up(number_of(1), ["name"], HOSPITAL, token=token, metadata=metadata)


def _signer(gateway: Gateway, key: bytes | None = None, audience: str = TRUST_DOMAIN) -> TokenSigner:
    pem = key or (gateway.state / "keys" / "token.key").read_bytes()
    return TokenSigner(key_from_pem(pem), TRUST_DOMAIN, audience, TRUST_DOMAIN)


def _forged(gateway: Gateway, signer: TokenSigner, now: float, agency: str = "hospital") -> str:
    principal = principal_from_pem((gateway.identity(agency) / "cert.pem").read_bytes(), TRUST_DOMAIN)
    return signer.issue(principal, [], now, bytes(16))[0]


def test_a_token_comes_with_the_receipt_of_its_entry(gateway: Gateway, hospital: Caller) -> None:
    reply = hospital.call(ISSUE_TOKEN, token_service_pb2.IssueTokenRequest(), token="")
    answer = token_service_pb2.IssueTokenResponse.FromString(reply.body)
    assert 590 <= answer.expires_time.seconds - answer.server_time.seconds <= 600
    entry, detail = gateway.entry(answer.receipt.index)
    assert (entry.kind, entry.agency, entry.people) == (Kind.CREDENTIAL_ISSUED, "hospital", 0)
    assert detail is not None
    assert answer.token not in repr((entry, detail))


def test_a_token_restricted_to_no_granted_purpose_is_refused(hospital: Caller) -> None:
    reply = hospital.call(ISSUE_TOKEN, token_service_pb2.IssueTokenRequest(purposes=["statistics"]), token="")
    assert reply.reason == "PURPOSE_NOT_GRANTED"


TOKENS: Mapping[str, tuple[Callable[[Gateway, Callable[[str], Caller]], str], str]] = {
    "none": (lambda _gateway, _of: "", "CREDENTIAL_MISSING"),
    "garbage": (lambda _gateway, _of: "garbage", "CREDENTIAL_MALFORMED"),
    "three parts of garbage": (lambda _gateway, _of: "a.b.c", "CREDENTIAL_MALFORMED"),
    "a changed signature": (lambda _gateway, of: _flipped(of("hospital").token), "CREDENTIAL_MALFORMED"),
    "without its signature": (
        lambda _gateway, of: of("hospital").token.rpartition(".")[0] + ".",
        "CREDENTIAL_MALFORMED",
    ),
    "one of another agency": (lambda _gateway, of: of("insurance").token, "CREDENTIAL_FOREIGN"),
    "one of another gateway's key": (
        lambda gateway, _of: _forged(gateway, _signer(gateway, key_to_pem(make_key())), time.time()),
        "CREDENTIAL_FOREIGN",
    ),
    "one for another audience": (
        lambda gateway, _of: _forged(gateway, _signer(gateway, audience="other.example"), time.time()),
        "CREDENTIAL_FOREIGN",
    ),
    "an expired one": (
        lambda gateway, _of: _forged(gateway, _signer(gateway), time.time() - 601),
        "CREDENTIAL_EXPIRED",
    ),
    "alg none": (lambda gateway, _of: _unsigned(gateway), "CREDENTIAL_MALFORMED"),
    "HS256 with the public key": (lambda gateway, _of: _shared_secret(gateway), "CREDENTIAL_MALFORMED"),
    "an unknown crit": (lambda gateway, _of: _altered(gateway, {"crit": ["x"], "x": 1}), "CREDENTIAL_MALFORMED"),
    "another typ": (lambda gateway, _of: _altered(gateway, {"typ": "JWT"}), "CREDENTIAL_MALFORMED"),
    "bound to no certificate": (lambda gateway, _of: _altered(gateway, {}, cnf=None), "CREDENTIAL_MALFORMED"),
    "expired by a second": (lambda gateway, _of: _altered(gateway, {}, exp=int(time.time()) - 1), "CREDENTIAL_EXPIRED"),
    "an oversized one": (lambda gateway, _of: _altered(gateway, {}, pad="x" * 6000), "CREDENTIAL_MALFORMED"),
    "one without grants": (
        lambda gateway, _of: _forged(gateway, _signer(gateway), time.time()),
        "METHOD_NOT_GRANTED",
    ),
}


def _altered(gateway: Gateway, header: dict[str, Any], **claims: Any) -> str:
    """A token of the hospital signed with the gateway's own key, its header or claims altered; None takes one out."""
    signed = _forged(gateway, _signer(gateway), time.time())
    altered = jwt.decode(signed, options={"verify_signature": False}) | claims
    parts = [jwt.get_unverified_header(signed) | header, {k: v for k, v in altered.items() if v is not None}]
    text = ".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    key = key_from_pem((gateway.state / "keys" / "token.key").read_bytes())
    return text + "." + urlsafe_b64encode(_raw_signature(key, text.encode())).rstrip(b"=").decode()


def _raw_signature(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    first, second = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return first.to_bytes(32, "big") + second.to_bytes(32, "big")


def _unsigned(gateway: Gateway) -> str:
    return _altered(gateway, {"alg": "none"}).rpartition(".")[0] + "."


def _shared_secret(gateway: Gateway) -> str:
    """Signed with a MAC under the public key, for verifiers that take the algorithm from the header."""
    signing = _altered(gateway, {"alg": "HS256"}).rpartition(".")[0]
    public = (gateway.state / "keys" / "token.pub").read_bytes()
    return signing + "." + urlsafe_b64encode(hmac.digest(public, signing.encode(), "sha256")).rstrip(b"=").decode()


def _flipped(token: str) -> str:
    at = len(token) - 10
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


@pytest.fixture(scope="module")
def token_refusals(gateway: Gateway, caller_of: Callable[[str], Caller]) -> dict[str, Refusal]:
    """A look-up by the hospital with each of TOKENS."""
    tokens = {name: make(gateway, caller_of) for name, (make, _) in TOKENS.items()}
    cases = {
        name: Case("hospital", lambda caller, name=name: _ask(caller, tokens[name]), reason)  # type: ignore[misc]
        for name, (_, reason) in TOKENS.items()
    }
    return run(gateway, caller_of, cases)


@pytest.mark.parametrize("name", TOKENS)
def test_a_wrong_token_has_its_reason_and_its_entry(
    name: str, gateway: Gateway, token_refusals: dict[str, Refusal]
) -> None:
    refusal, reason = token_refusals[name], TOKENS[name][1]
    assert_refused(Case("hospital", _ask, reason), refusal)
    assert refusal.reply.receipt is not None
    check_receipt(refusal.reply.receipt, gateway.state / "audit")
    assert (refusal.entry.kind, refusal.entry.reason) == (Kind.REFUSAL, reason_number(reason))
    assert refusal.entry.purpose == (HOSPITAL.purpose if reason == "METHOD_NOT_GRANTED" else "")


@pytest.mark.parametrize(
    "metadata",
    [
        (("authorization", "Basic dXNlcjpwYXNz"),),
        (("authorization", "bearer"),),
        (("authorization", "Bearer a"), ("authorization", "Bearer b")),
    ],
)
def test_an_authorization_of_another_form_is_malformed(hospital: Caller, metadata: tuple[tuple[str, str], ...]) -> None:
    assert _ask(hospital, "", metadata).reason == "CREDENTIAL_MALFORMED"


@pytest.mark.parametrize("key", ["popgate-call-id", "popgate-worker", "popgate-principal-bin"])
def test_metadata_of_the_gateways_own_is_refused(gateway: Gateway, hospital: Caller, key: str) -> None:
    reply = _ask(hospital, None, ((key, b"x" if key.endswith("-bin") else "x"),))  # type: ignore[arg-type]
    assert reply.reason == "METADATA_RESERVED"
    entry, _ = entries_of(gateway, [reply.call_id])[reply.call_id]
    assert (entry.agency, entry.reason) == ("hospital", reason_number("METADATA_RESERVED"))


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate that the authority of the gateway would never issue, issued with its key all the same."""

    names: tuple[x509.GeneralName, ...] = (x509.UniformResourceIdentifier(spiffe_id(TRUST_DOMAIN, "hospital")),)
    common_name: str = "hospital"
    usages: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    lives_seconds: float = 3600
    trusted: bool = True

    def caller(self, gateway: Gateway, folder: Path) -> Caller:
        """Someone who calls with it."""
        issuer = gateway.state / "ca"
        if not self.trusted:
            issuer = folder / "foreign"
            CertificateAuthority.create(issuer, TRUST_DOMAIN, time.time())
        issuing = x509.load_pem_x509_certificate((issuer / "issuing.pem").read_bytes())
        key, now = make_key(), datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.common_name)]))
            .issuer_name(issuing.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(seconds=self.lives_seconds))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(self.usages), critical=False)
        )
        if self.names:
            builder = builder.add_extension(x509.SubjectAlternativeName(self.names), critical=False)
        leaf = builder.sign(key_from_pem((issuer / "issuing.key").read_bytes()), hashes.SHA256())
        chain = leaf.public_bytes(Encoding.PEM) + issuing.public_bytes(Encoding.PEM)
        return Caller(gateway.identity("hospital"), gateway.address, key=key_to_pem(key), chain=chain)


def _uri(text: str) -> x509.GeneralName:
    return x509.UniformResourceIdentifier(text)


OURS = spiffe_id(TRUST_DOMAIN, "hospital")
MALFORMED_LEAVES: Mapping[str, tuple[Leaf, str]] = {
    "two names": (Leaf((_uri(OURS), _uri(spiffe_id(TRUST_DOMAIN, "insurance")))), "CREDENTIAL_MALFORMED"),
    "the same name twice": (Leaf((_uri(OURS), _uri(OURS))), "CREDENTIAL_MALFORMED"),
    "a host's name beside it": (Leaf((_uri(OURS), x509.DNSName("hospital.example"))), "CREDENTIAL_MALFORMED"),
    "a name only in the common name": (Leaf((), "hospital"), "CREDENTIAL_MALFORMED"),
    "a host's name": (Leaf((x509.DNSName("hospital"),)), "CREDENTIAL_MALFORMED"),
    "a path that is no agency's": (Leaf((_uri(f"spiffe://{TRUST_DOMAIN}/server/hospital"),)), "CREDENTIAL_MALFORMED"),
    "a name in capitals": (Leaf((_uri(f"spiffe://{TRUST_DOMAIN}/agency/HOSPITAL"),)), "CREDENTIAL_MALFORMED"),
    "a name of another trust domain": (Leaf((_uri("spiffe://other.example/agency/hospital"),)), "CREDENTIAL_FOREIGN"),
    "an agency that is not registered": (Leaf((_uri(spiffe_id(TRUST_DOMAIN, "nobody")),)), "CREDENTIAL_REVOKED"),
}


@pytest.mark.parametrize("name", MALFORMED_LEAVES)
def test_a_certificate_outside_the_profile_is_refused_on_every_call(
    name: str, gateway: Gateway, tmp_path: Path, hospital: Caller
) -> None:
    leaf, reason = MALFORMED_LEAVES[name]
    with leaf.caller(gateway, tmp_path) as caller:
        for reply in (
            _ask(caller, hospital.token),
            caller.call(ISSUE_TOKEN, token_service_pb2.IssueTokenRequest(), token=""),
        ):
            assert reply.code is grpc.StatusCode.UNAUTHENTICATED, reply
            if name == "an agency that is not registered" and reply.reason == "CREDENTIAL_FOREIGN":
                continue  # the token is looked at before the agency
            assert reply.reason == reason


HANDSHAKES: Mapping[str, Leaf] = {
    "expired": Leaf(lives_seconds=-60),
    "of another authority": Leaf(trusted=False),
    "for servers only": Leaf(usages=(ExtendedKeyUsageOID.SERVER_AUTH,)),
}


@pytest.mark.parametrize("name", HANDSHAKES)
def test_a_certificate_that_does_not_verify_ends_in_the_handshake(
    name: str, gateway: Gateway, tmp_path: Path, hospital: Caller
) -> None:
    with HANDSHAKES[name].caller(gateway, tmp_path) as caller:
        reply = _ask(caller, hospital.token)
    assert (reply.code, reply.reason) == (grpc.StatusCode.UNAVAILABLE, "")


def test_a_caller_without_a_certificate_ends_in_the_handshake(gateway: Gateway) -> None:
    root = (gateway.identity("hospital") / "ca.pem").read_bytes()
    with grpc.secure_channel(gateway.address, grpc.ssl_channel_credentials(root)) as channel:
        call: Any = channel.unary_unary(ISSUE_TOKEN)
        with pytest.raises(grpc.RpcError) as refused:
            call(b"", timeout=5)
    assert refused_reply(refused.value).code is grpc.StatusCode.UNAVAILABLE


def test_a_certificate_that_expires_on_an_open_connection_is_refused_at_the_next_call_and_message(
    gateway: Gateway, tmp_path: Path
) -> None:
    with Leaf(lives_seconds=3).caller(gateway, tmp_path) as caller:
        caller.with_token()
        stream = Talk(caller)
        assert stream.say([number_of(1)], ["name"], HOSPITAL).code is grpc.StatusCode.OK
        assert _ask(caller).code is grpc.StatusCode.OK
        deadline = time.monotonic() + 20
        while (late := _ask(caller)).code is grpc.StatusCode.OK:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert stream.say([number_of(1)], ["name"], HOSPITAL).reason == "CREDENTIAL_EXPIRED"
        stream.end()
        assert late.reason == "CREDENTIAL_EXPIRED"
        again = caller.call(ISSUE_TOKEN, token_service_pb2.IssueTokenRequest(), token="")
        assert again.reason == "CREDENTIAL_EXPIRED"
    entry, _ = entries_of(gateway, [late.call_id])[late.call_id]
    assert (entry.agency, entry.reason) == ("hospital", reason_number("CREDENTIAL_EXPIRED"))


def test_an_agency_without_a_grant_gets_no_token(gateway: Gateway) -> None:
    with Caller(gateway.identity("newcomer"), gateway.address) as caller:
        reply = caller.call(ISSUE_TOKEN, token_service_pb2.IssueTokenRequest(), token="")
    assert reply.reason == "METHOD_NOT_GRANTED"


def test_refused_credentials_are_counted_without_a_name(gateway: Gateway, tmp_path: Path) -> None:
    before = gateway.metric("gateway_refusals_total", agency="", reason="CREDENTIAL_MALFORMED")
    with Leaf(()).caller(gateway, tmp_path) as caller:
        for _ in range(3):
            _ask(caller, "x")
    labels = {"agency": "", "reason": "CREDENTIAL_MALFORMED"}
    assert gateway.counted("gateway_refusals_total", before + 3, **labels) == before + 3
