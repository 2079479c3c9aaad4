"""Certificate-bound access tokens: signed here, verified here, valid nowhere but on the channel they name.

A token is a ceiling: it says what a certificate may do at most until it expires. It never widens the policy.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from gateway.agency.certificates import Principal, parse_spiffe_id, spiffe_id
from gateway.agency.grants import Grant, Leniency
from gateway.errors import (
    ArgumentInvalid,
    CredentialExpired,
    CredentialForeign,
    CredentialMalformed,
    FieldViolation,
    NotIdentified,
)

TOKEN_BYTES_MAX = 8192
TOKEN_ISSUED_BYTES_MAX = 7168  # beside the other metadata of a call, within gRPC's default of 8 KiB
TOKEN_LIFETIME_SECONDS_MAX = 600
TOKEN_CACHE_ENTRIES_MAX = 2048  # of all agencies; who has most of them loses the oldest
TOKEN_FAILURES_MAX = 256
TOKEN_FAILURE_SECONDS = 2
NOT_BEFORE_LEEWAY_SECONDS = 5

_ALGORITHM = "ES256"
_TYPE = "at+jwt"  # RFC 9068 section 2.1
_DETAIL_TYPE = "registry"
# An ES256 signature is 64 bytes; its last character has four spare bits, zero in the one canonical spelling.
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{85}[AQgw]")
_TOKEN_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Token:
    """A verified token. `token_id`: 16 bytes. `expires`: unix seconds, exclusive. `grants`: by grant id."""

    token_id: bytes
    agency: str
    system: str
    expires: int
    grants: Mapping[int, Grant]
    unit: str = ""
    key_id: str = ""
    """The `kid` of the key that signed it."""


def key_id(key: ec.EllipticCurvePublicKey) -> str:
    """The `kid` of a token key: its JWK thumbprint (RFC 7638)."""
    return ECKey.import_key(key).thumbprint()


def jwks(keys: Iterable[ec.EllipticCurvePublicKey]) -> dict[str, Any]:
    """The token keys as a JWK set (RFC 7517), public parts only, for verifiers that are not ours."""
    members = []
    for key in keys:
        member = ECKey.import_key(key).as_dict(private=False)
        members.append(member | {"kid": key_id(key), "use": "sig", "alg": _ALGORITHM})
    return {"keys": members}


class TokenSigner:
    """Issues tokens with one P-256 key."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, issuer: str, audience: str, trust_domain: str) -> None:
        """`issuer` and `audience` name this gateway; verifiers compare them for equality."""
        self.key_id = key_id(key.public_key())
        self.public_key = key.public_key()
        self._key = ECKey.import_key(key)
        self._issuer = issuer
        self._audience = audience
        self._trust_domain = trust_domain

    def issue(
        self,
        principal: Principal,
        grants: Iterable[Grant],
        now: float,
        token_id: bytes,
        lifetime_seconds: int = TOKEN_LIFETIME_SECONDS_MAX,
    ) -> tuple[str, int]:
        """The compact JWT and when it expires (unix seconds), never after the certificate.

        `grants`: what to carry, already cut down to the purposes asked for. `token_id`: 16 random bytes.
        Raises ArgumentInvalid naming `purposes` when the token would be too large for a call's metadata.
        """
        if not 0 < lifetime_seconds <= TOKEN_LIFETIME_SECONDS_MAX:
            raise ValueError(f"a token lives 1 to {TOKEN_LIFETIME_SECONDS_MAX} seconds")
        issued_at = int(now)
        expires = min(issued_at + lifetime_seconds, principal.not_after)
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": spiffe_id(self._trust_domain, principal.agency, principal.system, principal.unit),
            "client_id": "/".join(part for part in (principal.agency, principal.unit, principal.system) if part),
            "jti": token_id.hex(),
            "iat": issued_at,
            "nbf": issued_at,
            "exp": expires,
            "cnf": {"x5t#S256": _encode(principal.thumbprint)},  # RFC 8705 section 3.1
            "authorization_details": [_detail(grant) for grant in grants],  # RFC 9396
        }
        header = {"alg": _ALGORITHM, "typ": _TYPE, "kid": self.key_id}
        token = jwt.encode(header, claims, self._key, algorithms=[_ALGORITHM], default_type=None)
        if len(token) > TOKEN_ISSUED_BYTES_MAX:
            raise ArgumentInvalid(
                "The grants do not fit into one token; restrict it to some purposes.",
                violations=[FieldViolation("purposes", f"would make more than {TOKEN_ISSUED_BYTES_MAX} bytes")],
            )
        return token, expires


class TokenVerifier:
    """Verifies tokens of this gateway, and remembers what it verified until the token expires.

    Both memories are bounded and keyed by the whole token and the certificate, so that no part of a token and
    no other channel can borrow a verified answer. Verified tokens make room among those of the agency that has most:
    however many one agency has issued to it, the others' stay as long as they have fewer.
    """

    def __init__(
        self,
        keys: Mapping[str, ec.EllipticCurvePublicKey],
        issuer: str,
        audience: str,
        trust_domain: str,
    ) -> None:
        """`keys`: by key id, announced, active and retired ones alike."""
        self._issuer = issuer
        self._audience = audience
        self._trust_domain = trust_domain
        self._verified: dict[str, dict[tuple[str, bytes], Token]] = {}
        self._failed: dict[tuple[str, bytes], tuple[float, type[NotIdentified]]] = {}
        self.use(keys)

    def use(self, keys: Mapping[str, ec.EllipticCurvePublicKey]) -> None:
        """Go on with other keys; what was verified under one that is gone is forgotten."""
        self._keys = {kid: ECKey.import_key(key, {"kid": kid, "alg": _ALGORITHM}) for kid, key in keys.items()}
        self._verified.clear()
        self._failed.clear()

    def verify(self, token: str, principal: Principal, now: float) -> Token:
        """The token, when it is ours, in force, and bound to the certificate of `principal`.

        Raises CredentialMalformed, CredentialForeign (other gateway or certificate), CredentialExpired.
        """
        if len(token) > TOKEN_BYTES_MAX:
            raise CredentialMalformed
        place = (token, principal.thumbprint)
        own = self._verified.setdefault(principal.agency, {})
        known = own.get(place)
        if known is not None:
            if now >= known.expires:
                del own[place]
                raise CredentialExpired
            return known
        failure = self._failed.get(place)
        if failure is not None:
            failed_at, error = failure
            if failed_at <= now < failed_at + TOKEN_FAILURE_SECONDS:
                raise error
            del self._failed[place]
        try:
            verified = self._verify(token, principal, now)
        except NotIdentified as error:
            if len(self._failed) >= TOKEN_FAILURES_MAX:
                _forget_oldest(self._failed)
            self._failed[place] = now, type(error)
            raise
        if sum(map(len, self._verified.values())) >= TOKEN_CACHE_ENTRIES_MAX:
            _forget_oldest(max(self._verified.values(), key=len))
        own[place] = verified
        return verified

    def _verify(self, token: str, principal: Principal, now: float) -> Token:
        claims = self._claims(token)
        try:
            if claims["iss"] != self._issuer or claims["aud"] != self._audience:
                raise CredentialForeign
            agency, unit, system = parse_spiffe_id(claims["sub"], self._trust_domain)
            bound_to = claims["cnf"]["x5t#S256"]
            token_id, expires, not_before = claims["jti"], claims["exp"], claims["nbf"]
            if type(expires) is not int or type(not_before) is not int or not _TOKEN_ID.fullmatch(token_id):
                raise CredentialMalformed
            grants = [_grant(detail, not_before, expires) for detail in claims["authorization_details"]]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise CredentialMalformed from None
        if bound_to != _encode(principal.thumbprint) or (agency, unit) != (principal.agency, principal.unit):
            raise CredentialForeign
        if now >= expires:  # RFC 7519 section 4.1.4, without leeway
            raise CredentialExpired
        if now < not_before - NOT_BEFORE_LEEWAY_SECONDS:
            raise CredentialMalformed("The token is not valid yet; compare clocks with server_time.")
        held = {grant.grant_id: grant for grant in grants}
        return Token(bytes.fromhex(token_id), agency, system, expires, held, unit, _header(token)["kid"])

    def _claims(self, token: str) -> dict[str, Any]:
        if not _COMPACT.fullmatch(token):
            raise CredentialMalformed
        header = _header(token)
        # Exactly the header that the signer writes. Refuses `crit`, `jwk`, `jku`, `b64` and every other
        # algorithm before a library looks at them (RFC 8725 sections 3.1, 3.11).
        if header.keys() != {"alg", "typ", "kid"} or header["alg"] != _ALGORITHM or header["typ"] != _TYPE:
            raise CredentialMalformed
        kid = header["kid"]
        key = self._keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise CredentialForeign
        try:
            return jwt.decode(token, KeySet([key]), algorithms=[_ALGORITHM]).claims
        except (JoseError, ValueError, RecursionError):
            raise CredentialMalformed from None


def _forget_oldest(memory: dict[tuple[str, bytes], Any]) -> None:
    del memory[next(iter(memory))]


def _header(token: str) -> dict[str, Any]:
    segment = token.partition(".")[0]
    try:
        raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
        header = json.loads(raw)
    except (ValueError, RecursionError):
        raise CredentialMalformed from None
    if not isinstance(header, dict):
        raise CredentialMalformed
    return header


def _detail(grant: Grant) -> dict[str, Any]:
    stated = {
        "type": _DETAIL_TYPE,
        "grant": grant.grant_id,
        "methods": sorted(grant.methods),
        "purposes": {purpose: sorted(bases) for purpose, bases in sorted(grant.purposes.items())},
        "fields": sorted(grant.fields),
        "provinces": sorted(grant.provinces),
    }
    optional = {
        "verify_fields": sorted(grant.verify_fields),
        "predicates": sorted(grant.predicates),
        "leniency": int(grant.leniency) if grant.leniency != Leniency.EXACT else None,
        "own_subjects": grant.own_subjects,
    }
    # Space in a token is short: what says nothing is left out.
    return stated | {name: value for name, value in optional.items() if value}


def _grant(detail: dict[str, Any], from_time: int, until_time: int) -> Grant:
    if detail["type"] != _DETAIL_TYPE or type(detail["grant"]) is not int:
        raise CredentialMalformed
    return Grant(
        grant_id=detail["grant"],
        methods=_texts(detail["methods"]),
        purposes={purpose: _texts(bases) for purpose, bases in detail["purposes"].items()},
        fields=_texts(detail["fields"]),
        provinces=_texts(detail["provinces"]),
        from_time=from_time,
        until_time=until_time,
        contract_digest=b"",
        verify_fields=_texts(detail.get("verify_fields", [])),
        predicates=_texts(detail.get("predicates", [])),
        leniency=Leniency(detail.get("leniency", Leniency.EXACT)),
        own_subjects=detail.get("own_subjects", False) is not False,
    )


def _texts(values: Any) -> frozenset[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise CredentialMalformed
    return frozenset(values)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
