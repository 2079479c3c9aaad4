"""The audit log's fixed bytes, built from fixed inputs; run as a module to write vectors.json anew."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.audit.checkpoint import Checkpoint
from gateway.audit.detail import Detail, seal
from gateway.audit.entry import Decision, Entry, Kind
from gateway.audit.keys import DetailKey
from gateway.audit.note import Signer
from gateway.audit.receipt import sign_commit
from gateway.audit.tags import TagKey
from gateway.audit.tiles import pack_details, pack_entries
from gateway.audit.tree import leaf_hash, root_of

PATH = Path(__file__).with_name("vectors.json")
ORIGIN = "audit.popgate.example/1"
MONTH = "202407"


def build() -> dict[str, str]:
    """Every vector as hex or text."""
    tags = TagKey(MONTH, bytes(range(32)))
    detail = Detail(
        case_reference="HS-2024-17",
        officer="officer-4",
        fields=("full_name", "birth_date"),
        numbers=("001099000001", "001099000002"),
        person_ids=(7, 0),
        request_digest=b"\x11" * 32,
        response_digest=b"\x22" * 32,
        note="note",
    )
    call_id = bytes(range(16))
    commitment, blob = seal(detail, DetailKey(MONTH, b"\x33" * 32), call_id, b"\x44" * 32, b"\x55" * 12)
    disclosure = Entry(
        kind=Kind.DISCLOSURE,
        call_id=call_id,
        origin=ORIGIN,
        time_us=1_719_766_800_000_000,
        worker_epoch=3,
        stream_sequence=2,
        policy_version=9,
        people=1,
        certificate=b"\x66" * 32,
        token=b"\x77" * 16,
        commitment=commitment,
        agency="tax-hanoi",
        method="LookUpPeople",
        purpose="TAX_ASSESSMENT",
        legal_basis="LAW_38_2019",
        tags=tags.person(7) + tags.number("001099000002"),
    ).encode()
    folded = Entry(
        kind=Kind.REFUSALS_FOLDED,
        call_id=bytes(16),
        origin=ORIGIN,
        time_us=1_719_766_810_000_000,
        worker_epoch=3,
        calls=980,
        since_us=1_719_766_800_500_000,
        decision=Decision.REFUSED,
        reason=21,
        agency="tax-hanoi",
        method="LookUpPerson",
        purpose="TAX_ASSESSMENT",
        legal_basis="",
    ).encode()
    leaves = [leaf_hash(disclosure), leaf_hash(folded), leaf_hash(disclosure)]
    log = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\x88" * 32))
    receipts = Signer(ORIGIN + "/receipts", Ed25519PrivateKey.from_private_bytes(b"\x99" * 32))
    receipt = sign_commit(ORIGIN, 40, leaves, receipts)[2]
    return {
        "tag_person_7": tags.person(7).hex(),
        "tag_number_001099000002": tags.number("001099000002").hex(),
        "detail_commitment": commitment.hex(),
        "detail_blob": blob.hex(),
        "entry_disclosure": disclosure.hex(),
        "entry_folded": folded.hex(),
        "leaf_disclosure": leaves[0].hex(),
        "root_of_three": root_of(leaves).hex(),
        "entry_bundle": pack_entries([disclosure, folded]).hex(),
        "detail_bundle": pack_details([blob, b""]).hex(),
        "log_vkey": log.verifier.text(),
        "receipt_vkey": receipts.verifier.text(),
        "checkpoint": Checkpoint(ORIGIN, 3, root_of(leaves)).signed(log).decode(),
        "receipt_path": "".join(node.hex() for node in receipt.path),
        "receipt_signature": receipt.signature.hex(),
        "receipt_key_id": f"{receipt.key_id:08x}",
    }


if __name__ == "__main__":
    PATH.write_text(json.dumps(build(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
