"""The certificates that name agencies: their profile, how they are requested and how they are read.

Issues nothing. The chain of a caller's certificate is verified by the TLS handshake, never here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.errors import ArgumentInvalid, CredentialForeign, CredentialMalformed, CsrForeign, FieldViolation

CSR_BYTES_MAX = 4096
_RENEWAL_DOMAIN = b"popgate.renewal.v1\0"

TRUST_DOMAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,254}")
_AGENCY = re.compile(r"[a-z][a-z0-9-]{1,31}")
_UNIT = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_SYSTEM = re.compile(r"[a-z][a-z0-9-]{0,31}")
_SPIFFE_ID = re.compile(
    rf"spiffe://({TRUST_DOMAIN.pattern})/agency/({_AGENCY.pattern})"
    rf"(?:/unit/({_UNIT.pattern}))?(?:/system/({_SYSTEM.pattern}))?"
)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a certificate names: an agency, one of its units, a system of either; `unit` and `system` may be empty.

    `thumbprint`: SHA-256 of the DER, 32 bytes. `not_before`, `not_after`: unix seconds, both inclusive.
    """

    agency: str
    system: str
    thumbprint: bytes
    not_after: int
    not_before: int
    serial: int
    unit: str = ""
    issuer: str = ""
    """Which issuing key signed the certificate, where that was looked at: see `fingerprint`."""

    @property
    def entry_name(self) -> str:
        """How entries and receipts name the caller: `agency` or `agency/unit`."""
        return f"{self.agency}/{self.unit}" if self.unit else self.agency


def spiffe_id(trust_domain: str, agency: str, system: str = "", unit: str = "") -> str:
    """The SPIFFE id of an agency, a unit or a system: /agency/<code>[/unit/<unit>][/system/<name>].

    Raises ValueError on names outside the grammar.
    """
    if (
        not TRUST_DOMAIN.fullmatch(trust_domain)
        or not _AGENCY.fullmatch(agency)
        or (unit and not _UNIT.fullmatch(unit))
        or (system and not _SYSTEM.fullmatch(system))
    ):
        raise ValueError("trust domain, agency, unit or system is not of the grammar of SPIFFE ids used here")
    below = (f"/unit/{unit}" if unit else "") + (f"/system/{system}" if system else "")
    return f"spiffe://{trust_domain}/agency/{agency}{below}"


def parse_spiffe_id(text: str, trust_domain: str) -> tuple[str, str, str]:
    """Agency, unit and system (empty: none). Raises CredentialMalformed, CredentialForeign (other trust domain)."""
    match = _SPIFFE_ID.fullmatch(text)
    if match is None:
        raise CredentialMalformed
    if match[1] != trust_domain:
        raise CredentialForeign("The credential was issued by another gateway; enrol with this one.")
    return match[2], match[3] or "", match[4] or ""


def principal_from_pem(pem: bytes, trust_domain: str) -> Principal:
    """Whom a leaf certificate names; its chain was verified by the handshake.

    Demands exactly one subject alternative name, a SPIFFE id of this trust domain (X509-SVID section 2). A
    common name is decoration and never read. Raises CredentialMalformed, CredentialForeign.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.InvalidVersion):
        raise CredentialMalformed from None
    except x509.UnsupportedGeneralNameType:
        raise CredentialMalformed from None
    if certificate.serial_number <= 0:  # RFC 5280 4.1.2.2
        raise CredentialMalformed
    name = next(iter(names), None)
    if len(names) != 1 or not isinstance(name, x509.UniformResourceIdentifier):
        raise CredentialMalformed
    if ExtendedKeyUsageOID.CLIENT_AUTH not in usages:
        raise CredentialMalformed
    agency, unit, system = parse_spiffe_id(name.value, trust_domain)
    return Principal(
        agency=agency,
        system=system,
        thumbprint=hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest(),
        not_after=int(certificate.not_valid_after_utc.timestamp()),
        not_before=int(certificate.not_valid_before_utc.timestamp()),
        serial=certificate.serial_number,
        unit=unit,
    )


def make_key() -> ec.EllipticCurvePrivateKey:
    """A new P-256 key: what TLS of gRPC and JOSE both take (Ed25519 certificates fail in its handshake)."""
    return ec.generate_private_key(ec.SECP256R1())


def key_to_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS#8 PEM without a passphrase; the file's mode protects it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_to_pem(key: ec.EllipticCurvePublicKey) -> bytes:
    """The public half, SubjectPublicKeyInfo in PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public_from_pem(pem: bytes) -> ec.EllipticCurvePublicKey:
    """Raises ValueError when it is not a P-256 public key."""
    key = load_pem_public_key(pem)
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("not a P-256 public key")
    return key


def key_from_pem(pem: bytes) -> ec.EllipticCurvePrivateKey:
    """Raises ValueError when it is not a P-256 private key."""
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("not a P-256 private key")
    return key


def make_csr(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS#10 request in DER with an empty subject: the enrolment code decides the name, not the caller."""
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return request.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def public_key_of_csr(der: bytes) -> ec.EllipticCurvePublicKey:
    """The P-256 key whose possession the request proves. Raises ArgumentInvalid naming `csr`."""
    if len(der) > CSR_BYTES_MAX:
        raise _csr_invalid(f"is larger than {CSR_BYTES_MAX} bytes")
    try:
        request = x509.load_der_x509_csr(der)
        key = request.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            # Before the signature is checked: a stranger chooses the kind of key, and with it what that costs.
            raise _csr_invalid("does not hold a P-256 key")
        signed = request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, InvalidSignature):
        raise _csr_invalid("is not a PKCS#10 request in DER") from None
    if not signed:
        raise _csr_invalid("is not signed by the key it holds")
    return key


def require_csr_names(der: bytes, trust_domain: str, agency: str, system: str, unit: str) -> None:
    """Raises CsrForeign when a request that was read before asks for a name that is not the caller's.

    A request may ask for none. What it says is never copied into the certificate.
    """
    request = x509.load_der_x509_csr(der)
    own = spiffe_id(trust_domain, agency, system, unit)
    path = "/".join(part for part in (agency, unit, system) if part)
    asked = {str(name.value) for name in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)} - {path}
    try:
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        asked |= {str(name.value) for name in names}
    except x509.ExtensionNotFound:
        pass
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise CsrForeign from None
    if asked - {own}:
        raise CsrForeign


def fingerprint(certificate: x509.Certificate) -> str:
    """What names an issuing key: SHA-256 of its certificate's DER, in hexadecimal."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def issuer_of(pem: bytes, issuers: Iterable[x509.Certificate]) -> str:
    """The fingerprint of that one of the issuing certificates under which a leaf stands. Raises CredentialForeign."""
    leaf = x509.load_pem_x509_certificate(pem)
    for issuer in issuers:
        try:
            leaf.verify_directly_issued_by(issuer)
        except (InvalidSignature, TypeError, ValueError):
            continue
        return fingerprint(issuer)
    raise CredentialForeign("The credential was issued by another gateway; enrol with this one.")


def key_digest(key: ec.EllipticCurvePublicKey) -> bytes:
    """SHA-256 of a public key (SubjectPublicKeyInfo), 32 bytes."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def renewal_statement(certificate: bytes, csr: bytes, signed_at: int) -> bytes:
    """What the key of a certificate (DER) signs to have it renewed; `signed_at`: unix seconds."""
    digests = hashlib.sha256(certificate).digest() + hashlib.sha256(csr).digest()
    return _RENEWAL_DOMAIN + digests + signed_at.to_bytes(8, "big", signed=True)


def _csr_invalid(description: str) -> ArgumentInvalid:
    return ArgumentInvalid(violations=[FieldViolation("csr", description)])
