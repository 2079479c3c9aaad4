"""Writes the extract of one agency and the truth beside it, window by window: memory does not grow with the people."""

import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from seed.errors import ExportRefused
from seed.extracts.agencies import Extract
from seed.extracts.dirt import DIRT_SHARE_MAX, Office
from seed.extracts.files import TableFile, require_free
from seed.extracts.records import last_person, read_records
from seed.extracts.truth import COLUMNS, truth_line, truth_path
from seed.plan import SEED_MAX


@dataclass(frozen=True, slots=True)
class Exported:
    """How many rows were written, how many of them are wrong, and how often each error was made."""

    rows: int
    wrong: int
    errors: Counter[str]


def export(
    engine: Engine, extract: Extract, out: Path, *, dirt: float, seed: int, progress: Callable[[int, int], None]
) -> Exported:
    """Write the extract to `out` and its truth beside it; neither exists before both are whole.

    `dirt` is the share of rows with an error, 0 to `DIRT_SHARE_MAX`. The same population, agency, `dirt` and `seed`
    give the same files, and the same rows whatever `dirt` is. `progress` gets people done and people in all. Raises
    `ExportRefused` and `RegistryError`, then no file of this export is left.
    """
    if not 0 <= dirt <= DIRT_SHARE_MAX:
        raise ExportRefused(f"the share of dirt must be from 0 to {DIRT_SHARE_MAX}")
    if not 0 <= seed <= SEED_MAX:
        raise ExportRefused(f"the seed must be from 0 to {SEED_MAX}")
    truth = truth_path(out)
    require_free(out)
    require_free(truth)
    people = last_person(engine)
    own_seed = (seed, zlib.crc32(extract.code.encode()))  # agencies do not make the same mistakes
    office = Office(extract, people=people, share=dirt, seed=own_seed)
    files: list[TableFile] = []
    try:
        files.append(TableFile(out, dict.fromkeys(extract.columns, "text")))
        files.append(TableFile(truth, COLUMNS))
        exported = _write(engine, extract, office, files, own_seed, lambda done: progress(done, people))
        for file in files:
            file.finish()
        for file in reversed(files):  # the truth first: an extract without it would look clean
            file.publish()
    except BaseException:
        for file in files:
            file.discard()
        raise
    return exported


def _write(
    engine: Engine,
    extract: Extract,
    office: Office,
    files: list[TableFile],
    seed: tuple[int, int],
    progress: Callable[[int], None],
) -> Exported:
    rows, wrong, errors = 0, 0, Counter[str]()
    for done, records in read_records(engine, extract.scope, seed=seed):
        entered = list(office.enter(records))
        files[0].add([each.line for each in entered])
        numbered = zip(range(rows + 1, rows + len(entered) + 1), records, entered, strict=True)
        files[1].add([truth_line(row, record.of, each) for row, record, each in numbered])
        rows += len(entered)
        wrong += sum(bool(each.errors) for each in entered)
        errors.update(error for each in entered for error in each.errors)
        progress(done)
    return Exported(rows, wrong, errors)
