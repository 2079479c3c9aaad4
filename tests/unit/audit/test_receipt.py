"""A receipt verifies as given, and with no single field changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.audit.errors import Inconsistent
from gateway.audit.receipt import Receipt, ReceiptVerifier, sign_commit, verify_receipt
from gateway.audit.tree import leaf_hash
from tests.unit.audit.records import ORIGIN, make_keys, receipt_vkey


def signed(count: int) -> list[Receipt]:
    leaves = [leaf_hash(b"%d" % number) for number in range(count)]
    return sign_commit(ORIGIN, 1000, leaves, make_keys().receipt)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 64, 100])
def test_every_receipt_of_a_commit_verifies_alone(count: int) -> None:
    for receipt in signed(count):
        verify_receipt(receipt, receipt_vkey())


def test_no_field_of_a_receipt_can_be_changed() -> None:
    receipt = signed(5)[2]
    first, *rest = receipt.path
    changes: list[Receipt] = [
        replace(receipt, origin="audit.example.test/2"),
        replace(receipt, index=receipt.index + 1),
        replace(receipt, leaf_hash=bytes(32)),
        replace(receipt, commit_first=receipt.commit_first + 1),
        replace(receipt, commit_first=receipt.commit_first + 1, index=receipt.index + 1),
        replace(receipt, commit_count=6),
        replace(receipt, path=tuple(rest)),
        replace(receipt, path=(*receipt.path, bytes(32))),
        replace(receipt, path=(first[:31], *rest)),
        replace(receipt, signature=bytes(64)),
        replace(receipt, signature=b""),
        replace(receipt, key_id=receipt.key_id ^ 1),
        replace(receipt, index=receipt.commit_first - 1),
    ]
    verifier = ReceiptVerifier.from_text(receipt_vkey())
    verifier.check(receipt)
    for changed in changes:
        with pytest.raises(Inconsistent):
            verifier.check(changed)


def test_a_checkpoint_key_does_not_verify_receipts() -> None:
    with pytest.raises(Inconsistent):
        ReceiptVerifier(make_keys().log.verifier).check(signed(1)[0])
