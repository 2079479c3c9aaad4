"""An agency's identity folder: certificate, key, what to trust. Reads files; never opens a connection."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final, cast

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from gateway.agency.identity import CERTIFICATE_FILE, KEY_FILE, NEXT_KEY_FILE, ROOT_FILE, TRUST_FILE
from gateway.agency.signatures import Signer
from gateway.agency.signing_keys import key_id_of
from gateway.client.errors import IdentityInvalid
from gateway.client.signer import SignerKey

TRUST_KEYS: Final = ("log_origin", "log_verifier", "receipt_verifier", "trust_domain")
IDENTITY_FILES: Final = (CERTIFICATE_FILE, KEY_FILE, ROOT_FILE, TRUST_FILE)
_VIETNAM: Final = timezone(timedelta(hours=7))
_RENEWAL = "enrol again with `popgate enrol` and a new code from the operator"


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A P-256 key that signs requests, apart from the certificate's, wherever it lies.

    `sign` gets data and gives an ECDSA signature over its SHA-256 in DER; it is called in a thread, since a
    device may take its time.
    """

    public_key: EllipticCurvePublicKey
    sign: Signer

    @property
    def key_id(self) -> str:
        """The key's JWK thumbprint (RFC 7638)."""
        return key_id_of(self.public_key)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a client shows and what it trusts.

    `certificates` is the chain, leaf first; `roots` are the gateway's. `server` and `enrolment_server` are
    HOST:PORT, or empty when the folder does not say.
    """

    folder: Path
    certificate_pem: bytes
    key_pem: bytes
    root_pem: bytes
    certificates: tuple[x509.Certificate, ...]
    roots: tuple[x509.Certificate, ...]
    log_origin: str
    log_verifier: str
    receipt_verifier: str
    trust_domain: str
    server: str = ""
    enrolment_server: str = ""
    request_key: RequestKey | None = None
    """Signs requests in place of the folder's signing.key, which is made at first need."""
    signer: Signer | None = None
    """What signs in place of a key file; `key_pem` is empty then."""

    @classmethod
    def from_folder(cls, path: str | Path, now: datetime | None = None, *, signer: Signer | None = None) -> Identity:
        """Read and check a folder with cert.pem, key.pem, ca.pem and trust.json; with `signer` it holds no key.

        With `now` (aware) the certificate's dates are checked too. Raises IdentityInvalid.
        """
        folder = Path(path)
        if not folder.is_dir():
            raise IdentityInvalid(f"There is no identity folder {folder}; name it with --identity, or {_RENEWAL}.")
        identity = _load(folder, signer)
        try:
            check_key(identity)
        except IdentityInvalid:
            # An enrolment replaces the files one by one: what does not match may do so a moment later.
            identity = _with_key(_load(folder, signer))
            check_key(identity)
        if now is not None:
            check_dates(identity, now)
        return identity

    @property
    def certificate(self) -> x509.Certificate:
        """The leaf certificate."""
        return self.certificates[0]

    @property
    def key(self) -> EllipticCurvePrivateKey:
        """The private key, or what signs in its place."""
        if self.signer is not None:
            return SignerKey(cast(EllipticCurvePublicKey, self.certificate.public_key()), self.signer)
        return cast(EllipticCurvePrivateKey, load_pem_private_key(self.key_pem, None))

    def sign(self, data: bytes) -> bytes:
        """ECDSA with SHA-256, in DER, by the certificate's key."""
        return self.key.sign(data, ECDSA(SHA256()))

    @property
    def spiffe_ids(self) -> tuple[str, ...]:
        """All URIs that the certificate names; a good one names exactly one."""
        try:
            names = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return ()
        return tuple(names.get_values_for_type(x509.UniformResourceIdentifier))

    @property
    def agency(self) -> str:
        """Code of the agency that the certificate names; empty when it names none."""
        return self.entry_name.partition("/")[0]

    @property
    def entry_name(self) -> str:
        """How entries and receipts name the caller: `agency` or `agency/unit`; empty when nobody is named."""
        head = f"spiffe://{self.trust_domain}/agency/"
        named = [name.removeprefix(head).split("/") for name in self.spiffe_ids if name.startswith(head)]
        if len(named) != 1:
            return ""
        agency, *below = named[0]
        return f"{agency}/{below[1]}" if len(below) > 1 and below[0] == "unit" else agency


def check_key(identity: Identity) -> None:
    """Raises IdentityInvalid unless the key is a P-256 key and belongs to the certificate."""
    path = identity.folder / KEY_FILE
    try:
        key = identity.key
    except (ValueError, TypeError) as error:
        raise IdentityInvalid(f"{path} holds no readable unencrypted private key; {_RENEWAL}.") from error
    public = identity.certificate.public_key()
    shape = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*shape) != public.public_bytes(*shape):
        raise IdentityInvalid(f"{path} does not belong to the certificate beside it; restore the pair, or {_RENEWAL}.")
    if not isinstance(public, EllipticCurvePublicKey) or public.curve.name != "secp256r1":
        raise IdentityInvalid(f"{path} is not a P-256 key, which the gateway demands; {_RENEWAL}.")


def _with_key(identity: Identity) -> Identity:
    """The identity with the key that its certificate was renewed for, where a renewal was cut off between the two."""
    try:
        renewed = replace(identity, key_pem=(identity.folder / NEXT_KEY_FILE).read_bytes())
        check_key(renewed)
    except (OSError, IdentityInvalid):
        return identity
    return renewed


def local_time(time: datetime) -> str:
    """An aware time in Viet Nam's, for people."""
    return f"{time.astimezone(_VIETNAM):%d/%m/%Y %H:%M} +07:00"


def check_dates(identity: Identity, now: datetime) -> None:
    """Raises IdentityInvalid unless the certificate is valid at `now` (aware)."""
    leaf = identity.certificate
    if now >= leaf.not_valid_after_utc:
        raise IdentityInvalid(
            f"The certificate in {identity.folder} expired at {local_time(leaf.not_valid_after_utc)}; within 7 days "
            f"run `popgate credential recover`, later {_RENEWAL}."
        )
    if now < leaf.not_valid_before_utc:
        raise IdentityInvalid(
            f"The certificate in {identity.folder} is valid only from "
            f"{local_time(leaf.not_valid_before_utc)}; set this machine's clock."
        )


def _load(folder: Path, signer: Signer | None) -> Identity:
    key_pem = _read(folder, KEY_FILE) if signer is None else b""
    certificate_pem, root_pem, trust_text = (_read(folder, name) for name in (CERTIFICATE_FILE, ROOT_FILE, TRUST_FILE))
    trust = _trust_of(folder, trust_text)
    return Identity(
        folder=folder,
        certificate_pem=certificate_pem,
        key_pem=key_pem,
        root_pem=root_pem,
        certificates=_certificates_of(folder / CERTIFICATE_FILE, certificate_pem),
        roots=_certificates_of(folder / ROOT_FILE, root_pem),
        log_origin=trust["log_origin"],
        log_verifier=trust["log_verifier"],
        receipt_verifier=trust["receipt_verifier"],
        trust_domain=trust["trust_domain"],
        server=trust.get("server", ""),
        enrolment_server=trust.get("enrolment_server", ""),
        signer=signer,
    )


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise IdentityInvalid(f"{path} is missing; restore it, or {_RENEWAL}.") from None
    except OSError as error:
        raise IdentityInvalid(f"{path} cannot be read ({error.strerror}); run as the user it belongs to.") from None


def _certificates_of(path: Path, pem: bytes) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise IdentityInvalid(f"{path} holds no readable certificate; {_RENEWAL}.") from error


def _trust_of(folder: Path, text: bytes) -> dict[str, str]:
    path = folder / TRUST_FILE
    try:
        trust = json.loads(text)
    except ValueError as error:
        raise IdentityInvalid(f"{path} is not JSON; {_RENEWAL}.") from error
    if not isinstance(trust, dict) or not all(isinstance(value, str) for value in trust.values()):
        raise IdentityInvalid(f"{path} is not a JSON object of texts; {_RENEWAL}.")
    missing = [key for key in TRUST_KEYS if not trust.get(key)]
    if missing:
        raise IdentityInvalid(f"{path} lacks {', '.join(missing)}; {_RENEWAL}.")
    return cast(dict[str, str], trust)
