"""The bytes of the first release never change: another layout is another log."""

from __future__ import annotations

import json

import pytest

from gateway.audit.checkpoint import open_checkpoint
from gateway.audit.entry import decode
from gateway.audit.note import Verifier
from tests.golden.audit.vectors import ORIGIN, PATH, build

GOLDEN: dict[str, str] = json.loads(PATH.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_the_bytes_are_those_of_the_first_release(name: str) -> None:
    assert build()[name] == GOLDEN[name]


def test_no_vector_is_missing() -> None:
    assert set(build()) == set(GOLDEN)


def test_the_golden_entry_reads_as_its_fields() -> None:
    entry = decode(bytes.fromhex(GOLDEN["entry_disclosure"]))
    assert (entry.agency, entry.method, entry.people, entry.worker_epoch) == ("tax-hanoi", "LookUpPeople", 1, 3)
    assert len(entry.tags) == 32


def test_the_golden_checkpoint_verifies() -> None:
    checkpoint = open_checkpoint(GOLDEN["checkpoint"].encode(), Verifier.from_text(GOLDEN["log_vkey"]))
    assert (checkpoint.origin, checkpoint.size) == (ORIGIN, 3)
