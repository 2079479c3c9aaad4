"""A journal says where to go on, whatever moment its writer was killed at."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cli.volume.journal import Journal, JournalForeign, State

ABOUT = {"command": "lookup", "batch size": 10}


def _written(path: Path, batches: int, ahead: int = 2) -> list[State]:
    """The states of a run that sends `ahead` batches before it writes the first."""
    states = [State()]
    with Journal(path, ABOUT) as journal:
        for sent in range(min(ahead, batches)):
            journal.sending(sent)
        for at in range(1, batches + 1):
            states.append(State(at, 0, at * 100, at * 10, at * 1000, {"found": at * 10}))
            journal.written(states[-1])
            if at + ahead <= batches:
                journal.sending(at + ahead - 1)
    return states


def _same(found: State, expected: State) -> bool:
    return (found.batches, found.place, found.rows, found.output_bytes, found.counts) == (
        expected.batches,
        expected.place,
        expected.rows,
        expected.output_bytes,
        expected.counts,
    )


@settings(max_examples=60, deadline=None)
@given(batches=st.integers(0, 8), cut=st.integers(0, 2000), output=st.integers(0, 9000))
def test_a_journal_cut_anywhere_holds_a_state_that_was(
    tmp_path_factory: pytest.TempPathFactory, batches: int, cut: int, output: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "out.journal"
    states = _written(path, batches)
    whole = path.read_bytes()
    begin = whole.index(b"\n") + 1
    path.write_bytes(whole[: begin + cut])
    with Journal(path, ABOUT) as journal:
        found = journal.state(output)
        assert any(_same(found, state) for state in states)
        assert found.output_bytes <= output
        assert found.batches <= found.sent <= batches
        if begin + cut >= len(whole):
            assert _same(found, [state for state in states if state.output_bytes <= output][-1])
            assert found.sent == batches
        journal.sending(99)
    with Journal(path, ABOUT) as journal:
        assert journal.state(output).sent == 100


def test_a_batch_keeps_its_call_id_and_shares_it_with_none(tmp_path: Path) -> None:
    with Journal(tmp_path / "a", ABOUT) as journal:
        ids = [journal.call_id(batch) for batch in range(1000)]
    with Journal(tmp_path / "a", ABOUT) as journal:
        assert [journal.call_id(batch) for batch in range(1000)] == ids
    with Journal(tmp_path / "b", ABOUT) as journal:
        assert len({*ids, *(journal.call_id(batch) for batch in range(1000))}) == 2000
    assert all(len(call_id) == 32 and bytes.fromhex(call_id) for call_id in ids)


def test_another_run_is_refused_and_its_difference_named(tmp_path: Path) -> None:
    with Journal(tmp_path / "a", ABOUT):
        pass
    with pytest.raises(JournalForeign, match="another batch size"):
        Journal(tmp_path / "a", {**ABOUT, "batch size": 11})


def test_two_processes_do_not_write_the_same_output(tmp_path: Path) -> None:
    with Journal(tmp_path / "a", ABOUT), pytest.raises(JournalForeign, match="another process"):
        Journal(tmp_path / "a", ABOUT)


@pytest.mark.parametrize("content", ["x\n", "{}\n", '{"popgate":1,"run":"zz","about":{}}\n', '[1]\n["w",1]\n'])
def test_what_is_no_journal_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a").write_text(content)
    with pytest.raises(JournalForeign, match="not a journal"):
        Journal(tmp_path / "a", {})


def test_what_a_shorter_part_file_lost_is_not_believed_later(tmp_path: Path) -> None:
    states = _written(tmp_path / "a", 4)
    with Journal(tmp_path / "a", ABOUT) as journal:
        journal.done()
    with Journal(tmp_path / "a", ABOUT) as journal:
        found = journal.state(3999)
        assert (found.done, found.batches, found.sent) == (False, 3, 4)
        journal.go_on_from(found)
    with Journal(tmp_path / "a", ABOUT) as journal:
        found = journal.state(9999)
        assert _same(found, states[3])
        assert (found.done, found.sent) == (False, 4)
        journal.go_on_from(journal.state(0))
    with Journal(tmp_path / "a", ABOUT) as journal:
        assert (journal.state(9999).batches, journal.state(9999).sent) == (0, 4)


def test_a_complete_output_is_known_by_its_journal_alone(tmp_path: Path) -> None:
    states = _written(tmp_path / "a", 3)
    with Journal(tmp_path / "a", ABOUT) as journal:
        journal.done()
    with Journal(tmp_path / "a", ABOUT) as journal:
        found = journal.state(0, is_published=True)
    assert found.done
    assert _same(found, states[-1])
