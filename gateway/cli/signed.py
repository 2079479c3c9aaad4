"""`popgate audit verify-signature`: that an agency signed the very request of an entry; offline, from the log alone."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.exits import NO_EVIDENCE
from gateway.cli.options import JsonOption
from gateway.cli.output import moment, print_json

if TYPE_CHECKING:
    from gateway.audit.detail import SignedRequest
    from gateway.audit.entry import Entry


class NotSigned(Exception):
    """The entry does not hold a signature that proves its request. The sentence says why."""


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry whose request was signed. `issued_at`: unix seconds, by the signer's clock."""

    entry: Entry
    key_id: str
    signature_id: str
    issued_at: int
    signed: SignedRequest

    @property
    def payload(self) -> bytes:
        """The exact bytes that the signature is over."""
        return self.signed.digests or self.signed.request


def prove(log: Path, log_key: str, index: int, keys: Path) -> Proven:
    """Check the signature that the detail of entry `index` keeps. Raises NotSigned, AuditError, GatewayError, OSError.

    The entry belongs to a log whose checkpoint is signed; that it is one of its leaves `popgate audit verify` shows.
    `keys`: directory with the detail key of the entry's month.
    """
    from gateway.agency.signatures import SKEW_SECONDS_MAX, Signature, digests_of
    from gateway.agency.signing_keys import key_id_of, public_key_of
    from gateway.audit.checkpoint import open_checkpoint
    from gateway.audit.detail import open_
    from gateway.audit.entry import decode
    from gateway.audit.keys import KeyRing
    from gateway.audit.note import Verifier
    from gateway.audit.reader import LogReader

    reader = LogReader(str(log))
    size = open_checkpoint(reader.checkpoint(), Verifier.from_text(log_key)).size
    if not 0 <= index < size:
        raise NotSigned(f"the log has {size} entries, none is number {index}")
    entry = decode(reader.entry(index, size))
    blob = reader.detail(index, size)
    detail = open_(blob, KeyRing(str(keys), os.urandom), entry.call_id, entry.commitment) if blob else None
    if detail is None or detail.signed is None:
        raise NotSigned("the entry keeps no signature: its method demands none, or it is the outcome of an intent")
    signed, signature = detail.signed, Signature.from_text(detail.signed.jws)
    key = public_key_of(signed.key)
    # 1. The key is the one that the signature names; whose it is, its registration's entry says.
    if key_id_of(key) != signature.key_id:
        raise NotSigned("the signature names another key than the one beside it")
    # 2. The request is the one that the entry commits to, and was signed for this method at about this time.
    if sha256(signed.request).digest() != detail.request_digest:
        raise NotSigned("the request is not the one whose digest the detail holds")
    if signature.method.rpartition("/")[2] != entry.method:
        raise NotSigned("the signature was made for another method")
    if abs(entry.time_us / 1e6 - signature.issued_at) > 2 * SKEW_SECONDS_MAX:
        raise NotSigned("the signature was made at another time")
    if signature.batch and detail.request_digest not in digests_of(signed.digests):
        raise NotSigned("the request is not one of the signed batch")
    # 3. The key's holder signed it.
    signature.check(signed.digests if signature.batch else signed.request, key)
    return Proven(entry, signature.key_id, signature.signature_id, signature.issued_at, signed)


def verify_signature(
    log: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, metavar="DIR", help="The published log, or a copy of it.")
    ],
    index: Annotated[int, typer.Argument(min=0, metavar="ENTRY", help="The entry, for a push that of its intent.")],
    keys: Annotated[
        Path, typer.Option("--keys", exists=True, file_okay=False, metavar="DIR", help="Holds detail-YYYYMM.key.")
    ],
    vkey: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Verifier line of the log.", show_default="log.vkey in DIR")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write payload, JWS and key there, for tools that are not ours.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify that an agency signed the request of an entry. Exit code 4 when it did not."""
    from gateway.audit.errors import AuditError
    from gateway.cli.audit import verifier_line
    from gateway.errors import GatewayError

    line = verifier_line(vkey, log, "log.vkey", "--vkey").strip()
    try:
        proven = prove(log, line, index, keys)
    except (NotSigned, AuditError, GatewayError) as error:
        print(f"NOT VERIFIED: {error}", file=sys.stderr)
        raise typer.Exit(NO_EVIDENCE) from None
    if out is not None:
        _write(out, proven)
    entry, issued = proven.entry, datetime.fromtimestamp(proven.issued_at, UTC)
    if as_json:
        print_json(
            {
                "index": index,
                "agency": entry.agency,
                "method": entry.method,
                "call_id": entry.call_id.hex(),
                "key_id": proven.key_id,
                "signature_id": proven.signature_id,
                "issued_time": issued.isoformat(),
                "request_sha256": sha256(proven.signed.request).hexdigest(),
                "signature": proven.signed.jws,
            }
        )
        return
    print(f"Entry {index}: {entry.agency} signed this {entry.method} at {moment(issued)} (call {entry.call_id.hex()})")
    print(f"key {proven.key_id}")
    print(f"request of {len(proven.signed.request):,} bytes, SHA-256 {sha256(proven.signed.request).hexdigest()}")


def _write(folder: Path, proven: Proven) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from gateway.agency.identity import write_private
    from gateway.agency.signing_keys import public_key_of

    # Private: the request is about people.
    write_private(folder / "payload.bin", proven.payload)
    write_private(folder / "request.bin", proven.signed.request)
    write_private(folder / "request.jws", proven.signed.jws.encode())
    pem = public_key_of(proven.signed.key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_private(folder / "key.pem", pem)
