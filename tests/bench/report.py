"""Turns results into a text for people, var/bench.json for programs, and a dated table in docs/benchmarks.md."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.bench.rows import (
    EXPECTED,
    IN_FLIGHT,
    METHOD_FIGURES,
    WORKERS,
    Results,
    Row,
    method_places,
    method_row,
)

MARK = "<!-- newest first; written by `python -m tests.bench --record` -->\n"


def machine(people: int, seed: int, seconds: float) -> str:
    """What the figures depend on, in one line."""
    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, check=False
    ).stdout.decode()
    parts = (
        f"{os.cpu_count()} cores {model[1] if model else platform.machine()}",
        f"{memory:.0f} GB",
        f"Python {platform.python_version()}",
        f"grpcio {version('grpcio')}",
        f"protobuf {version('protobuf')}",
        f"{people:,} people from seed {seed}",
        f"runs of {seconds:g} s",
        f"commit {commit.strip() or 'unknown'}",
    )
    return ", ".join(parts)


def as_text(results: Results, machine: str, seconds: float) -> str:
    """The report for people."""
    lines = [f"popgate bench, {machine}, {seconds:.0f} s in all", ""]
    lines += _unary(results)
    lines += _methods(results)
    lines.append(f"{'row':28} {'median':>10} {'smallest':>10} {'largest':>10} {'runs':>4} {'unit':8} {'budget':>12}")
    for row in _others(results):
        lines.append(
            f"{row.name:28} {_figure(row.value):>10} {_figure(row.spread[0]):>10} {_figure(row.spread[1]):>10} "
            f"{row.runs:>4} {row.unit:8} {_budget(row):>12} {row.note}"
        )
    return "\n".join(lines)


def write_json(results: Results, path: Path) -> None:
    """All rows for programs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results.as_json(), indent=1) + "\n")


def record(results: Results, machine: str, path: Path) -> None:
    """Put a dated table behind the mark of the page. Raises ValueError when the page has no mark."""
    page = path.read_text()
    before, mark, after = page.partition(MARK)
    if not mark:
        raise ValueError(f"{path} has no place for a table")
    date = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines = [
        f"\n### {date}\n",
        f"{machine[0].upper()}{machine[1:]}.\n",
        "```",
        *_unary(results),
        *_methods(results)[:-1],
        "```\n",
    ]
    lines += [
        "| row | median | smallest to largest | runs | unit | budget | note |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in _others(results):
        spread = f"{_figure(row.spread[0])} to {_figure(row.spread[1])}"
        text = EXPECTED[row.name].text + (f"; {row.note}" if row.note else "")
        cells = (row.name, _figure(row.value), spread, str(row.runs), row.unit, _budget(row), text)
        lines.append("| " + " | ".join(cells) + " |")
    path.write_text(before + mark + "\n".join(lines) + "\n" + after)


def _unary(results: Results) -> list[str]:
    """The unary cells as one table; an empty line ends it."""
    columns = (
        ("share", "unary_share_"),
        ("budget", ""),
        ("plain", "unary_share_plain_"),
        ("look-up/s", "unary_calls_"),
        ("echo/s", "unary_echo_calls_"),
        ("CPU us", "unary_server_cpu_"),
        ("echo us", "unary_echo_cpu_"),
        ("p50 ms", "unary_p50_"),
        ("p99 ms", "unary_p99_"),
    )
    lines = ["workers  in flight  share (range)      " + " ".join(f"{title:>9}" for title, _ in columns[1:])]
    for workers in WORKERS:
        for in_flight in IN_FLIGHT:
            place = f"{workers}w_{in_flight}"
            share = results.rows.get(f"unary_share_{place}")
            if share is None:
                continue
            cells = [
                _budget(share) if not prefix else _figure(results.rows[prefix + place].value)
                for _, prefix in columns[1:]
            ]
            ranged = f"{share.value:.2f} ({share.spread[0]:.2f}-{share.spread[1]:.2f})"
            lines.append(f"{workers:>7}  {in_flight:>9}  {ranged:17}" + " ".join(f"{cell:>9}" for cell in cells))
    return [*lines, ""]


def _methods(results: Results) -> list[str]:
    """The other methods as one table, people asked about a second; an empty line ends it."""
    titles = ("of batches", "people/s", "budget", "echo/s", "server us", "client us", "p50 ms", "p99 ms")
    lines = [
        f"{'method':20} {'database':10} {'workers':>7}  share (range)      " + " ".join(f"{t:>14}" for t in titles)
    ]
    for name, database, workers in method_places():
        place = method_row(name, database, workers)
        if f"share_{place}" not in results.rows:
            continue
        share, rate, *rest = (results.rows[f"{figure}_{place}"] for figure in METHOD_FIGURES)
        batches = results.rows.get(f"batch_share_{place}")
        cells = ["-" if batches is None else f"{batches.value:.2f} {_budget(batches)}", _figure(rate.value)]
        cells += [_budget(rate), *(_figure(row.value) for row in rest)]
        ranged = f"{share.value:.2f} ({share.spread[0]:.2f}-{share.spread[1]:.2f})"
        where = f"{name:20} {database:10} {workers:>7}  {ranged:17}"
        lines.append(f"{where} " + " ".join(f"{cell:>14}" for cell in cells))
    return [*lines, ""]


def _others(results: Results) -> list[Row]:
    in_table = tuple(f"{workers}w_{in_flight}" for workers in WORKERS for in_flight in IN_FLIGHT)
    in_table += tuple(method_row(*place) for place in method_places())
    return [row for row in results.rows.values() if not row.name.endswith(in_table)]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _budget(row: Row) -> str:
    if row.budget is None:
        return "-"
    verdict = {True: "ok", False: "MISSED", None: "?"}[row.within]
    return f"{_figure(row.budget)} {verdict}"
