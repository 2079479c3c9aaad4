"""Runs a job over a file: batches out, rows in, a journal beside the output, exact counts at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from gateway.cli.volume.journal import Journal, JournalForeign, State
from gateway.cli.volume.reading import FileUnusable, Row, Table, is_parquet, one_file, open_table
from gateway.cli.volume.writing import Output, fresh_of, part_of

if TYPE_CHECKING:
    from gateway.cli.volume.progress import Progress
    from gateway.client import BatchAnswer, Client

QUOTA_EXHAUSTED: Final = "quota_exhausted"
"""The outcome of a row that was not answered, because the day's quota had no room left."""
REPEATED: Final = "repeated"
"""Counts rows that were sent again under their call id, because the answer did not arrive or was not kept."""
REPEATED_BATCHES: Final = "repeated_batches"
BATCH_BYTES_MAX: Final = 800_000
"""Of what rows ask; a message holds at most 1 MiB."""
SHORT_ROW_LENGTH: Final = 100
"""Characters of a row that is not worth being weighed exactly."""


class Job(Protocol):
    """What a command does with each row of a file. To add one: write this, and call `run_job`."""

    inputs: tuple[str, ...]
    """What a row has to say; each is read from the column of its name, unless `--column` maps it."""
    columns: tuple[str, ...]
    """Columns of the results, behind those that are kept from the input."""
    outcomes: tuple[str, ...]
    """What can become of a row, in the order of the report."""
    items_max: int
    """Rows in a batch."""
    about: dict[str, Any]
    """What makes a run the same run: names and values for its journal, nothing personal."""
    question: Any
    """The client's `Question` about items."""

    def results(self, message: Any) -> Sequence[Any]:
        """The results in a batch's answer, in the order of the rows."""

    def tallies(self, results: Sequence[Any]) -> Mapping[str, int]:
        """What else is counted of results, by `NAME GRADE`."""

    def item(self, cells: Sequence[str]) -> str | Sequence[str]:
        """The item that a row's inputs ask for, without what is too long to be sent."""

    def cells(self, inputs: Sequence[str], result: Any) -> list[str]:
        """The result's cells under `columns`."""

    def outcome(self, result: Any) -> str:
        """One of `outcomes`."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where rows come from and results go. `mapping`: input to column; `keep`: columns handed through."""

    input: Path
    out: Path
    mapping: dict[str, str] = field(default_factory=dict)
    keep: tuple[str, ...] = ()


@dataclass(slots=True)
class Run:
    """A run over one file, from its first or its next batch on. Open it, `ask`, then `finish`."""

    job: Job
    files: Files
    table: Table
    output: Output
    journal: Journal
    state: State
    progress: Progress | None = None
    answered: int = 0
    """Rows in this process."""
    seconds: float = 0.0
    withheld: dict[str, str] = field(default_factory=dict)
    """Paths that the grant does not cover, and why."""
    _first: int = 0
    _is_new: bool = True

    async def ask(self, client: Client, timeout_seconds: float, patience_seconds: float) -> None:
        """Ask what is left. Raises ClientError, FileUnusable, OSError; what was answered before is kept."""
        if self.state.done:
            return
        self._first = self.state.batches
        begun = time.monotonic()
        answers = client.ask_in_batches(
            _Rows(self.job),
            self._batches(),
            call_id_of=lambda index: self.journal.call_id(self._first + index),
            begun=self._sending,
            timeout_seconds=timeout_seconds,
            patience_seconds=patience_seconds,
        )
        try:
            async with aclosing(answers):
                async for answer in answers:
                    self._keep(answer)
        finally:
            self.seconds = time.monotonic() - begun

    def is_untouched(self, error: BaseException) -> bool:
        """Whether nothing was asked yet, or nothing but what is refused for good: then the run can be forgotten."""
        from gateway.client import GatewayRefusal
        from gateway.client.retry import Retry, retry_for

        refused = isinstance(error, GatewayRefusal) and retry_for(error.reason) is Retry.NEVER
        earlier = self.journal.goes_on or self.state.sent
        return not self.state.rows and (self._is_new or refused) and not earlier

    def forget(self) -> None:
        """Remove what was begun."""
        self.output.part.unlink(missing_ok=True)
        self.journal.remove()

    def finish(self) -> None:
        """Put the results under their name, and remove what an interrupted run would need only once they stand there
        on the disk. Raises OSError.
        """
        if not (self.state.done and self.files.out.exists()):
            self.output.sync()
            self.journal.done()
            self.output.publish()
        self.output.sync_folder()
        self.output.part.unlink(missing_ok=True)
        self.journal.remove()

    def _sending(self, index: int) -> None:
        self._is_new = False
        self.journal.sending(self._first + index)

    def _batches(self) -> Iterator[list[Row]]:
        columns = [self.files.mapping.get(name, name) for name in self.job.inputs]
        batch: list[Row] = []
        size = 0
        for row in self.table.rows([*columns, *self.files.keep], self.state.place):
            weight = self._weight(row)
            if len(batch) == self.job.items_max or (batch and size + weight > BATCH_BYTES_MAX):
                yield batch
                batch, size = [], 0
            batch.append(row)
            size += weight
        if batch:
            yield batch

    def _weight(self, row: Row) -> int:
        """At most so many bytes stand in a message for the row."""
        inputs = row.cells[: len(self.job.inputs)]
        length = sum(map(len, inputs))
        if length <= SHORT_ROW_LENGTH:
            return 4 * (length + len(inputs))
        asked = self.job.item(inputs)
        return sum(len(value.encode()) + 4 for value in ([asked] if isinstance(asked, str) else asked))

    def _keep(self, answer: BatchAnswer[Row]) -> None:
        state, job = self.state, self.job
        results, inputs = job.results(answer.message), len(job.inputs)
        rows = []
        for row, result in zip(answer.items, results, strict=True):
            outcome = job.outcome(result)
            _count(state.counts, outcome)
            rows.append(row.cells[inputs:] + job.cells(row.cells[:inputs], result))
        for name, count in job.tallies(results).items():
            _count(state.counts, name, count)
        # Sent by a process before this one, which did not keep the answer, or broken off and sent again here.
        repeats = answer.repeats + (state.batches < state.sent)
        if repeats:
            _count(state.counts, REPEATED, repeats * len(rows))
            _count(state.counts, REPEATED_BATCHES, repeats)
        state.output_bytes = self.output.write(rows)
        state.batches += 1
        state.rows += len(rows)
        state.place = answer.items[-1].place
        self.journal.written(state)
        self.answered += len(rows)
        if not self.withheld:
            self.withheld = {each.path: each.reason for each in answer.message.withheld}
        if self.progress is not None:
            self.progress.show(state.place, state.rows, self.answered)


def _count(counts: dict[str, int], name: str, more: int = 1) -> None:
    counts[name] = counts.get(name, 0) + more


class _Rows:
    """A question about the rows of a file instead of items."""

    def __init__(self, job: Job) -> None:
        self.path = job.question.path
        self.frame = job.question.frame
        self.results = job.question.results
        self.people = job.question.people
        self._job = job

    def request(self, items: Sequence[Row], call_id: str, stated: bool) -> bytes:
        """The request for the items that the rows ask for."""
        item, inputs = self._job.item, len(self._job.inputs)
        nobody = [""] * inputs  # what a row with too many cells says of whom cannot be told
        asked = [item(row.cells[:inputs] if row.whole else nobody) for row in items]
        request: bytes = self._job.question.request(asked, call_id, stated)
        return request


def journal_of(out: Path) -> Path:
    """The journal of a run with these results."""
    return out.with_name(out.name + ".journal")


def beside(out: Path) -> tuple[Path, ...]:
    """What a run may write beside its results."""
    return part_of(out), journal_of(out), *((fresh_of(out),) if is_parquet(out) else ())


def open_run(job: Job, files: Files) -> AbstractContextManager[Run]:
    """The run over a file, begun or to be gone on with. Raises FileUnusable, JournalForeign, OSError."""
    table = open_table(files.input)
    asked = [files.mapping.get(name, name) for name in job.inputs]
    wanted = [*asked, *files.keep]
    for name in wanted:
        if name not in table.columns:
            there = ", ".join(table.columns)
            what_to_do = "Say --column NAME=COLUMN" if name in asked else "Say --keep with one of these"
            raise FileUnusable(f"{files.input} has no column {name!r}; it has: {there}. {what_to_do}")
        if table.columns.count(name) > 1:
            raise FileUnusable(f"{files.input} has several columns {name!r}; give each its own name")
    journal_path = journal_of(files.out)
    if files.out.exists() and not journal_path.exists():
        raise FileUnusable(f"{files.out} exists already; choose another name or remove it")
    if not journal_path.exists():
        table.check()
    if is_parquet(files.out):
        one_file(files.out)  # its results will be read from beside it
    stat = files.input.stat()
    about = {
        "input": str(files.input.resolve()),
        "input size": stat.st_size,
        "input time": stat.st_mtime_ns,
        "columns": [*wanted],
        "batch size": job.items_max,
        "batch bytes": BATCH_BYTES_MAX,
        **job.about,
    }
    return _Opened(job, files, table, journal_path, about)


class _Opened(AbstractContextManager[Run]):
    """Opens journal and output together and closes them again."""

    def __init__(self, job: Job, files: Files, table: Table, journal_path: Path, about: dict[str, Any]) -> None:
        self._job, self._files, self._table = job, files, table
        self._journal_path, self._about = journal_path, about
        self._open: list[AbstractContextManager[Any]] = []

    def __enter__(self) -> Run:
        try:
            return self._opened()
        except BaseException:
            self.__exit__()
            raise

    def _opened(self) -> Run:
        journal = Journal(self._journal_path, self._about)
        self._open.append(journal)
        output = Output(self._files.out, (*self._files.keep, *self._job.columns))
        self._open.append(output)
        state = journal.state(output.size, is_published=self._files.out.exists())
        if not state.done:
            if self._files.out.exists():
                raise JournalForeign(f"{self._files.out} appeared beside an unfinished run; remove it to go on")
            journal.go_on_from(state)
            output.go_on(state.output_bytes)
        return Run(self._job, self._files, self._table, output, journal, state)

    def __exit__(self, *_error: object) -> None:
        while self._open:
            self._open.pop().__exit__(None, None, None)


def watched(run: Run) -> AbstractContextManager[Any]:
    """A progress bar on a terminal, nothing elsewhere."""
    import sys

    if not sys.stderr.isatty():
        return nullcontext()
    from gateway.cli.volume.progress import Progress

    run.progress = Progress(run.table, run.state.place)
    return run.progress
