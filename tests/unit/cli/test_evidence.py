"""`popgate audit verify`: a log and the receipts that agencies kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.audit.files import RealFiles
from gateway.audit.log import create_log, open_log
from gateway.client.receipts import KeptReceipt, ReceiptLog
from tests.unit.audit.records import SEGMENT_BYTES, Clock, make_entry, make_keys, make_record, receipt_vkey, vkey

SIZE = 40


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A published log of 40 disclosures to `tax`, an early checkpoint, and the receipts of all but two."""
    directory, keys, files = tmp_path / "audit", make_keys(), RealFiles()
    create_log(files, str(directory), str(tmp_path / "wal"), keys, SEGMENT_BYTES)
    writing = open_log(files, str(directory), str(tmp_path / "wal"), keys, Clock(), SEGMENT_BYTES)
    receipts = writing.append([make_record(number, people=2) for number in range(20)])
    writing.publish()
    (tmp_path / "early").write_bytes((directory / "checkpoint").read_bytes())
    receipts += writing.append([make_record(number, people=2) for number in range(20, SIZE)])
    writing.close()
    (directory / "log.vkey").write_text(vkey() + "\n")
    (directory / "receipt.vkey").write_text(receipt_vkey() + "\n")
    kept = ReceiptLog(tmp_path / "receipts")
    for number, receipt in enumerate(receipts[:-2]):
        kept.append(KeptReceipt(receipt, "tax", make_entry(number).call_id.hex(), "LookUpPerson", 2))
    kept.close()
    return directory


async def test_honest_log_verifies_and_counts_people(run: Any, log: Path) -> None:
    ran = await run("audit", "verify", log, "--older-checkpoint", log.parent / "early")
    assert ran.code == 0
    assert "40 entries verified" in ran.out
    assert "80" in ran.out


async def test_entries_without_a_receipt_are_named(run: Any, log: Path) -> None:
    ran = await run("audit", "verify", log, "--receipts", log.parent / "receipts")
    assert ran.code == 0
    assert "tax: 38 receipts honoured, 0 broken, 2 entries without a receipt" in ran.out
    assert "entry 39: 2 people, outcome unknown (worker epoch 7" in ran.out


async def test_receipts_in_two_files_count_once(run: Any, log: Path) -> None:
    path = log.parent / "receipts"
    ran = await run("audit", "verify", log, "--receipts", path, "--receipts", path, "--json")
    value = json.loads(ran.out)
    assert value["holds"]
    assert value["received"] == [{"agency": "tax", "method": "LookUpPerson", "people": 76}]
    assert [each["index"] for each in value["receipts"][0]["surplus"]] == [38, 39]


async def test_receipt_that_the_log_does_not_honour_fails_the_verification(run: Any, log: Path) -> None:
    path = log.parent / "receipts"
    lines = path.read_text().splitlines()
    line = json.loads(lines[5])
    line["leaf_hash"] = "00" * 32
    path.write_text("\n".join([*lines[:5], json.dumps(line), *lines[6:]]) + "\n")
    ran = await run("audit", "verify", log, "--receipts", path)
    assert ran.code == 4
    assert "BROKEN: entry 5" in ran.out


async def test_more_people_received_than_audited_fails_the_verification(run: Any, log: Path) -> None:
    path = log.parent / "receipts"
    path.write_text(path.read_text().replace('"people":2', '"people":3'))
    ran = await run("audit", "verify", log, "--receipts", path)
    assert ran.code == 4
    assert "NOT AUDITED: tax received more people by LookUpPerson" in ran.out


def alter_entries(log: Path) -> None:
    for path in log.glob("tile/entries/**/*"):
        if path.is_file():
            data = bytearray(path.read_bytes())
            data[40] ^= 1
            path.write_bytes(data)


async def test_altered_log_is_not_verified(run: Any, log: Path) -> None:
    alter_entries(log)
    ran = await run("audit", "verify", log)
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith("NOT VERIFIED: ")


async def test_log_of_another_key_is_not_verified(run: Any, log: Path) -> None:
    ran = await run("audit", "verify", log, "--vkey", log / "receipt.vkey")
    assert ran.code == 4


async def test_file_that_holds_no_receipts_is_named(run: Any, log: Path) -> None:
    ran = await run("audit", "verify", log, "--receipts", log / "log.vkey")
    assert ran.code == 4
    assert "line 1: not a receipt" in ran.err


async def test_programs_are_told_of_an_altered_log_too(run: Any, log: Path) -> None:
    alter_entries(log)
    ran = await run("audit", "verify", str(log), "--json")
    assert ran.code == 4
    assert json.loads(ran.out)["holds"] is False


async def test_folder_without_a_log_and_file_without_a_verifier_line_are_usage_errors(run: Any, log: Path) -> None:
    assert (await run("audit", "verify", str(log.parent))).code == 2
    assert (await run("audit", "verify", str(log), "--vkey", str(log / "checkpoint"))).code == 2
