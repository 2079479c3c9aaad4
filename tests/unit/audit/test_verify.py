"""Every alteration of a published log is found and placed; an honest log is counted exactly."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.checkpoint import Checkpoint
from gateway.audit.entry import Decision, Kind
from gateway.audit.errors import Tampered
from gateway.audit.files import RealFiles
from gateway.audit.log import create_log, open_log
from gateway.audit.publisher import Publisher
from gateway.audit.receipt import Receipt
from gateway.audit.repeats import Repeats
from gateway.audit.tiles import pack_details, pack_entries, unpack_details, unpack_entries
from gateway.audit.tree import TreeEdge, leaf_hash, root_of
from gateway.audit.verify import reconcile, verify
from gateway.audit.verify_report import Disclosed, Promise
from tests.unit.audit.records import (
    ORIGIN,
    SEGMENT_BYTES,
    Clock,
    make_entry,
    make_keys,
    make_record,
    receipt_vkey,
    vkey,
)

SIZE = 600


class Published:
    """A log of 600 entries on the real disk, with what was promised and an early checkpoint."""

    def __init__(self, path: Path) -> None:
        self.path = path / "audit"
        keys = make_keys()
        files = RealFiles()
        create_log(files, str(self.path), str(path / "wal"), keys, SEGMENT_BYTES)
        log = open_log(files, str(self.path), str(path / "wal"), keys, Clock(), SEGMENT_BYTES)
        self.receipts: list[Receipt] = []
        for first in range(0, SIZE, 30):
            self.receipts += log.append([make_record(first + at) for at in range(30)])
            if first == 270:
                log.publish()
                self.early = (self.path / "checkpoint").read_bytes()
        log.close()

    def verify(self, older: bytes | None = None) -> int:
        return verify(str(self.path), vkey(), older).size

    def edit(self, file: str, change: Callable[[list[bytes]], list[bytes]]) -> None:
        path = self.path / file
        path.write_bytes(pack_entries(change(unpack_entries(path.read_bytes()))))


@pytest.fixture
def published(tmp_path: Path) -> Published:
    return Published(tmp_path)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


def test_an_honest_log_verifies_also_against_an_earlier_checkpoint(published: Published) -> None:
    assert published.verify() == SIZE
    assert published.verify(published.early) == SIZE


def test_the_report_counts_people_refusals_and_kinds(tmp_path: Path) -> None:
    keys = make_keys()
    create_log(RealFiles(), str(tmp_path / "audit"), str(tmp_path / "wal"), keys, SEGMENT_BYTES)
    log = open_log(RealFiles(), str(tmp_path / "audit"), str(tmp_path / "wal"), keys, Clock(), SEGMENT_BYTES)
    refusal = replace(make_entry(5), kind=Kind.REFUSAL, decision=Decision.REFUSED, reason=3, people=0)
    folded = replace(refusal, kind=Kind.REFUSALS_FOLDED, calls=500, since_us=9)
    entries = [
        make_entry(1, people=3),
        make_entry(2, people=4),
        make_entry(3, agency="health"),
        refusal,
        folded,
    ]
    log.append([(entry.encode(), b"blob") for entry in entries])
    log.close()
    report = verify(str(tmp_path / "audit"), vkey())
    assert report.disclosed == {
        ("tax", "LookUpPerson"): Disclosed(2, 7),
        ("health", "LookUpPerson"): Disclosed(1, 1),
    }
    assert report.refused == {("tax", "LookUpPerson"): 501}
    assert report.kinds == {1: 3, 2: 1, 3: 1}
    assert (report.people, report.details) == (8, 5)


def test_a_batch_that_was_sent_again_is_counted_as_such(tmp_path: Path) -> None:
    keys = make_keys()
    create_log(RealFiles(), str(tmp_path / "audit"), str(tmp_path / "wal"), keys, SEGMENT_BYTES)
    log = open_log(RealFiles(), str(tmp_path / "audit"), str(tmp_path / "wal"), keys, Clock(), SEGMENT_BYTES)
    batch = replace(make_entry(1, people=3), stream_sequence=1)
    others = [replace(batch, agency="health"), replace(batch, method="Pull"), replace(batch, call_id=bytes(16))]
    # Whoever asks about everybody under one call id is not netted out.
    one_id = [replace(batch, call_id=b"o" * 16, tags=bytes([people] * 16)) for people in (4, 5)]
    again = replace(batch, stream_sequence=7, people=2)
    entries = [batch, *others, make_entry(2), make_entry(2), again, replace(again, agency="tax/office")]
    entries += one_id
    receipts = log.append([(entry.encode(), b"blob") for entry in entries])
    log.close()
    report = verify(str(tmp_path / "audit"), vkey())
    assert report.repeated == {("tax", batch.method): Disclosed(1, 2)}
    assert report.disclosed["tax", batch.method].people == 3 + 3 + 1 + 1 + 2 + 2 + 3 + 3
    held = [Promise(receipts[6], batch.call_id.hex(), 2)]
    surplus = reconcile(str(tmp_path / "audit"), vkey(), "tax", held).surplus
    assert {each.index: each.repeated for each in surplus} == {
        0: True,
        2: False,
        3: False,
        4: False,
        5: False,
        8: False,
        9: False,
    }


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 12), max_size=60), st.integers(1, 6))
def test_repetitions_within_the_bound_are_told_and_no_others(calls: list[int], bound: int) -> None:
    repeats = Repeats(bound)
    for at, call in enumerate(calls):
        told = repeats.is_repeat("tax", "Stream", bytes([call] * 16), b"")
        since = calls[:at][::-1].index(call) if call in calls[:at] else None
        assert told is (since is not None and len(set(calls[at - since : at])) < bound)


def test_a_changed_byte_names_its_entry(published: Published) -> None:
    published.edit("tile/entries/001", lambda entries: [*entries[:7], flipped(entries[7], 60), *entries[8:]])
    with pytest.raises(Tampered, match="altered") as caught:
        published.verify()
    assert (caught.value.index, caught.value.file) == (263, "tile/entries/001")
    assert (caught.value.agency, caught.value.method) == ("tax", "LookUpPerson")


@pytest.mark.parametrize(("at", "index"), [(3, 515), (87, 599)])
def test_a_dropped_entry_names_its_place(published: Published, at: int, index: int) -> None:
    published.edit("tile/entries/002.p/88", lambda entries: entries[:at] + entries[at + 1 :])
    with pytest.raises(Tampered, match="missing") as caught:
        published.verify()
    assert caught.value.index == index


def test_two_swapped_entries_name_the_first(published: Published) -> None:
    published.edit("tile/entries/000", lambda e: [*e[:4], e[9], *e[5:9], e[4], *e[10:]])
    with pytest.raises(Tampered) as caught:
        published.verify()
    assert caught.value.index == 4


def test_a_bundle_cut_short_names_its_place(published: Published) -> None:
    path = published.path / "tile/entries/001"
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(Tampered) as caught:
        published.verify()
    assert caught.value.index == 511


@pytest.mark.parametrize("file", ["tile/0/001", "tile/1/000.p/2", "tile/entries/000", "detail/000", "checkpoint"])
def test_a_missing_file_is_named(published: Published, file: str) -> None:
    (published.path / file).unlink()
    with pytest.raises(Tampered) as caught:
        published.verify()
    assert caught.value.file == file


def test_an_altered_hash_tile_is_told_from_an_altered_entry(published: Published) -> None:
    path = published.path / "tile/0/001"
    path.write_bytes(flipped(path.read_bytes(), 40))
    with pytest.raises(Tampered, match="the hash tile was altered") as caught:
        published.verify()
    assert caught.value.file == "tile/0/001"


def test_entry_and_tile_altered_together_are_found_by_the_tile_above(published: Published) -> None:
    published.edit("tile/entries/001", lambda entries: [flipped(entries[0], 60), *entries[1:]])
    first = unpack_entries((published.path / "tile/entries/001").read_bytes())[0]
    tile = published.path / "tile/0/001"
    tile.write_bytes(leaf_hash(first) + tile.read_bytes()[32:])
    with pytest.raises(Tampered, match="does not match the tiles below") as caught:
        published.verify()
    assert caught.value.file == "tile/1/000.p/2"


def test_a_missing_detail_names_its_entry(published: Published) -> None:
    path = published.path / "detail/001"
    blobs = unpack_details(path.read_bytes())
    path.write_bytes(pack_details([*blobs[:4], b"", *blobs[5:]]))
    with pytest.raises(Tampered, match="detail of an entry is missing") as caught:
        published.verify()
    assert caught.value.index == 260


def test_an_edited_checkpoint_and_a_checkpoint_of_another_key_are_refused(published: Published) -> None:
    path = published.path / "checkpoint"
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"\n600\n", b"\n599\n"))
    with pytest.raises(Tampered, match="no valid signed checkpoint"):
        published.verify()
    path.write_bytes(raw)
    with pytest.raises(Tampered, match="no valid signed checkpoint"):
        verify(str(published.path), make_keys(5).log.verifier.text())


def test_a_restored_older_state_is_found_with_a_saved_checkpoint(published: Published) -> None:
    newest = (published.path / "checkpoint").read_bytes()
    (published.path / "checkpoint").write_bytes(published.early)
    assert published.verify() == 300
    with pytest.raises(Tampered, match="older state was restored"):
        published.verify(newest)


def test_a_rewritten_history_is_found_with_a_saved_checkpoint(published: Published, tmp_path: Path) -> None:
    other = tmp_path / "other"
    keys = make_keys()
    create_log(RealFiles(), str(other / "audit"), str(other / "wal"), keys, SEGMENT_BYTES)
    log = open_log(RealFiles(), str(other / "audit"), str(other / "wal"), keys, Clock(), SEGMENT_BYTES)
    for first in range(0, 900, 30):
        log.append([make_record(7000 + first + at) for at in range(30)])
    log.close()
    with pytest.raises(Tampered, match="not those of the checkpoint saved"):
        verify(str(other / "audit"), vkey(), published.early)


def publish(directory: Path, entries: list[bytes], checkpoint_of: list[bytes] | None = None) -> None:
    """A published log of exactly these entries, signed by the log's key, whatever they say."""
    publisher = Publisher(RealFiles(), str(directory), TreeEdge())
    publisher.take(entries, [b"x"] * len(entries), [leaf_hash(entry) for entry in entries])
    publisher.write_partials()
    root = root_of([leaf_hash(entry) for entry in checkpoint_of or entries])
    checkpoint = Checkpoint(ORIGIN, len(entries), root).signed(make_keys().log)
    RealFiles().write(str(directory / "checkpoint"), checkpoint)


def test_a_log_rewritten_throughout_does_not_lead_to_the_signed_root(tmp_path: Path) -> None:
    entries = [make_entry(number).encode() for number in range(300)]
    altered = [*entries[:9], make_entry(9, people=2).encode(), *entries[10:]]
    publish(tmp_path, altered, checkpoint_of=entries)
    with pytest.raises(Tampered, match="do not lead to the root"):
        verify(str(tmp_path), vkey())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (replace(make_entry(7), time_us=5).encode(), "log time runs backwards"),
        (replace(make_entry(7), time_us=9, origin="audit.other.test/1").encode(), "of another log"),
        (make_entry(7).encode() + b"x", "cannot be read"),
    ],
)
def test_even_a_signed_log_is_read_strictly(tmp_path: Path, wrong: bytes, message: str) -> None:
    right = [replace(make_entry(number), time_us=9).encode() for number in range(300)]
    publish(tmp_path, [*right[:270], wrong, *right[271:]])
    with pytest.raises(Tampered, match=message) as caught:
        verify(str(tmp_path), vkey())
    assert caught.value.index == 270


def test_reconciling_honours_every_receipt_and_names_surplus_entries(published: Published) -> None:
    held = published.receipts[:200] + published.receipts[203:]
    report = reconcile(str(published.path), vkey(), "tax", held, receipt_vkey())
    assert report.honoured == SIZE - 3
    assert report.broken == ()
    assert [(item.index, item.worker_epoch) for item in report.surplus] == [(200, 7), (201, 7), (202, 7)]
    assert report.surplus[0].call_id == make_entry(200).call_id


def test_reconciling_raises_the_alarm_for_missing_and_different_entries(published: Published) -> None:
    beyond = replace(published.receipts[5], index=SIZE + 4)
    different = replace(published.receipts[6], leaf_hash=bytes(32))
    report = reconcile(str(published.path), vkey(), "tax", [beyond, different])
    assert [(item.index, item.reason) for item in report.broken] == [
        (6, "the log holds another entry at this index"),
        (604, "the log ends before this index, at 600 entries"),
    ]
    signed = reconcile(str(published.path), vkey(), "tax", [different], receipt_vkey())
    assert "does not verify" in signed.broken[0].reason


@pytest.mark.parametrize(
    ("agency", "call_id", "people", "reason"),
    [
        ("police", "", 0, "the entry at this index is of another agency"),
        ("tax", "ab" * 16, 1, "the entry at this index is of another call"),
        ("tax", make_entry(7).call_id.hex(), 2, "the entry at this index admits to 1 people, 2 were received"),
    ],
)
def test_a_true_receipt_does_not_stand_for_another_answer(
    published: Published, agency: str, call_id: str, people: int, reason: str
) -> None:
    promise = Promise(published.receipts[7], call_id, people)
    report = reconcile(str(published.path), vkey(), agency, [promise], receipt_vkey())
    assert (report.honoured, [(item.index, item.reason) for item in report.broken]) == (0, [(7, reason)])


def test_one_entry_is_not_the_receipt_of_two_calls(published: Published) -> None:
    call_id, receipt = make_entry(7).call_id.hex(), published.receipts[7]
    twice = [Promise(receipt, call_id, 1), Promise(receipt, call_id, 1)]
    assert reconcile(str(published.path), vkey(), "tax", twice).broken == ()
    replayed = [Promise(receipt, call_id, 1), Promise(receipt, "cd" * 16, 1)]
    report = reconcile(str(published.path), vkey(), "tax", replayed)
    assert [item.reason for item in report.broken] == ["one entry was given as the receipt of two calls"]


def test_a_unit_counts_for_its_agency_and_reconciles_by_itself(tmp_path: Path) -> None:
    entries = [make_entry(0, agency="health"), make_entry(1, 2, "health/bach-mai"), make_entry(2, 3, "health/cho-ray")]
    publish(tmp_path, [replace(entry, time_us=9).encode() for entry in entries])
    assert verify(str(tmp_path), vkey()).disclosed == {("health", "LookUpPerson"): Disclosed(3, 6)}
    for at, holder in enumerate(("health", "health/bach-mai", "health/cho-ray")):
        assert [item.index for item in reconcile(str(tmp_path), vkey(), holder, []).surplus] == [at]


def test_verification_loads_neither_grpc_protobuf_nor_sql() -> None:
    program = (
        "import sys, gateway.audit.verify\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('grpc', 'google', 'sqlalchemy')])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_a_full_tile_of_the_second_level_is_compared_too(tmp_path: Path) -> None:
    entry = replace(make_entry(1), time_us=9).encode()
    publish(tmp_path, [entry] * (256 * 256 + 3))
    assert verify(str(tmp_path), vkey()).size == 65_539
    tile = tmp_path / "tile/1/000"
    tile.write_bytes(flipped(tile.read_bytes(), 8000))
    with pytest.raises(Tampered, match="does not match the tiles below") as caught:
        verify(str(tmp_path), vkey())
    assert caught.value.file == "tile/1/000"


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2"])
def test_a_tile_with_more_hashes_than_it_can_hold_is_refused(published: Published, path: str) -> None:
    tile = published.path / path
    tile.write_bytes(tile.read_bytes() + bytes(32))
    with pytest.raises(Tampered):
        verify(str(published.path), vkey())
