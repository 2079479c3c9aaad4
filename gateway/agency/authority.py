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
from gateway.keyfiles import active, key_files

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
    """The gateway's own authority: roots and, below them, issuing keys with path length 0 that sign leaves.

    Files: root.pem, root.key, issuing.pem, issuing.key, and later ones of the same kinds (see keyfiles). Only the
    active issuing key is needed to issue, so root keys may be taken off the machine after `create`.
    """

    def __init__(
        self,
        roots: Sequence[x509.Certificate],
        issuing: x509.Certificate,
        key: ec.EllipticCurvePrivateKey,
        others: Sequence[x509.Certificate] = (),
    ) -> None:
        """`roots`: newest first. `others`: issuing certificates that are announced or retired.

        Raises ValueError when they do not belong together.
        """
        if not any(_has_issued(root, issuing) for root in roots):
            raise ValueError("the issuing certificate was not issued by the root")
        if issuing.public_key() != key.public_key():
            raise ValueError("the issuing key does not belong to the issuing certificate")
        names = issuing.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        (uri,) = names.get_values_for_type(x509.UniformResourceIdentifier)
        self.trust_domain = uri.removeprefix("spiffe://")
        self.root_pem = b"".join(root.public_bytes(Encoding.PEM) for root in roots)
        """All roots, newest first."""
        self._issuing = issuing
        self._issuing_pem = issuing.public_bytes(Encoding.PEM)
        self._key = key
        self._others = tuple(others)

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
        return cls([root], issuing, issuing_key)

    @classmethod
    def open(cls, directory: Path, now: float) -> CertificateAuthority:
        """As it stands at `now`. Raises FileNotFoundError when a file is missing, ValueError when they do not
        belong together."""
        files = key_files(directory, "issuing", ".pem")
        chosen = active(files, now)
        return cls(
            x509.load_pem_x509_certificates(root_bundle(directory)),
            _certificate(chosen.path),
            key_from_pem(chosen.path.with_suffix(".key").read_bytes()),
            [_certificate(file.path) for file in files if file != chosen],
        )

    def issued(self, leaf: x509.Certificate) -> bool:
        """Whether the certificate was issued by one of the issuing keys, retired ones included."""
        return any(_has_issued(issuing, leaf) for issuing in (self._issuing, *self._others))

    def is_issuer(self, leaf: x509.Certificate) -> bool:
        """Whether the certificate was issued by the active issuing key."""
        return _has_issued(self._issuing, leaf)

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


def root_bundle(directory: Path) -> bytes:
    """All root certificates of an authority's folder as PEM, newest first. Raises FileNotFoundError."""
    files = key_files(directory, "root", ".pem")
    if not files:
        raise FileNotFoundError(errno.ENOENT, "does not exist", str(directory / "root.pem"))
    return b"".join(file.path.read_bytes() for file in reversed(files))


def make_issuing(
    root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey, trust_domain: str, now: float
) -> dict[str, bytes]:
    """A further issuing key under a root: the files .pem and .key by suffix.

    Raises ValueError when the key is not the root's.
    """
    if root.public_key() != root_key.public_key():
        raise ValueError("the root key does not belong to the newest root certificate")
    key = make_key()
    certificate = _authority_certificate(trust_domain, "issuing", key, root, root_key, now)
    return {".key": key_to_pem(key), ".pem": certificate.public_bytes(Encoding.PEM)}


def make_root(trust_domain: str, now: float) -> dict[str, bytes]:
    """A further root: the files .pem and .key by suffix."""
    key = make_key()
    certificate = _authority_certificate(trust_domain, "root", key, None, key, now)
    return {".key": key_to_pem(key), ".pem": certificate.public_bytes(Encoding.PEM)}


def _has_issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


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
