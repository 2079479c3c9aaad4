"""Details: sealed to one entry, opened only with its month's key, checked against the commitment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.audit.detail import Detail, open_, seal
from gateway.audit.errors import Inconsistent, KeyUnavailable, Malformed
from gateway.audit.keys import KeyRing
from tests.unit.audit.test_tags import JULY_US

CALL = bytes(range(16))
DETAIL = Detail(
    case_reference="HS-2024-17",
    officer="officer-4",
    fields=("full_name", "birth_date"),
    numbers=("001099000001",),
    person_ids=(5,),
    request_digest=bytes(32),
    note="",
)


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return KeyRing(str(tmp_path), os.urandom)


def test_a_sealed_detail_opens_again(keys: KeyRing) -> None:
    commitment, blob = seal(DETAIL, keys.current_detail(JULY_US), CALL, os.urandom(32), os.urandom(12))
    assert open_(blob, keys, CALL, commitment) == DETAIL
    assert b"officer-4" not in blob
    assert blob[:7] == b"\x01202407"


def test_equal_details_have_different_commitments(keys: KeyRing) -> None:
    key = keys.current_detail(JULY_US)
    assert seal(DETAIL, key, CALL, bytes(32), bytes(12))[0] != seal(DETAIL, key, CALL, b"\x01" * 32, bytes(12))[0]


def test_a_detail_is_bound_to_its_entry_and_cannot_be_changed(keys: KeyRing) -> None:
    commitment, blob = seal(DETAIL, keys.current_detail(JULY_US), CALL, bytes(32), bytes(12))
    with pytest.raises(Inconsistent):
        open_(blob, keys, bytes(16), commitment)
    with pytest.raises(Inconsistent):
        open_(blob[:-1] + bytes((blob[-1] ^ 1,)), keys, CALL, commitment)
    with pytest.raises(Inconsistent):
        open_(blob, keys, CALL, bytes(32))


def test_a_destroyed_month_key_ends_reading(keys: KeyRing, tmp_path: Path) -> None:
    commitment, blob = seal(DETAIL, keys.current_detail(JULY_US), CALL, bytes(32), bytes(12))
    (tmp_path / "detail-202407.key").unlink()
    with pytest.raises(KeyUnavailable):
        open_(blob, KeyRing(str(tmp_path), os.urandom), CALL, commitment)


@pytest.mark.parametrize("blob", [b"", b"\x01" * 40, b"\x02" + bytes(200)])
def test_other_blobs_are_malformed(keys: KeyRing, blob: bytes) -> None:
    with pytest.raises(Malformed):
        open_(blob, keys, CALL, bytes(32))


def test_sizes_of_salt_nonce_and_detail_are_checked(keys: KeyRing) -> None:
    key = keys.current_detail(JULY_US)
    with pytest.raises(Malformed):
        seal(DETAIL, key, CALL, bytes(31), bytes(12))
    with pytest.raises(Malformed):
        seal(Detail(note="x" * (1 << 20)), key, CALL, bytes(32), bytes(12))
