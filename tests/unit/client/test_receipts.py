"""No answer without a valid receipt, and receipts that prove themselves later."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.api.v1 import context_pb2
from gateway.audit.note import Signer
from gateway.audit.receipt import receipt_key_name, sign_commit, verify_receipt
from gateway.client import IdentityInvalid, ReceiptInvalid, ReceiptLog
from gateway.client.receipts import ReceiptDesk, read_receipts

ORIGIN = "audit.test.example/2026"
LEAVES = [bytes([number]) * 32 for number in range(1, 6)]


def message(signer: Signer, at: int = 0, first: int = 10, origin: str = ORIGIN) -> context_pb2.Receipt:
    made = sign_commit(origin, first, LEAVES, signer)[at]
    return context_pb2.Receipt(
        origin=made.origin,
        index=made.index,
        leaf_hash=made.leaf_hash,
        commit_first=made.commit_first,
        commit_count=made.commit_count,
        path=made.path,
        signature=made.signature,
        key_id=made.key_id,
    )


def desk(signer: Signer, log: ReceiptLog | None = None) -> ReceiptDesk:
    return ReceiptDesk(ORIGIN, signer.verifier.text(), "hospital", log)


def test_valid_receipt_is_taken(signer: Signer) -> None:
    receipt = desk(signer).take(message(signer, 3), "c" * 32, "Pull", 7)
    assert (receipt.index, receipt.leaf_hash) == (13, LEAVES[3])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("origin", "audit.other.example/2026"),
        ("index", 11),
        ("leaf_hash", bytes(32)),
        ("leaf_hash", b"short"),
        ("commit_first", 9),
        ("commit_count", 4),
        ("commit_count", 0),
        ("signature", bytes(64)),
        ("signature", b""),
        ("key_id", 1),
    ],
)
def test_altered_receipt_is_refused_with_the_call_id(signer: Signer, field: str, value: object) -> None:
    altered = message(signer)
    setattr(altered, field, value)
    with pytest.raises(ReceiptInvalid) as caught:
        desk(signer).take(altered, "c" * 32, "Pull", 1)
    assert caught.value.call_id == "c" * 32


@pytest.mark.parametrize("path", [[], [bytes(32)] * 3, [b"short"] * 3, [bytes(32)] * 33])
def test_receipt_with_another_path_is_refused(signer: Signer, path: list[bytes]) -> None:
    altered = message(signer)
    del altered.path[:]
    altered.path.extend(path)
    with pytest.raises(ReceiptInvalid):
        desk(signer).take(altered, "", "Pull", 1)


def test_receipt_of_another_key_is_refused(signer: Signer) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    other = Signer(receipt_key_name(ORIGIN), Ed25519PrivateKey.generate())
    with pytest.raises(ReceiptInvalid):
        desk(signer).take(message(other), "", "Pull", 1)


def test_one_entry_is_not_taken_for_two_answers(signer: Signer) -> None:
    taking = desk(signer)
    taking.take(message(signer), "", "Pull", 1)
    with pytest.raises(ReceiptInvalid, match="already given"):
        taking.take(message(signer), "", "Pull", 1)


def test_verifier_line_that_cannot_be_read_is_a_fault_of_the_folder() -> None:
    with pytest.raises(IdentityInvalid, match=r"trust\.json"):
        ReceiptDesk(ORIGIN, "nonsense", "hospital")


def test_kept_receipts_are_read_back_whole_and_still_verify(signer: Signer, tmp_path: Path) -> None:
    path = tmp_path / "receipts.jsonl"
    for at in range(2):
        taking = desk(signer, ReceiptLog(path))
        taking.take(message(signer, at), f"{at}" * 32, "Pull", 1000)
        taking.close()
    kept = list(read_receipts(path))
    assert [(each.agency, each.call_id, each.method, each.people) for each in kept] == [
        ("hospital", "0" * 32, "Pull", 1000),
        ("hospital", "1" * 32, "Pull", 1000),
    ]
    for each in kept:
        verify_receipt(each.receipt, signer.verifier.text())
    assert path.stat().st_mode & 0o777 == 0o600


def test_line_that_is_no_receipt_is_named(tmp_path: Path) -> None:
    path = tmp_path / "receipts.jsonl"
    path.write_text('{"index": 1}\n')
    with pytest.raises(ValueError, match="line 1"):
        list(read_receipts(path))
