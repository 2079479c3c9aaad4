"""The tag index finds what a scan finds, builds only full spans, and is ignored when it is not whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.audit.checkpoint import from_text
from gateway.audit.files import RealFiles
from gateway.audit.index import SPAN, bindings, positions_in, span_path
from gateway.audit.indexer import TagIndexer
from gateway.audit.log import create_log, open_log
from gateway.audit.note import parse
from gateway.audit.query import Found, find
from gateway.audit.reader import LogReader
from tests.unit.audit.records import Clock, make_entry, make_keys, make_tag, vkey

START_US = 1_700_000_000_000_000
SIZE = 2 * SPAN + 300


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two full spans and a bit; the tags of entry n are those of person n % 1000 and the next."""
    path = tmp_path_factory.mktemp("log")
    audit, wal = str(path / "audit"), str(path / "wal")
    create_log(RealFiles(), audit, wal, make_keys(), 8 << 20)
    log = open_log(RealFiles(), audit, wal, make_keys(), Clock(START_US), 8 << 20)
    records = [(make_entry(number, people=2).encode(), b"x") for number in range(1000)]
    for first in range(0, SIZE, 100):
        log.append([records[(first + at) % 1000] for at in range(min(100, SIZE - first))])
    log.close()
    TagIndexer(RealFiles(), audit, str(path / "index")).catch_up(lambda: False)
    return path


def search(published: Path, *, indexed: bool, from_us: int = 0, to_us: int = 1 << 62, **options: int) -> Found:
    index = str(published / "index") if indexed else None
    tags = {make_tag(40), make_tag(41), make_tag(5000)}
    return find(str(published / "audit"), vkey(), tags, from_us, to_us, index_directory=index, **options)


def positions(published: Path, index: Path, span: int, tag: bytes) -> list[int] | None:
    """What the index says, bound to the published log."""
    reader = LogReader(str(published / "audit"))
    size = from_text(parse(reader.checkpoint()).text).size
    bound = bindings(reader, size)(span) if (span + 1) * SPAN <= size else bytes(32)
    return positions_in(str(index), span, {tag}, bound)


def test_full_spans_are_indexed_once(published: Path) -> None:
    indexer = TagIndexer(RealFiles(), str(published / "audit"), str(published / "index"))
    assert indexer.catch_up(lambda: False) == 0
    assert sorted(path.name for path in (published / "index").iterdir()) == ["000", "001"]


@pytest.mark.parametrize(
    ("from_us", "to_us"),
    [(0, 1 << 62), (START_US + 20, START_US + 90), (START_US + 4100, START_US + 8200), (START_US + 8000, 1 << 62)],
)
@pytest.mark.parametrize("before", [100_000, 5000, 41])
def test_an_indexed_search_finds_what_a_scan_finds(published: Path, from_us: int, to_us: int, before: int) -> None:
    scanned = search(published, indexed=False, from_us=from_us, to_us=to_us, before=before)
    assert search(published, indexed=True, from_us=from_us, to_us=to_us, before=before) == scanned


def test_the_index_is_what_was_searched(published: Path) -> None:
    assert len(search(published, indexed=True).entries) == 3 * len(range(40, SIZE, 1000))
    assert positions(published, published / "index", 0, make_tag(41))[-1] == 40  # type: ignore[index]
    assert search(published, indexed=True, limit=5).complete is False


def test_an_index_file_that_is_not_whole_is_ignored(published: Path, tmp_path: Path) -> None:
    content = Path(span_path(str(published / "index"), 0)).read_bytes()
    for wrong in (b"", content[:-1], b"other000" + content[8:]):
        (tmp_path / "000").write_bytes(wrong)
        assert positions(published, tmp_path, 0, make_tag(41)) is None
    assert positions(published, tmp_path, 7, make_tag(41)) is None


def test_the_index_of_another_log_is_neither_used_nor_kept(published: Path, tmp_path: Path) -> None:
    audit, wal = str(tmp_path / "audit"), str(tmp_path / "wal")
    create_log(RealFiles(), audit, wal, make_keys(), 4 << 20)
    log = open_log(RealFiles(), audit, wal, make_keys(), Clock(START_US + 1), 4 << 20)
    for _ in range(8):
        log.append([(make_entry(7).encode(), b"x")] * (SPAN // 8))
    log.close()
    shutil.copytree(published / "index", tmp_path / "index")
    assert positions(tmp_path, tmp_path / "index", 0, make_tag(7)) is None
    assert TagIndexer(RealFiles(), audit, str(tmp_path / "index")).catch_up(lambda: False) == 1
    assert len(positions(tmp_path, tmp_path / "index", 0, make_tag(7)) or ()) == SPAN


def test_building_stops_when_asked(published: Path, tmp_path: Path) -> None:
    indexer = TagIndexer(RealFiles(), str(published / "audit"), str(tmp_path))
    assert indexer.catch_up(lambda: True) == 0
    assert indexer.catch_up(lambda: False) == 2


def test_spans_without_any_tag_are_indexed_too(tmp_path: Path) -> None:
    audit, wal = str(tmp_path / "audit"), str(tmp_path / "wal")
    create_log(RealFiles(), audit, wal, make_keys(), 4 << 20)
    log = open_log(RealFiles(), audit, wal, make_keys(), Clock(START_US), 4 << 20)
    for _ in range(8):
        log.append([(make_entry(1, people=0).encode(), b"x")] * (SPAN // 8))
    log.close()
    assert TagIndexer(RealFiles(), audit, str(tmp_path / "index")).catch_up(lambda: False) == 1
    assert positions(tmp_path, tmp_path / "index", 0, make_tag(1)) == []
