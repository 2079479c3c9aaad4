"""Fifth step, where contract or grant demand it: the caller signed exactly this request, and cannot deny it later.

Behind the other checks, since it costs more than all of them (about 110 us). Whether the signature was used
before is for the log to say, when it takes the call's entry: only there all workers meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hashlib import blake2b, sha256
from typing import Any

from gateway.agency.policy import PolicyView
from gateway.agency.signatures import (
    DIGESTS_KEY,
    SIGNATURE_KEY,
    SIGNED_REQUEST_BYTES_MAX,
    Signature,
    digests_of,
)
from gateway.agency.signing_keys import der_of, find_key, key_id_of, public_key_of
from gateway.api.v1 import options_pb2
from gateway.audit.detail import SignedRequest
from gateway.chain.base import Call
from gateway.errors import ClockSkewed, MessageTooLarge, SignatureForeign, SignatureMalformed, SignatureMissing

BATCHES_REMEMBERED_MAX = 256
ONCE_BYTES = 16


class SignatureVerifier:
    """Checks the signature of a call.

    Remembers the batches it verified, so that the calls of one cost one check together; what it remembers is the
    whole signature, the digests and the key, and each call still needs a key in force.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        """`now`: seconds since 1970."""
        self._now = now
        self._batches: dict[bytes, None] = {}

    def verify(self, call: Call, view: PolicyView, metadata: Iterable[tuple[str, Any]] | None) -> None:
        """Set what the call's entry keeps of the signature, and what makes it good for one call only.

        Raises NotIdentified: Signature*, SigningKey*, ClockSkewed; MessageTooLarge.
        """
        if call.method.frame_class is not None:
            raise SignatureMissing  # the messages of a stream have no place for one
        text, digests = _found(metadata)
        if len(call.request) > SIGNED_REQUEST_BYTES_MAX:
            raise MessageTooLarge(
                f"A signed request is at most {SIGNED_REQUEST_BYTES_MAX >> 10} KiB; send fewer items."
            )
        signature = Signature.from_text(text)
        if signature.method != f"/{call.method.service}/{call.method.name}":
            raise SignatureForeign
        now = self._now()
        try:
            signature.check_time(now)
        except ClockSkewed:
            raise ClockSkewed(metadata={"server_time": datetime.fromtimestamp(now, UTC).isoformat()}) from None
        der = self._key(call, view, signature, now)
        if signature.batch:
            self._check_batch(call, signature, text, digests, der)
        else:
            signature.check(call.request, public_key_of(der))
        call.signed = SignedRequest(text, der, call.request, digests)
        # The signature's own bytes are no part of it: of one signature another valid one can be made (n - s).
        used = b"\0".join((signature.key_id.encode(), signature.signature_id.encode()))
        if signature.batch:
            used += b"\0" + sha256(call.request).digest()
        call.once = blake2b(used, digest_size=ONCE_BYTES).digest()

    def _key(self, call: Call, view: PolicyView, signature: Signature, now: float) -> bytes:
        assert call.principal is not None
        if call.method.signed != options_pb2.SIGNATURE_RULE_INTRODUCED_KEY:
            return find_key(view.signing_keys, signature.key_id, call.principal, now).der
        key = public_key_of(call.message.public_key)
        if key_id_of(key) != signature.key_id:
            raise SignatureForeign
        return der_of(key)

    def _check_batch(self, call: Call, signature: Signature, text: str, payload: bytes, der: bytes) -> None:
        if sha256(call.request).digest() not in digests_of(payload):
            raise SignatureForeign
        verified = blake2b(b"\0".join((text.encode(), der, payload))).digest()
        if verified in self._batches:
            return
        signature.check(payload, public_key_of(der))
        if len(self._batches) >= BATCHES_REMEMBERED_MAX:
            del self._batches[next(iter(self._batches))]  # the oldest
        self._batches[verified] = None


def _found(metadata: Iterable[tuple[str, Any]] | None) -> tuple[str, bytes]:
    """The signature, and the digests of its batch or nothing. Raises SignatureMissing, SignatureMalformed."""
    texts, digests = [], []
    for key, value in metadata or ():
        if key == SIGNATURE_KEY:
            texts.append(value)
        elif key == DIGESTS_KEY:
            digests.append(value)
    if not texts:
        raise SignatureMissing
    if len(texts) > 1 or not isinstance(texts[0], str) or len(digests) > 1:
        raise SignatureMalformed
    return texts[0], digests[0] if digests else b""
