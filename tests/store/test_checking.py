"""Stored fragments are held to the columns: what is wrong, lost or of nobody is counted, beside a writer at work."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from registry.checking import FragmentChecker, FragmentReport, give_up_fragments
from registry.pack import Pack
from registry.packing import Packer
from registry.writer import Writer
from tests.store.small_population import FATHER, PEOPLE
from tests.store.test_fragments import Lines, fill
from tests.store.test_writer import moved

Open = Callable[..., Engine]


@pytest.fixture
def writer(url: str, opened: Open) -> Iterator[Writer]:
    one = Writer(opened(url), Lines())
    yield one
    one.close()


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return tmp_path / "registry.pack"


@pytest.fixture
def checker(url: str, opened: Open, writer: Writer, pack: Path) -> Iterator[FragmentChecker]:
    one = FragmentChecker(opened(url, read_only=True), Lines(), pack)
    yield one
    one.close()


def checked(checker: FragmentChecker) -> FragmentReport:
    report = FragmentReport()
    assert list(checker.check(report))[-1:] == [PEOPLE]
    return report


def run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_fragments_that_are_all_right_are_all_counted(writer: Writer, checker: FragmentChecker) -> None:
    assert checked(checker) == FragmentReport(PEOPLE, to_make=PEOPLE, believed=True)
    writer.fill_fragments(25)
    assert checked(checker) == FragmentReport(PEOPLE, right=25, to_make=PEOPLE - 25, believed=True)
    fill(writer)
    writer.apply([moved(FATHER)])
    report = checked(checker)
    assert report == FragmentReport(PEOPLE, right=PEOPLE, believed=True)
    assert report.holds


def test_what_is_wrong_lost_or_of_nobody_is_counted_and_a_rebuild_makes_it_right(
    url: str, opened: Open, writer: Writer, checker: FragmentChecker
) -> None:
    fill(writer)
    run(
        opened(url),
        "UPDATE fragment SET version = version + 1 WHERE person_id = 2",
        "UPDATE fragment SET key = 1090999999 WHERE person_id = 3",
        "UPDATE fragment SET body = (SELECT body FROM fragment WHERE person_id = 5) WHERE person_id = 4",
        "DELETE FROM fragment WHERE person_id = 6",
        "UPDATE fragment SET stated = body WHERE person_id = 7",
        f"INSERT INTO fragment SELECT 7, {PEOPLE + 7}, version, scope, stated, body FROM fragment WHERE person_id = 1",
    )
    report = checked(checker)
    assert report == FragmentReport(PEOPLE, right=PEOPLE - 5, wrong=4, lost=1, extra=1, believed=True)
    assert not report.holds
    writer.close()
    give_up_fragments(opened(url))
    assert not checked(checker).believed
    again = Writer(opened(url), Lines())
    fill(again)
    again.close()
    assert checked(checker) == FragmentReport(PEOPLE, right=PEOPLE, believed=True)


def test_a_writer_that_knows_no_fragments_leaves_them_unbelieved(
    url: str, opened: Open, writer: Writer, checker: FragmentChecker
) -> None:
    fill(writer)
    writer.close()
    plain = Writer(opened(url))
    plain.apply([moved(FATHER)])
    plain.close()
    report = checked(checker)
    assert (report.believed, report.wrong) == (False, 1)


def test_people_who_change_while_they_are_compared_are_not_wrong(
    writer: Writer, checker: FragmentChecker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every read of the columns is followed by a move of the same person, four times."""
    fill(writer)
    read, moves = checker._store.snapshot, [moved(FATHER, permanent_line=f"Số {at}") for at in range(4)]
    read_ids = checker._store.read_ids

    def then_moved(*given: object) -> object:
        rows = read_ids(*given) if len(given) == 2 else read(*given)  # type: ignore[arg-type]
        if moves:
            writer.apply([moves.pop()])
        return rows

    monkeypatch.setattr(checker._store, "snapshot", then_moved)
    monkeypatch.setattr(checker._store, "read_ids", then_moved)
    assert checked(checker) == FragmentReport(PEOPLE, right=PEOPLE, believed=True)
    assert not moves


def test_a_pack_is_held_to_the_fragments_but_for_who_changed_since(
    url: str, opened: Open, writer: Writer, checker: FragmentChecker, pack: Path
) -> None:
    fill(writer)
    assert Packer(opened(url), Lines(), pack).pack()
    writer.apply([moved(FATHER)])
    assert checked(checker) == FragmentReport(PEOPLE, right=PEOPLE, believed=True, packed=PEOPLE - 1)
    content, header = pack.read_bytes(), Pack(pack).header
    scope = header.columns["scopes"][0] + 1  # FATHER, whose number is the first, has just changed
    for place, wrong in ((content.rindex(b" v1"), 1), (scope, 1)):
        pack.unlink()
        pack.write_bytes(content[:place] + bytes((content[place] ^ 1,)) + content[place + 1 :])
        other = FragmentChecker(opened(url, read_only=True), Lines(), pack)
        report = checked(other)
        other.close()
        assert (report.wrong, report.pack_wrong, report.holds) == (0, wrong, False)
