"""Prints the story for people: chapters with their time, sentences, small tables. Knows nothing of what it tells."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

WIDTH_MAX = 120
_INDENT = 3


class Teller:
    """Writes to one console. `seconds` holds the time of each finished chapter."""

    def __init__(self, console: Console) -> None:
        self._console = console
        if not console.is_terminal:
            console.width = WIDTH_MAX
        self._width = min(console.width, WIDTH_MAX)
        self.seconds: dict[str, float] = {}

    @contextmanager
    def chapter(self, title: str) -> Iterator[None]:
        """A numbered chapter; its time stands at its end."""
        number = len(self.seconds) + 1
        started = time.monotonic()
        self._print(Text(f"\n{number}  {title}", style="bold cyan"))
        yield
        self.seconds[title] = time.monotonic() - started
        self._indented(Text(f"{self.seconds[title]:.1f} s", style="dim"))

    def title(self, text: str) -> None:
        """The first line."""
        self._print(Text(text, style="bold"))

    def say(self, sentence: str, style: str = "") -> None:
        """One paragraph."""
        self._indented(Text(sentence, style=style))

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[object]], *, right: Iterable[str] = ()) -> None:
        """A table; the columns named by `right` are set to the right."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, highlight=False, show_edge=False)
        numbers = frozenset(right)
        for heading in headings:
            table.add_column(heading, justify="right" if heading in numbers else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(str(cell)) for cell in row))
        self._indented(table)

    @contextmanager
    def progress(self, total: int) -> Iterator[Progress]:
        """A bar that disappears when it is done; nothing where no terminal shows it."""
        columns = (TextColumn("   {task.description}"), BarColumn(), TextColumn("{task.completed:,}"))
        with Progress(
            *columns, console=self._console, transient=True, disable=not self._console.is_terminal
        ) as progress:
            progress.add_task("", total=total)
            yield progress

    def _indented(self, what: Text | Table) -> None:
        self._print(Padding(what, (0, 0, 0, _INDENT), expand=False))

    def _print(self, what: Text | Padding) -> None:
        self._console.print(what, width=self._width, markup=False, highlight=False)
