"""A bar on the terminal: how far, how fast, how long still."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from gateway.cli.volume.reading import Table


class Progress:
    """Shows one run on stderr while it lasts."""

    def __init__(self, table: Table, place: int) -> None:
        """`place`: where in the table the run begins or goes on."""
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[said]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=Console(stderr=True),
            speed_estimate_period=60.0,
        )
        self._task = self._bar.add_task(table.path.name, total=max(1, table.end), completed=place, said="")
        self._begun = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, _k: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self._bar.stop()

    def show(self, place: int, rows: int, answered: int) -> None:
        """`rows` are in the output, `answered` of them since this process began."""
        rate = answered / max(0.001, time.monotonic() - self._begun)
        self._bar.update(self._task, completed=place, said=f"{rows:,} rows, {rate:,.0f}/s")
