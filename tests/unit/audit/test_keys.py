"""Keys: created once, private, one winner among processes, never brought back for a past month."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from gateway.audit.errors import KeyUnavailable
from gateway.audit.keys import KeyRing, create_signing_keys, load_signer
from tests.unit.audit.test_tags import JULY_US


def test_the_key_of_the_present_month_is_created_once_and_private(tmp_path: Path) -> None:
    first = KeyRing(str(tmp_path), os.urandom)
    second = KeyRing(str(tmp_path), os.urandom)
    assert first.current_tag(JULY_US).person(1) == second.current_tag(JULY_US + 5).person(1)
    assert first.current_tag(JULY_US).month == "202407"
    assert first.current_tag(JULY_US - 1).month == "202406"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tag-202406.key", "tag-202407.key"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())


def test_a_process_that_only_seals_details_opens_no_tag_key(tmp_path: Path) -> None:
    ring = KeyRing(str(tmp_path), os.urandom)
    assert ring.current_detail(JULY_US).month == "202407"
    assert [path.name for path in tmp_path.iterdir()] == ["detail-202407.key"]


def test_searching_creates_no_key(tmp_path: Path) -> None:
    ring = KeyRing(str(tmp_path), os.urandom)
    for month in ("202407", "../../x", "202413", ""):
        with pytest.raises(KeyUnavailable):
            ring.tag(month)
        with pytest.raises(KeyUnavailable):
            ring.detail(month)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_month_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tag-202407.key").write_bytes(bytes(31))
    with pytest.raises(KeyUnavailable, match="32 bytes"):
        KeyRing(str(tmp_path), os.urandom).tag("202407")


def test_signing_keys_are_created_once_and_loaded_under_a_name(tmp_path: Path) -> None:
    create_signing_keys(str(tmp_path), os.urandom)
    signer = load_signer(str(tmp_path / "log.key"), "name")
    signer.verifier.check(signer.sign(b"message"), b"message")
    with pytest.raises(FileExistsError):
        create_signing_keys(str(tmp_path), os.urandom)
    with pytest.raises(KeyUnavailable):
        load_signer(str(tmp_path / "absent.key"), "name")
