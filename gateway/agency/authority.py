"""The gateway's own certificate authority: issues certificates of servers and agencies, grants nothing.

Who holds the issuing key can name itself any agency until the certificate expires.
"""

from __future__ import annotations

import errno
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.agency.certificates import (
    TRUST_DOMAIN,
    Principal,
    key_from_pem,
    key_to_pem,
    make_key,
    principal_from_pem,
    spiffe_id,
)
from gateway.agency.identity import write_private_folder

AGENCY_LIFETIME_SECONDS = 24 * 3600
_ROOT_DAYS = 20 * 365
_ISSUING_DAYS = 5 * 365
_BACKDATED_SECONDS = 300  # clocks of callers that are a little behind still accept the certificate
_COMMON_NAME_CHARACTERS_MAX = 64  # RFC 5280, ub-common-name


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate just issued: leaf and issuing certificate as PEM, and whom the leaf names."""

    chain_pem: bytes
    principal: Principal


class CertificateAuthority:
    """The gateway's own authority: a root and, below it, an issuing key with path length 0 that signs leaves.

    Files: root.pem, root.key, issuing.pem, issuing.key. Only the issuing key is needed to issue, so root.key
    may be taken off the machine after `create`.
    """

    def __init__(self, root: x509.Certificate, issuing: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        """Raises ValueError when the three do not belong together."""
        try:
            issuing.verify_directly_issued_by(root)
        except (InvalidSignature, TypeError) as error:
            raise ValueError("the issuing certificate was not issued by the root") from error
        if issuing.public_key() != key.public_key():
            raise ValueError("the issuing key does not belong to the issuing certificate")
        names = issuing.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        (uri,) = names.get_values_for_type(x509.UniformResourceIdentifier)
        self.trust_domain = uri.removeprefix("spiffe://")
        self.root_pem = root.public_bytes(Encoding.PEM)
        self._issuing = issuing
        self._issuing_pem = issuing.public_bytes(Encoding.PEM)
        self._key = key

    @classmethod
    def create(cls, directory: Path, trust_domain: str, now: float) -> CertificateAuthority:
        """Make both keys and certificates. Raises FileExistsError when the directory holds anything."""
        if not TRUST_DOMAIN.fullmatch(trust_domain):
            raise ValueError("a trust domain has lower-case letters, digits, dots, hyphens and underscores")
        if directory.exists() and any(directory.iterdir()):
            raise FileExistsError(errno.EEXIST, "holds an authority already", str(directory))
        root_key, issuing_key = make_key(), make_key()
        root = _authority_certificate(trust_domain, "root", root_key, None, root_key, now)
        issuing = _authority_certificate(trust_domain, "issuing", issuing_key, root, root_key, now)
        # All four files or none: a crash between them would leave an authority that can never be opened.
        write_private_folder(
            directory,
            {
                "root.pem": root.public_bytes(Encoding.PEM),
                "root.key": key_to_pem(root_key),
                "issuing.pem": issuing.public_bytes(Encoding.PEM),
                "issuing.key": key_to_pem(issuing_key),
            },
        )
        return cls(root, issuing, issuing_key)

    @classmethod
    def open(cls, directory: Path) -> CertificateAuthority:
        """Raises FileNotFoundError when a file is missing, ValueError when they do not belong together."""
        return cls(
            x509.load_pem_x509_certificate((directory / "root.pem").read_bytes()),
            x509.load_pem_x509_certificate((directory / "issuing.pem").read_bytes()),
            key_from_pem((directory / "issuing.key").read_bytes()),
        )

    def issued(self, leaf: x509.Certificate) -> bool:
        """Whether the certificate was issued by the present issuing key."""
        try:
            leaf.verify_directly_issued_by(self._issuing)
        except (InvalidSignature, TypeError, ValueError):
            return False
        return True

    def issue_server(self, names: Sequence[str], public_key: ec.EllipticCurvePublicKey, now: float, days: int) -> bytes:
        """A server certificate for DNS names and IP addresses: leaf and issuing certificate, PEM."""
        alternatives = [general_name(name) for name in names]
        leaf = self._issue(names[0], alternatives, ExtendedKeyUsageOID.SERVER_AUTH, public_key, now, days * 86400)
        return leaf.public_bytes(Encoding.PEM) + self._issuing_pem

    def issue_agency(
        self,
        agency: str,
        system: str,
        public_key: ec.EllipticCurvePublicKey,
        now: float,
        lifetime_seconds: int = AGENCY_LIFETIME_SECONDS,
        unit: str = "",
    ) -> Issued:
        """A client certificate (X509-SVID) for an agency, one of its units, or a system of either."""
        uri = x509.UniformResourceIdentifier(spiffe_id(self.trust_domain, agency, system, unit))
        name = "/".join(part for part in (agency, unit, system) if part)
        leaf = self._issue(
            name, [uri], ExtendedKeyUsageOID.CLIENT_AUTH, public_key, now, lifetime_seconds
        ).public_bytes(Encoding.PEM)
        return Issued(leaf + self._issuing_pem, principal_from_pem(leaf, self.trust_domain))

    def _issue(
        self,
        common_name: str,
        alternatives: Sequence[x509.GeneralName],
        usage: x509.ObjectIdentifier,
        public_key: ec.EllipticCurvePublicKey,
        now: float,
        lifetime_seconds: int,
    ) -> x509.Certificate:
        issuer_key_id = self._issuing.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        # A leaf that outlives its issuer would fail in the handshake, without a reason the caller can read.
        until = min(_time(now + lifetime_seconds), self._issuing.not_valid_after_utc)
        return (
            x509.CertificateBuilder()
            .subject_name(_name(common_name[:_COMMON_NAME_CHARACTERS_MAX]))
            .issuer_name(self._issuing.subject)
            .public_key(public_key)
            .serial_number(_serial())
            .not_valid_before(_time(now - _BACKDATED_SECONDS))
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key_id), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )


def server_names(leaf: x509.Certificate) -> frozenset[str]:
    """The DNS names and addresses in a server's certificate, as text."""
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return frozenset(str(name.value) for name in names)


def general_name(name: str) -> x509.GeneralName:
    """An IP address when it reads as one, otherwise a DNS name."""
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _authority_certificate(
    trust_domain: str,
    role: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: float,
) -> x509.Certificate:
    subject = _name(f"popgate {role} authority")
    days = _ROOT_DAYS if issuer is None else _ISSUING_DAYS
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(_serial())
        .not_valid_before(_time(now - _BACKDATED_SECONDS))
        .not_valid_after(_time(now + days * 86400))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None if issuer is None else 0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        # X509-SVID section 4.1: an authority may carry the bare id of its trust domain, without a path.
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"spiffe://{trust_domain}")]),
            critical=False,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _serial() -> int:
    # RFC 5280 4.1.2.2: positive. 128 random bits, the first byte not zero.
    return int.from_bytes(bytes([secrets.randbelow(127) + 1]) + secrets.token_bytes(15))


def _time(unix_seconds: float) -> datetime:
    return datetime.fromtimestamp(int(unix_seconds), UTC)
