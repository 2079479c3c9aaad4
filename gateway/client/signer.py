"""A private key that stays where it is, in a smart card or an HSM: what signs with it is a function."""

from __future__ import annotations

from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import ec

from gateway.agency.signatures import Signer


class SignerKey(ec.EllipticCurvePrivateKey):
    """The key behind a signer, for what asks for a key object: it signs, and shows nothing but its public half.

    The signer gives ECDSA signatures with SHA-256, in DER, by one P-256 key. It may block; any thread may call it.
    """

    def __init__(self, public_key: ec.EllipticCurvePublicKey, sign: Signer) -> None:
        self._public_key = public_key
        self._sign = sign

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._public_key

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """By the signer. Raises TypeError for anything but ECDSA with SHA-256."""
        algorithm = getattr(signature_algorithm.algorithm, "name", "")
        if not isinstance(signature_algorithm, ec.ECDSA) or algorithm != "sha256":
            raise TypeError("a signer gives ECDSA with SHA-256 only")
        return self._sign(bytes(data))

    @property
    def curve(self) -> ec.EllipticCurve:
        """P-256."""
        return self._public_key.curve

    @property
    def key_size(self) -> int:
        """In bits."""
        return self._public_key.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        """Never."""
        raise TypeError("a signer agrees on no keys")

    def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
        """Never."""
        raise TypeError("the key does not leave its device")

    def private_bytes(self, encoding: Any, format: Any, encryption_algorithm: Any) -> bytes:  # noqa: A002
        """Never."""
        raise TypeError("the key does not leave its device")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> Self:
        return self
