"""The snapshot of admission: it saves reading, never decides; whatever does not fit is as if it were not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.audit.admission import Admission
from gateway.audit.charges import Charges, Guesses
from gateway.audit.entry import Entry, Kind
from gateway.audit.files import RealFiles
from gateway.audit.log import Log
from gateway.audit.reader import LogReader
from gateway.audit.snapshot import Snapshot, Snapshots, restore
from tests.unit.audit.disk import MemoryDisk
from tests.unit.audit.records import LOG, ORIGIN, Clock, make_keys, make_tag, new_log

PATH = "/run/admission"


def charged(number: int) -> tuple[bytes, bytes]:
    """An entry of one person, every third with a wrong guess, every fifth used only once."""
    charges = Charges(
        guesses=Guesses(0, 5, 0, make_tag(number % 7), b"\x01") if number % 3 == 0 else None,
        once=make_tag(number) if number % 5 == 0 else b"",
    )
    entry = Entry(
        Kind.DISCLOSURE,
        number.to_bytes(16, "big"),
        ORIGIN,
        people=1,
        agency="hospital",
        method="Verify",
        purpose="care",
        tags=charges.marked_tags(),
    )
    return entry.encode(), b""


class Scene:
    """A log on a disk in memory, with entries published, and how its state is restored."""

    def __init__(self) -> None:
        self.disk, self.clock = MemoryDisk(), Clock()
        self.log: Log = new_log(self.disk, self.clock)
        self.number = 0
        self.reader = LogReader(LOG, self.disk.read)
        self.signer = make_keys().receipt
        self.snapshots = Snapshots(self.disk, PATH, self.signer, ORIGIN, self.reader)

    def append(self, entries: int) -> None:
        for _ in range(entries):
            self.log.append([charged(self.number)])
            self.number += 1
        self.log.publish()

    def restored(self) -> Admission:
        return restore(self.disk, PATH, self.signer.verifier, self.reader, self.log.published_size, self.log.time_us())[
            0
        ]

    def save(self) -> None:
        self.snapshots.finish(self.log.published_size, self.restored(), None)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def values(admission: Admission) -> tuple[object, ...]:
    state = admission.copy()
    return state.day_end_us, state.people, state.missed, state.missed_shared, list(state.once.items())


def test_the_state_of_a_snapshot_and_what_came_after_it_is_that_of_the_whole_log(scene: Scene) -> None:
    scene.append(300)
    whole = values(scene.restored())
    scene.save()
    assert values(scene.restored()) == whole
    scene.append(250)
    continued = values(scene.restored())
    scene.disk.unlink(PATH)
    assert values(scene.restored()) == continued
    assert continued[1] != whole[1]
    missed = continued[2]
    assert isinstance(missed, dict)
    assert sum(missed["hospital"].values()) == 184


def test_nothing_of_yesterday_counts_and_only_the_last_entries_are_read(scene: Scene) -> None:
    scene.append(600)
    scene.save()
    scene.clock.now_us += 86_400_000_000
    scene.append(10)
    read: list[str] = []
    reader = LogReader(LOG, lambda path: read.append(path) or scene.disk.read(path))  # type: ignore[func-returns-value]
    admission, _ = restore(
        scene.disk, PATH, scene.signer.verifier, reader, scene.log.published_size, scene.log.time_us()
    )
    assert sum(admission.copy().people.values()) == 10
    assert not [path for path in read if "entries/000" in path]


def test_what_is_torn_changed_foreign_or_of_another_log_is_ignored(scene: Scene) -> None:
    scene.append(40)
    whole = values(scene.restored())
    scene.save()
    good = scene.disk.read(PATH)
    wrong = [good[:-1], good[:70], b"", good[:64] + good[64:].replace(b"hospital", b"hospitals")]
    snapshot = Snapshot.open(good, scene.signer.verifier)
    wrong += [
        Snapshot(ORIGIN, 41, snapshot.root, snapshot.state, None).signed(scene.signer),
        Snapshot(ORIGIN, 40, bytes(32), snapshot.state, None).signed(scene.signer),
        Snapshot(ORIGIN, 40, snapshot.root, snapshot.state, None).signed(make_keys().log),
    ]
    for raw in wrong:
        scene.disk.write(PATH, raw)
        assert values(scene.restored()) == whole


def test_rates_go_on_after_an_orderly_end_and_begin_empty_after_any_other(scene: Scene) -> None:
    def levels() -> object:
        return restore(
            scene.disk, PATH, scene.signer.verifier, scene.reader, scene.log.published_size, scene.log.time_us()
        )[1]

    assert levels() == {}, "a log without entries had no calls"
    scene.append(3)
    assert levels() is None
    scene.snapshots.finish(3, scene.restored(), {"rate": 5})
    assert levels() == {"rate": 5}
    scene.append(1)
    assert levels() is None, "somebody was served after that end"


def test_a_copy_is_written_once_its_entries_are_published_and_not_again_at_once(scene: Scene) -> None:
    scene.append(5)
    scene.log.append([charged(5)])
    scene.snapshots.take(6, scene.restored(), now=100.0)
    scene.snapshots.write(5, now=100.0)
    assert not scene.disk.exists(PATH)
    scene.log.publish()
    scene.snapshots.write(6, now=101.0)
    assert Snapshot.open(scene.disk.read(PATH), scene.signer.verifier).size == 6
    scene.append(1)
    scene.snapshots.take(7, scene.restored(), now=102.0)
    scene.snapshots.write(7, now=102.0)
    assert Snapshot.open(scene.disk.read(PATH), scene.signer.verifier).size == 6


def test_a_real_file_is_private(scene: Scene, tmp_path: Path) -> None:
    scene.append(1)
    path = tmp_path / "run" / "admission"
    Snapshots(RealFiles(), str(path), scene.signer, ORIGIN, scene.reader).finish(1, scene.restored(), None)
    assert path.stat().st_mode & 0o777 == 0o600
