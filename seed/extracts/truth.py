"""What is true about each row of an extract: the file beside it, for those who score matching and cleaning."""

from collections.abc import Mapping
from pathlib import Path

from seed.extracts.dirt import Entered
from seed.extracts.files import LIST_SEPARATOR

COLUMNS: Mapping[str, str] = {
    "row": "integer",
    "number": "text",
    "clerk": "integer",
    "batch": "integer",
    "errors": "list",
}


def truth_path(out: Path) -> Path:
    """`NAME.truth.csv` for `NAME.csv`, likewise for Parquet."""
    return out.with_name(f"{out.stem}.truth{out.suffix}")


def truth_line(row: int, number: str, entered: Entered) -> tuple[object, ...]:
    """One line: the row of the extract from 1, whose it is by personal number, who entered it, what went wrong."""
    return row, number, entered.clerk, entered.batch + 1, LIST_SEPARATOR.join(entered.errors)
